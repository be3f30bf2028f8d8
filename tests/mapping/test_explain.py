"""What is told of a rule is what it did: the values of production, and a reason wherever there is none."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interface.cli.message_file import messages_in
from interface.errors import InterfaceError
from interface.hl7.parser import parse
from interface.ledger.noun import Identifier
from interface.ledger.reading import Filtered, Reading
from interface.mapping.scope import UNSAID
from interface.simulate.traffic import morning
from tests.mapping.explained import of_site, rule, telling
from tests.mapping.sample import A04, A40, ARRIVED, DFT, NORTH, listing, shipped, table, wire, with_field

ANY_TRAFFIC = replace(NORTH, production=False)


def produced(raw: bytes) -> Reading | Filtered | InterfaceError:
    """What production makes of a message."""
    try:
        return shipped().mappings["epic"].read(parse(raw), ANY_TRAFFIC, ARRIVED)
    except InterfaceError as failure:
        return failure


def told(raw: bytes) -> Reading | Filtered | InterfaceError:
    return telling().explain(parse(raw), ANY_TRAFFIC, ARRIVED).outcome


def comparable(outcome: Any) -> Any:
    return (type(outcome), str(outcome)) if isinstance(outcome, InterfaceError) else outcome


def said(reading: Reading) -> dict[str, Any]:
    """The values of a reading that rules give as they are, by the rule's target and group."""
    found = {}
    for section in ("patient", "account", "encounter"):
        noun = getattr(reading, section)
        for values in noun.groups.values() if noun else ():
            found |= {(f"{section}.{name}", ""): value for name, value in values.items() if name != "coverages"}
    for number, guarantor in enumerate(reading.guarantors, start=1):
        for values in guarantor.groups.values():
            found |= {(f"guarantors.{name}", f"GT1[{number}]"): value for name, value in values.items()}
    coverages = reading.account.groups.get("coverages", {}).get("coverages", []) if reading.account else []
    for number, row in enumerate(coverages, start=1):
        found |= {(f"account.coverages.{name}", f"IN1[{number}]"): value for name, value in row.items()}
    return found


def test_every_value_of_a_mornings_traffic_is_told_as_it_is_read() -> None:
    compared = 0
    for sent in morning(24, 15):
        explanation = telling().explain(parse(sent.content), ANY_TRAFFIC, ARRIVED)
        assert comparable(explanation.outcome) == comparable(produced(sent.content))
        if isinstance(explanation.outcome, Reading):
            values = {(one.target, one.group): one.value for one in explanation.rules}
            wanted = said(explanation.outcome)
            assert {key: values[key] for key in wanted} == wanted
            compared += len(wanted)
    assert compared > 500


@pytest.mark.proof
def test_every_message_of_the_corpus_is_told_as_production_reads_it(corpus: Path) -> None:
    seen = 0
    for path in sorted(corpus.rglob("*.hl7")):
        for raw in messages_in(path.read_bytes()):
            try:
                parse(raw)
            except InterfaceError:
                continue
            explanation = telling().explain(parse(raw), ANY_TRAFFIC, ARRIVED)
            assert comparable(explanation.outcome) == comparable(produced(raw)), path
            assert [one.target for one in explanation.rules if one.value is UNSAID and not one.why] == [], path
            seen += 1
    assert seen > 1000


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["PID-3", "PID-5", "PID-7", "PID-13", "PV1-2", "PV1-19", "GT1-2", "IN1-22"]),
    st.text('AN^~&"\\1 9', max_size=12),
)
def test_any_field_is_told_as_it_is_read(place: str, text: str) -> None:
    raw = wire(with_field(A04, place, text))
    assert comparable(told(raw)) == comparable(produced(raw))


@pytest.mark.parametrize("text", [A04, A40, DFT])
def test_every_rule_of_the_file_is_told_once_for_each_group(text: str) -> None:
    rules = telling().explain(parse(wire(text)), NORTH, ARRIVED).rules
    keys = [(one.target, one.group) for one in rules]
    assert len(keys) == len(set(keys))
    everywhere = {one.target for one in telling().explain(parse(wire(A04)), NORTH, ARRIVED).rules}
    assert {one.target for one in rules} == everywhere


