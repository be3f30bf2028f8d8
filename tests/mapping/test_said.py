"""Absent, empty, cleared and unreadable: four different things, kept apart from message to ledger."""

from dataclasses import replace

import pytest

from interface.mapping.scope import UnfitMessageError
from tests.mapping.sample import A04, DFT, NORTH, read, with_field

LENIENT = replace(NORTH, null_is_empty=True)


def patient(text: str, context=NORTH):  # type: ignore[no-untyped-def]  # either group or nothing
    said = read(text, context).patient
    assert said is not None
    return said.groups


@pytest.mark.parametrize("field", ["", "   ", "^^", "&"])
def test_what_is_empty_or_blank_is_not_said(field: str) -> None:
    assert "sex" not in patient(with_field(A04, "PID-8", field))


def test_a_segment_that_ends_early_says_nothing_of_what_follows() -> None:
    short = "\n".join(line if not line.startswith("PID") else "|".join(line.split("|")[:6]) for line in A04.split("\n"))
    groups = patient(short)
    assert set(groups) == {"name", "others"}


def test_null_clears() -> None:
    assert patient(with_field(A04, "PID-8", '""'))["sex"] == {"sex": None}


def test_below_a_cleared_field_everything_is_cleared() -> None:
    names = patient(with_field(A04, "PID-5", '""'))["name"]
    assert names == dict.fromkeys(("family", "given", "middle", "suffix", "prefix"))


def test_null_in_a_component_clears_that_component_alone() -> None:
    assert patient(with_field(A04, "PID-5", 'TESTER^""'))["name"] == {"family": "TESTER", "given": None}


def test_null_clears_dates_and_phones_through_functions() -> None:
    groups = patient(with_field(with_field(A04, "PID-7", '""'), "PID-13", '""'))
    assert (groups["birth"], groups["phone"], groups["email"]) == (
        {"birth_date": None},
        {"phone": None},
        {"email": None},
    )


def test_a_channel_may_say_that_null_means_empty() -> None:
    assert "sex" not in patient(with_field(A04, "PID-8", '""'), LENIENT)


@pytest.mark.parametrize(
    ("text", "place"),
    [(A04, "PID-3"), (A04, "PID-18"), (A04, "PV1-19"), (A04, "PV1-46"), (DFT, "FT1-11"), (A04, "GT1-2")],
)
def test_identifiers_and_amounts_cannot_be_cleared(text: str, place: str) -> None:
    with pytest.raises(UnfitMessageError) as refused:
        read(with_field(text, place, '""'))
    assert (refused.value.code, refused.value.hl7_code) == ("null-refused", "102")


def test_null_in_an_identifier_is_nothing_where_null_means_empty() -> None:
    assert read(with_field(A04, "PID-18", '""'), LENIENT).account is None


def test_a_date_that_cannot_be_read_is_a_warning_and_not_said() -> None:
    reading = read(with_field(A04, "PID-7", "800212"))
    assert reading.patient is not None and "birth" not in reading.patient.groups
    assert "date-unreadable PID-7" in reading.warnings


def test_zeros_for_a_date_say_nothing_and_are_no_warning() -> None:
    reading = read(with_field(A04, "PID-7", "00000000"))
    assert reading.patient is not None and "birth" not in reading.patient.groups
    assert reading.warnings == ()


def test_a_date_is_as_exact_as_it_was_sent() -> None:
    assert patient(with_field(A04, "PID-7", "198002"))["birth"] == {"birth_date": "1980-02"}


def test_escapes_are_undone_after_splitting() -> None:
    assert patient(with_field(A04, "PID-5", r"O\T\BRIEN\S\X^M\F\A"))["name"] == {"family": "O&BRIEN^X", "given": "M|A"}


def test_text_in_another_character_set_than_declared_is_a_warning() -> None:
    from interface.hl7.parser import parse
    from interface.ledger.reading import Reading
    from tests.mapping.sample import ARRIVED, shipped, wire

    raw = wire(with_field(A04, "PID-5", "MUELLER^JOSE")).replace(b"JOSE", b"JOS\xe9")
    reading = shipped().mappings["epic"].read(parse(raw), NORTH, ARRIVED)
    assert isinstance(reading, Reading) and reading.patient is not None
    assert reading.patient.groups["name"]["given"] == "JOS\u00e9"
    assert "character-set-differs MSH-18" in reading.warnings


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ((b"^~\\&", b"^~\\&amp;"), "xml-escaped MSH-2"),
        ((b"^~\\&", b"^~&"), "escape-lost MSH-2"),
        ((b"MARIA", "MAR\u00c3\u00a9A".encode()), "encoded-twice MSH-18"),
        ((b"MARIA", "MAR\ufffdA".encode()), "letters-lost MSH-18"),
    ],
)
def test_what_was_read_around_is_told_by_the_name_of_its_rule(change: tuple[bytes, bytes], warning: str) -> None:
    from interface.hl7.parser import parse
    from interface.ledger.reading import Reading
    from tests.mapping.sample import ARRIVED, shipped, wire

    reading = shipped().mappings["epic"].read(parse(wire(A04).replace(*change, 1)), NORTH, ARRIVED)
    assert isinstance(reading, Reading)
    assert reading.warnings == (warning,)
