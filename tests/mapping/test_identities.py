"""What events about identities say: merges, moves, new numbers, links and closed accounts, out of PID, MRG and PV1."""

import pytest

from interface.ledger.noun import Identifier, Noun
from interface.ledger.reading import AccountNamed, Filtered, Meaning, Merge, Move, Renumber
from interface.mapping.scope import UnfitMessageError
from tests.mapping.sample import NORTH, as_event, read, shipped, understand

HEAD = "MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|20250304101500-0600||{event}|N000130|P|2.5.1\nEVN||20250304101455-0600\n"
PID = "PID|{n}||{mrn}^^^NORTH^MR||TESTER^MARIA|||||||||||||{account}^^^NORTH^AN"
MRG = "MRG|{mrn}^^^NORTH^MR||{account}^^^NORTH^AN||{visit}^^^NORTH^VN|{alternate}^^^NORTH^VN"


def pid(mrn: str, account: str = "", n: int = 1) -> str:
    return PID.format(n=n, mrn=mrn, account=account)


def mrg(mrn: str, account: str = "", visit: str = "", alternate: str = "") -> str:
    return MRG.format(mrn=mrn, account=account, visit=visit, alternate=alternate)


def pv1(visit: str, alternate: str = "") -> str:
    return f"PV1|1|O|||||||||||||||||{visit}^^^NORTH^VN" + "|" * 31 + f"{alternate}^^^NORTH^VN"


def message(event: str, *segments: str) -> str:
    return HEAD.format(event=event) + "\n".join(segments)


def mr(value: str) -> Identifier:
    return Identifier("north", "MR", value)


def an(value: str) -> Identifier:
    return Identifier("north", "AN", value)


def vn(value: str) -> Identifier:
    return Identifier("north", "VN", value)


@pytest.mark.parametrize("event", ["ADT^A40", "ADT^A34"])
def test_patients_are_merged_by_mrg_1(event: str) -> None:
    reading = read(message(event, pid("71"), mrg("72", "92")))
    assert reading.merges == (Merge(mr("71"), mr("72")),)
    assert reading.account is None


@pytest.mark.parametrize("event", ["ADT^A41", "ADT^A35"])
def test_accounts_are_merged_by_mrg_3_and_belong_to_the_patient_beside_them(event: str) -> None:
    reading = read(message(event, pid("71", "91"), mrg("71", "92"), pid("73", "93", 2), mrg("73", "94")))
    assert reading.merges == (
        Merge(an("91"), an("92"), Noun.ACCOUNT, mr("71")),
        Merge(an("93"), an("94"), Noun.ACCOUNT, mr("73")),
    )


def test_visits_are_merged_by_mrg_5() -> None:
    reading = read(message("ADT^A42", pid("71", "91"), mrg("71", "91", "52"), pv1("51")))
    assert reading.merges == (Merge(vn("51"), vn("52"), Noun.ENCOUNTER, mr("71")),)
    assert reading.encounter is not None and reading.encounter.ids == (vn("51"),)


@pytest.mark.parametrize("event", ["ADT^A18", "ADT^A30", "ADT^A36"])
@pytest.mark.parametrize(
    ("prior", "merged"),
    [
        (mrg("72"), [(Noun.PATIENT, "71", "72")]),
        (mrg("71", "92"), [(Noun.ACCOUNT, "91", "92")]),
        (mrg("72", "92"), [(Noun.PATIENT, "71", "72"), (Noun.ACCOUNT, "91", "92")]),
        (mrg("71", "91"), []),
    ],
)
def test_old_merges_tell_what_was_merged_by_what_differs(
    event: str, prior: str, merged: list[tuple[Noun, str, str]]
) -> None:
    reading = read(message(event, pid("71", "91"), prior))
    assert [(one.noun, one.survivor.value, one.retired.value) for one in reading.merges] == merged


def test_an_old_merge_without_any_prior_number_is_refused() -> None:
    with pytest.raises(UnfitMessageError) as refused:
        read(message("ADT^A36", pid("71", "91"), "MRG|"))
    assert (refused.value.code, refused.value.place) == ("merge-incomplete", "MRG-1")


def test_an_account_moves_to_the_patient_of_pid() -> None:
    reading = read(message("ADT^A44", pid("71", "91"), mrg("72", "91")))
    assert reading.moves == (Move(Noun.ACCOUNT, an("91"), mr("71"), mr("72")),)
    assert (reading.renumbers, reading.account) == ((), None)


def test_each_visit_of_a_move_is_read_with_its_own_mrg() -> None:
    reading = read(message("ADT^A45", pid("71", "91"), mrg("71", "92"), pv1("51"), mrg("73", "93"), pv1("52")))
    assert reading.moves == (
        Move(Noun.ENCOUNTER, vn("51"), an("91"), an("92"), mr("71"), mr("71")),
        Move(Noun.ENCOUNTER, vn("52"), an("91"), an("93"), mr("71"), mr("73")),
    )


def test_a_patient_moved_to_another_person_keeps_its_number() -> None:
    assert read(message("ADT^A43", pid("71"), mrg("71"))).moves == (Move(Noun.PATIENT, mr("71"), mr("71")),)