def test_a_rule_is_told_with_its_place_in_the_file_that_holds_it() -> None:
    explanation = telling().explain(parse(wire(A04)), NORTH, ARRIVED)
    own, inherited = rule(explanation, "identifiers.account"), rule(explanation, "patient.family")
    assert (own.mark.file, inherited.mark.file) == ("mappings/epic.yaml", "mappings/hl7v2.yaml")
    lines = shipped().files[inherited.mark.file].splitlines()
    assert lines[inherited.mark.line - 1].strip() == f"family: {inherited.rule}"


def test_the_entry_of_the_event_is_told() -> None:
    event = telling().explain(parse(wire(A04)), NORTH, ARRIVED).event
    assert event is not None
    assert (event.target, event.rule) == ("events.ADT^A04", "register")


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ({}, [("EVN-2", True, ""), ("MSH-7", False, "not needed")]),
        (
            {"EVN-6": "20250304100000"},
            [("EVN-6", True, ""), ("EVN-2", False, "not needed"), ("MSH-7", False, "not needed")],
        ),
        (
            {"EVN-2": "", "MSH-7": "0000"},
            [("MSH-7", False, "zeros"), ("arrival", False, "no field says when it happened")],
        ),
    ],
)
def test_the_field_that_says_when_it_happened_is_told(edits: dict[str, str], told: list[tuple[str, bool, str]]) -> None:
    text = A04
    for place, value in edits.items():
        text = with_field(text, place, value)
    explanation = telling().explain(parse(wire(text)), NORTH, ARRIVED)
    assert [(line.what, line.gave is not UNSAID, line.note) for line in explanation.event_time] == told
    assert isinstance(explanation.outcome, Reading)
    assert {line.gave for line in explanation.event_time} <= {UNSAID, explanation.outcome.event_at}


# ------------------------------------------------------------ why nothing


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("PV2-3", "the message has no PV2"),
        ("PID-6", "PID-6 is empty"),
        ("PID-39", "PID-39 is empty"),
        ("PID-5.4", "PID-5.4 is empty"),
        ("PID-3[3].1", "PID-3 has 2 repetitions"),
        ("PID-3[only].1", "PID-3 has several repetitions, and [only] takes a lone one"),
        ("PID-3[.5 = 'XX'].1", "none of the 2 repetitions of PID-3 fits [.5 = 'XX']"),
        ("PID-8[.1 = 'M']", "PID-8 does not fit [.1 = 'M']"),
        ("PID-6 ?? PID-39", "PID-6 is empty; PID-39 is empty"),
        ("PID-5.1 if PID-8 = 'M'", "the condition does not hold: PID-8 is 'F'"),
        ("PID-5.1 if PID-6", "the condition does not hold: PID-6 is empty"),
        ("PID-5.1 | digits", "`digits` makes nothing of it"),
        ("PID-8 | table(codes)", "`table(codes)` makes nothing of it (mappings/tables/codes.csv:2)"),
        ("PID-6 | table(codes)", "PID-6 is empty"),
    ],
)
def test_a_rule_that_gives_nothing_says_why(written: str, why: str) -> None:
    tables = {"codes": table("codes", "in,out,note\nF,,\n*,<keep>,\n")}
    explanation = of_site(
        f"identifiers: {{patient: \"PID-3[.5 = 'MR']\"}}\npatient:\n  family: {written}\n", A08, tables=tables
    )
    assert rule(explanation, "patient.family").value is UNSAID
    assert rule(explanation, "patient.family").why == why


A08 = with_field(A04, "MSH-9", "ADT^A08")
PATIENT = "identifiers: {patient: \"PID-3[.5 = 'MR']\"}\n"


def test_a_value_that_cannot_be_read_names_the_warning() -> None:
    explanation = of_site(PATIENT + "patient:\n  birth_date: PID-7 | date\n", with_field(A08, "PID-7", "19AB"))
    assert rule(explanation, "patient.birth_date").why == "`date` cannot read it: date-unreadable PID-7"


def test_a_cleared_value_names_what_cleared_it() -> None:
    explanation = of_site(PATIENT + "patient:\n  family: PID-5.1\n", with_field(A08, "PID-5", '""'))
    found = rule(explanation, "patient.family")
    assert (found.value, found.why) == (None, 'PID-5 is `""`')


