"""Mapping files of `format: fhir` with something wrong: each is told with its place and what would be right."""

import pytest

from interface.ledger.reading import Meaning
from interface.mapping.table import CodeTable, Miss
from tests.mapping.fhir_sample import HEAD, PATIENT, compiled, mapped, site, updated

LINE = HEAD.count("\n") + 1


@pytest.mark.parametrize(
    ("rules", "line", "column", "rule", "advice"),
    [
        ("patient:\n  family: Patient.nam.family\n", 1, 19, "impossible-path", "did you mean `name`"),
        ("patient:\n  family: name.family\n", 1, 11, "impossible-path", "as Patient.name.family"),
        ("patient:\n  family: PID-5.1\n", 1, 14, "malformed-expression", "this file reads FHIR"),
        ("patient:\n  family: Patient.name\n", 1, 11, "type-mismatch", "`.family`"),
        ("patient:\n  birth_date: Patient.birthDate\n", 1, 15, "type-mismatch", "add `| date`"),
        ("patient:\n  sex: Patient.maritalStatus\n", 1, 8, "type-mismatch", "`.coding.code`"),
        ("patient:\n  sex: Patient.gender | phone\n", 1, 25, "unknown-function", ""),
        ("patient:\n  sex: Patient.gender | table(sx)\n", 1, 25, "missing-table", ""),
        ('patient:\n  sex: "%typ"\n', 1, 9, "unknown-name", "did you mean `type`"),
        ("identifiers:\n  patient: Patient.name\n", 1, 12, "type-mismatch", "Patient.identifier"),
        ("patient:\n  other_ids: Patient.name\n", 1, 14, "type-mismatch", "Patient.identifier"),
        ("balance:\n  amount: Account.extension('u').value | money | date\n", 1, 50, "type-mismatch", ""),
        ("guarantors:\n  each: Account.guaranter\n", 1, 17, "impossible-path", "did you mean `guarantor`"),
        ("guarantors:\n  each: Account.guarantor, Person\n", 1, 28, "impossible-path", "did you mean"),
        ("guarantors:\n  id: Account.identifier\n", 1, 3, "each-missing", "Account.guarantor"),
        (
            "guarantors:\n  each: Account.guarantor\n  id: party\n  family: family\n",
            3,
            11,
            "impossible-path",
            "known here",
        ),
        ("transactions:\n  each: ChargeItem\n", 1, 3, "rule-missing", ""),
        ("patient:\n  when: Patient.activ\n", 1, 17, "impossible-path", "did you mean `active`"),
        ("event_time: Patient.birthDate\n", 0, 13, "type-mismatch", "add `| datetime`"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(rules: str, line: int, column: int, rule: str, advice: str) -> None:
    _, problems = compiled(HEAD + rules)
    found = [(one.line, one.column, one.rule) for one in problems]
    assert (LINE + line, column, rule) in found, problems
    assert any(advice in one.advice for one in problems if one.rule == rule), problems


@pytest.mark.parametrize(
    ("event", "rule", "advice"),
    [
        ("Pateint: update-person", "malformed-event", "did you mean `Patient`"),
        ("Patient patch: update-person", "malformed-event", "create or update or delete"),
        ("Patient: update-persn", "unknown-meaning", "did you mean `update-person`"),
        ("Patient: {ignore: }", "reason-missing", ""),
        ("Patient: \"'update-persn' if Patient.active\"", "value-not-allowed", "did you mean `update-person`"),
        ("Patient: Patient.gender | table(listing)", "value-not-allowed", ""),
        ("Patient: {ignored: why}", "unknown-target", "did you mean `ignore`"),
        ("Patient: Patient.gendr", "impossible-path", "did you mean `gender`"),
    ],
)
def test_what_is_wrong_with_an_event_is_told(event: str, rule: str, advice: str) -> None:
    tables = {"listing": CodeTable("listing", "listing.csv", {"male": "admitted"}, Miss.REFUSE)}
    _, problems = compiled(f"mapping: site\nformat: fhir\nevents:\n  {event}\n", tables)
    assert [one.rule for one in problems if rule == one.rule and advice in one.advice], problems


def test_everything_that_is_wrong_is_told_at_once() -> None:
    _, problems = compiled(HEAD + "patient:\n  family: Patient.nam ?? Patient.name.famly\n  sex: Patient.gendr\n")
    assert len(problems) == 3


def test_an_interaction_of_its_own_comes_before_the_type() -> None:
    rules = "identifiers:\n  patient: Patient.identifier.where(type.coding.code = 'MR')\n"
    mapping, problems = compiled(
        HEAD.replace("Patient: update-person", "Patient: update-person\n  Patient create: add-person") + rules
    )
    assert not problems
    assert mapped(PATIENT, mapping=mapping).meaning is Meaning.ADD_PERSON
    assert updated(PATIENT, "01A", mapping).meaning is Meaning.UPDATE_PERSON


def test_conditions_and_fallbacks_are_the_languages_own() -> None:
    rules = (
        "identifiers:\n  patient: Patient.identifier.where(type.coding.code = 'MR')\n"
        "patient:\n  when: Patient.active != false and not Patient.deceased\n"
        "  family: Patient.name.text ?? Patient.name.family | upper if %type in ('Patient', 'Person')\n"
        "  given: Patient.name.given[1] | left(1)\n"
    )
    reading = mapped(PATIENT, mapping=site(rules))
    assert reading.patient is not None
    assert reading.patient.groups["name"] == {"family": "TESTER", "given": "Q"}
    for elements in ({"active": False}, {"deceasedBoolean": True}):
        silent = mapped({**PATIENT, **elements}, mapping=site(rules))
        assert silent.patient is not None
        assert not silent.patient.groups