@pytest.mark.parametrize(
    ("event", "change"),
    [
        ("ADT^A47", Renumber(Noun.PATIENT, mr("71"), mr("72"))),
        ("ADT^A49", Renumber(Noun.ACCOUNT, an("91"), an("92"), mr("71"))),
        ("ADT^A50", Renumber(Noun.ENCOUNTER, vn("51"), vn("52"), mr("71"))),
        ("ADT^A51", Renumber(Noun.ENCOUNTER, vn("61"), vn("62"), mr("71"))),
    ],
)
def test_a_new_number_is_read_beside_the_one_that_was(event: str, change: Renumber) -> None:
    text = message(event, pid("71", "91"), mrg("72", "92", "52", "62"), pv1("51", "61"))
    assert read(text, NORTH, shipped().mappings["hl7v2"]).renumbers == (change,)


def test_a_visit_is_read_with_its_alternate_number_but_for_one_that_is_its_own() -> None:
    plain = shipped().mappings["hl7v2"]
    for alternate, aliases in (("61", (vn("61"),)), ("51", ()), ("", ())):
        reading = read(message("ADT^A04", pid("71", "91"), pv1("51", alternate)), NORTH, plain)
        assert reading.encounter is not None
        assert (reading.encounter.ids, reading.encounter.aliases) == ((vn("51"),), aliases)


def test_an_alternate_number_that_is_cleared_is_left_out_with_a_warning() -> None:
    text = message("ADT^A04", pid("71", "91"), "PV1|1|O|||||||||||||||||51^^^NORTH^VN" + "|" * 31 + '""')
    reading = read(text, NORTH, shipped().mappings["hl7v2"])
    assert reading.encounter is not None and reading.encounter.aliases == ()
    assert reading.warnings == ("alternate-number-unread PV1-50",)


@pytest.mark.parametrize("event", ["ADT^A06", "ADT^A07"])
def test_a_class_change_may_bring_new_numbers(event: str) -> None:
    reading = read(message(event, pid("71", "91"), mrg("71", "92", "52"), pv1("51")))
    assert reading.meaning is Meaning.CHANGE_CLASS
    assert reading.renumbers == (
        Renumber(Noun.ACCOUNT, an("91"), an("92"), mr("71")),
        Renumber(Noun.ENCOUNTER, vn("51"), vn("52"), mr("71")),
    )


def test_a_class_change_without_mrg_changes_no_number() -> None:
    assert read(message("ADT^A06", pid("71", "91"), pv1("51"))).renumbers == ()


@pytest.mark.parametrize(
    ("event", "meaning"), [("ADT^A24", Meaning.LINK_PATIENTS), ("ADT^A37", Meaning.UNLINK_PATIENTS)]
)
def test_linked_patients_stand_in_two_pids(event: str, meaning: Meaning) -> None:
    reading = read(message(event, pid("71"), pid("72", n=2)))
    assert (reading.meaning, reading.linked) == (meaning, (mr("71"), mr("72")))


def test_merged_persons_are_linked_patients() -> None:
    assert read(message("ADT^A39", pid("71"), mrg("72"))).linked == (mr("71"), mr("72"))


def test_a_link_of_one_patient_is_refused() -> None:
    with pytest.raises(UnfitMessageError) as refused:
        read(message("ADT^A24", pid("71")))
    assert refused.value.code == "link-incomplete"


@pytest.mark.parametrize(("event", "meaning"), [("BAR^P02", Meaning.PURGE_ACCOUNT), ("BAR^P06", Meaning.END_ACCOUNT)])
def test_every_account_of_a_closing_message_is_read(event: str, meaning: Meaning) -> None:
    reading = read(message(event, pid("71", "91"), pv1("51"), pid("72", "92", 2)))
    assert reading.meaning is meaning
    assert reading.closed == (AccountNamed(an("91"), mr("71")), AccountNamed(an("92"), mr("72")))


@pytest.mark.parametrize(
    ("event", "code", "place"),
    [
        ("ADT^A41", "merge-incomplete", "MRG-3"),
        ("ADT^A42", "merge-incomplete", "MRG-5"),
        ("ADT^A45", "move-incomplete", "PID[1]-18"),
        ("ADT^A49", "renumber-incomplete", "PID[1]-18"),
        ("ADT^A50", "renumber-incomplete", "MRG-5"),
        ("ADT^A51", "renumber-incomplete", "PV1-50"),
    ],
)
def test_what_an_event_cannot_do_without_is_named(event: str, code: str, place: str) -> None:
    account = "91" if event == "ADT^A41" else ""
    with pytest.raises(UnfitMessageError) as refused:
        read(message(event, pid("71", account), mrg("71"), pv1("51")), NORTH, shipped().mappings["hl7v2"])
    assert (refused.value.code, refused.value.hl7_code, refused.value.place) == (code, "101", place)


@pytest.mark.parametrize(
    "event",
    ["A09", "A10", "A14", "A15", "A16", "A17", "A20", "A21", "A22", "A25", "A26", "A27", "A32", "A33", "A46", "A48"],
)
def test_events_that_do_not_change_a_bill_are_ignored_with_a_reason(event: str) -> None:
    found = understand(as_event(message("ADT^A08", pid("71", "91"), pv1("51")), f"ADT^{event}"))
    assert isinstance(found, Filtered)
    assert "event not mapped" not in found.reason