def test_null_that_counts_as_empty_is_said() -> None:
    context = replace(NORTH, null_is_empty=True)
    explanation = of_site(PATIENT + "patient:\n  family: PID-5.1\n", with_field(A08, "PID-5", '""'), context)
    assert rule(explanation, "patient.family").why == 'PID-5 is `""`, which counts as empty on this channel'


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("transactions.kind", "the message has no FT1"),
        ("identities.patient", "an event that means `register` has no use for it"),
        ("encounter.class", "identifiers.visit gives nothing, and without it there is no encounter"),
    ],
)
def test_a_rule_that_did_not_run_says_why(target: str, why: str) -> None:
    text = with_field(A04, "PV1-2", "N")
    assert rule(telling().explain(parse(wire(text)), NORTH, ARRIVED), target).why == why


def test_a_section_whose_condition_does_not_hold_says_so() -> None:
    rules = "identifiers:\n  patient: PID-3[1]\n  visit: PV1-19\nencounter:\n  when: PV1-2 = 'N'\n  location: PV1-3.1\n"
    explanation = of_site(rules, A08)
    assert rule(explanation, "encounter.when").why == "PV1-2 is 'O'"
    assert rule(explanation, "encounter.location").why == "encounter.when does not hold: PV1-2 is 'O'"


# ------------------------------------------------------------ what each part did


def fates(explanation: Any, target: str) -> list[str]:
    return [line.note for line in rule(explanation, target).lines if line.depth]


def test_the_choice_among_repetitions_is_told_for_each() -> None:
    explanation = of_site(PATIENT + "patient:\n  family: PID-3[.5 = 'MR'].1\n  given: PID-3[.5 = 'PI'].1\n", A08)
    assert fates(explanation, "patient.family") == ["taken: .5 is 'MR'", "not looked at: the first that fits is taken"]
    assert fates(explanation, "patient.given") == ["no: .5 is 'MR'", "taken: .5 is 'PI'"]


def test_without_a_choice_the_first_repetition_is_read() -> None:
    explanation = of_site(PATIENT + "patient:\n  family: PID-3.1\n", A08)
    assert fates(explanation, "patient.family") == ["taken", "not read: the rule reads repetition 1"]


def test_an_expired_identifier_is_told_as_that() -> None:
    text = with_field(A08, "PID-3", "1^^^NORTH^MR^^20200101^20210101~2^^^NORTH^MR")
    explanation = of_site(PATIENT, text)
    assert fates(explanation, "identifiers.patient") == ["expired (CX-8)", "taken"]
    assert rule(explanation, "identifiers.patient").value == Identifier("north", "MR", "2")


def test_several_identifiers_that_fit_stop_the_message() -> None:
    explanation = of_site(PATIENT, with_field(A08, "PID-3", "1^^^NORTH^MR~2^^^NORTH^MR"))
    (found,) = explanation.to_blame()
    assert found.target == "identifiers.patient"
    assert fates(explanation, "identifiers.patient") == ["it fits, as others do", "it fits, as others do"]


def test_a_code_that_is_refused_names_the_row_to_add() -> None:
    tables = {"kinds": replace(listing(CG="charge"), lines={"CG": 2, "*": 3})}
    rules = PATIENT + "transactions:\n  each: FT1\n  kind: FT1-6 | table(kinds)\n  amount: FT1-11 | money\n"
    (found,) = of_site(rules, DFT, tables=tables).to_blame()
    assert (found.target, found.group) == ("transactions.kind", "FT1[2]")
    assert found.lines[-1].note == (
        "not listed, and the row * at mappings/tables/listing.csv:3 refuses it; add a row `PY,` with one of charge"
    )


def test_each_step_of_a_pipe_is_told() -> None:
    explanation = of_site(PATIENT + "patient:\n  family: PID-5.1 | lower | left(3)\n", A08)
    lines = [(line.what, line.sent, line.gave) for line in rule(explanation, "patient.family").lines]
    assert lines == [
        ("PID-5.1", "TESTER^MARIA^Q", "TESTER"),
        ("| lower", "", "tester"),
        ("| left(3)", "", "tes"),
    ]


def test_the_row_of_a_table_is_told_by_file_and_line() -> None:
    found = rule(telling().explain(parse(wire(A04)), NORTH, ARRIVED), "patient.sex")
    line = int(found.lines[-1].note.rpartition(":")[2])
    assert shipped().files["mappings/tables/sex.csv"].splitlines()[line - 1].startswith("F,F")


def test_a_patient_that_nothing_identifies_is_the_fault_of_its_rule() -> None:
    (found,) = of_site(PATIENT, with_field(A08, "PID-3", "1^^^NORTH^XX")).to_blame()
    assert found.why == "PID-3 does not fit [.5 = 'MR']"
