"""The same person, account or visit comes out the same, however its number is dressed; a doubtful one is never guessed."""

import pytest

from interface.ledger.noun import Identifier
from interface.ledger.reading import Said
from interface.mapping.selection import AmbiguousIdentifierError
from tests.mapping.sample import A04, NORTH, compiled, read, site, table, with_field


def patient_key(field: str) -> Identifier:
    said = read(with_field(A04, "PID-3", field)).patient
    assert said is not None
    return said.ids[0]


@pytest.mark.parametrize(
    "field",
    [
        "77^^^NORTH^MR",
        "77^^^NORTH&2.16.840.1.113883.3.9999.1&ISO^MR",
        "77^^^&2.16.840.1.113883.3.9999.1&ISO^MR",
        "77^^^OLDNAME&2.16.840.1.113883.3.9999.1&ISO^MR",
        "77^^^north^MR",
        "  77  ^^^NORTH^MR",
        "77^^^NORTH^MRN",
        "77^^^^MR",
        "77",
        "77^9^M10^NORTH^MR",
        "E1^^^ENT^PI~77^^^NORTH^MR",
        "88^^^SOUTH^MR~77^^^NORTH^MR",
        "77^^^NORTH^MR~77^^^NORTH^MR",
        '""^^^NORTH^MR~77^^^NORTH^MR',
        "66^^^NORTH^MR^^20200101^20210101~77^^^NORTH^MR",
    ],
)
def test_the_chosen_number_is_the_same_in_every_dress(field: str) -> None:
    assert patient_key(field) == Identifier("north", "MR", "77")


def test_leading_zeros_inner_blanks_and_case_of_a_number_stay() -> None:
    assert patient_key("00 7a^^^NORTH^MR").value == "00 7a"


def test_the_same_number_of_two_authorities_is_two_patients() -> None:
    assert patient_key("77^^^NORTH^MR") != patient_key("77^^^SOUTH^MR")


def test_several_numbers_that_fit_are_not_guessed_among() -> None:
    with pytest.raises(AmbiguousIdentifierError) as ambiguous:
        patient_key("77^^^EAST^MR~88^^^SOUTH^MR")
    assert (ambiguous.value.code, ambiguous.value.place) == ("identifier-ambiguous", "PID-3")


def test_an_account_in_the_fallback_field_is_declared_to_be_one() -> None:
    text = with_field(with_field(A04, "PID-18", ""), "PV1-50", "9001001^^^NORTH^VN")
    account = read(text).account
    assert account is not None and account.ids == (Identifier("north", "AN", "9001001"),)


def test_a_fallback_does_not_cross_types_unless_declared() -> None:
    mapping = site("identifiers:\n  patient: PID-3[only]\n  account: PID-18 ?? PV1-50\n")
    text = with_field(with_field(with_field(A04, "PID-18", ""), "PV1-50", "9001001"), "MSH-9", "ADT^A08")
    account = read(with_field(text, "PID-3", "77"), NORTH, mapping).account
    assert account == Said((Identifier("north", "VN", "9001001"),))


def test_a_choice_may_name_authority_and_type() -> None:
    mapping = site("identifiers: {patient: \"PID-3[.5 in ('MR', 'PI') and .4 = 'ENT']\"}")
    patient = read(with_field(A04, "MSH-9", "ADT^A08"), NORTH, mapping).patient
    assert patient is not None and patient.ids == (Identifier("ent", "PI", "E88001"),)


def test_names_of_authorities_are_read_through_the_table_of_synonyms() -> None:
    renamed = table("authority", "in,out,note\nOLD,NEW,renamed at go-live\n*,<keep>,\n")
    mapping = site("identifiers: {authorities: authority, patient: 'PID-3[only]'}", {"authority": renamed})
    text = with_field(A04, "MSH-9", "ADT^A08")
    old = read(with_field(text, "PID-3", "77^^^OLD^MR"), NORTH, mapping).patient
    new = read(with_field(text, "PID-3", "77^^^NEW^MR"), NORTH, mapping).patient
    assert old is not None and new is not None
    assert old.ids == new.ids


def test_a_choice_may_name_what_an_identifier_is() -> None:
    types = table("identifier_type", "in,out,note\nMRN,MR,\n*,<keep>,\n")
    rules = """
        identifiers:
          types: identifier_type
          patient: PID-3[type = 'MR' and authority in ('North', 'EAST')]
        """
    mapping = site(rules, {"identifier_type": types})
    text = with_field(with_field(A04, "MSH-9", "ADT^A08"), "PID-3", "1^^^WEST^MRN~2^^^east^MRN~3^^^EAST^PI")
    patient = read(text, NORTH, mapping).patient
    assert patient is not None and patient.ids == (Identifier("east", "MR", "2"),)


def test_an_authority_that_a_table_empties_leaves_the_number_to_the_facility() -> None:
    words = table("authority", "in,out,note\nPatient ID,,no authority\n*,<keep>,\n")
    mapping = site("identifiers: {authorities: authority, patient: 'PID-3[only]'}", {"authority": words})
    text = with_field(with_field(A04, "MSH-9", "ADT^A08"), "PID-3", "77^^^Patient ID")
    patient = read(text, NORTH, mapping).patient
    assert patient is not None and patient.ids == (Identifier("north", "MR", "77"),)


def test_what_an_identifier_is_can_be_asked_in_a_choice_only() -> None:
    _mapping, problems = compiled(
        "mapping: site\nevents: {ADT^A08: update}\nidentifiers:\n  patient: PID-3[only]\n"
        "encounter:\n  when: authority = 'NORTH'\n  class: PV1-2\n"
    )
    assert [(one.rule, "belongs into a choice" in one.advice) for one in problems] == [("unknown-name", True)]
