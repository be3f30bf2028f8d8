import pytest

from interface.hl7.datatype import CX, HD, PL, XAD, XPN, XTN, Coded, mod10, mod11
from interface.hl7.parser import parse
from interface.hl7.segment import Element
from tests.hl7.sample import ADT_A01

MESSAGE = parse(ADT_A01)


def element(path: str) -> Element:
    found = MESSAGE.element(path)
    assert found is not None
    return found


def test_an_identifier_keeps_its_authority_and_type() -> None:
    assert CX.read(element("PID-3")) == CX(
        "7700123", authority=HD("NORTH", "2.16.840.1.113883.3.9999.1", "ISO"), type_code="MR"
    )


@pytest.mark.parametrize(("er7", "id"), [(" 007 7 ", "007 7"), ("aB1", "aB1"), ("123", "123"), ("", "")])
def test_outer_blanks_go_and_leading_zeros_case_and_inner_blanks_stay(er7: str, id: str) -> None:  # noqa: A002  # the field's name
    assert CX.read(Element(er7)).id == id


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (HD("NORTH", "1.2", "ISO"), HD("RENAMED", "1.2", "ISO"), True),
        (HD("NORTH", "1.2", "ISO"), HD("NORTH", "1.3", "ISO"), False),
        (HD("North"), HD("NORTH", "1.2"), True),
        (HD("NORTH"), HD("SOUTH"), False),
        (HD(), HD(), False),
    ],
)
def test_authorities_compare_by_universal_id_then_namespace(one: HD, other: HD, is_same: bool) -> None:
    assert one.is_same(other) is is_same


def test_an_authority_without_name_or_id_is_none() -> None:
    assert not HD()
    assert HD("N")


@pytest.mark.parametrize(
    ("er7", "is_valid"),
    [
        ("12345^5^M10", True),
        ("12345^4^M10", False),
        ("1234567^4^M11", True),
        ("12345^5", None),
        ("12345^5^NPI", None),
        ("A1^5^M10", None),
    ],
)
def test_a_check_digit_is_judged_only_by_the_scheme_named(er7: str, is_valid: bool | None) -> None:
    assert CX.read(Element(er7)).has_valid_check_digit is is_valid


def test_check_digits() -> None:
    assert mod10("12345") == "5"
    assert mod10("7992739871") == "3"
    assert mod11("1234567") == "4"


def test_a_name_is_read() -> None:
    assert XPN.read(Element("VAN DYKE&VAN&DYKE^ANN^B^JR^DR^MD^L")) == XPN("VAN DYKE", "ANN", "B", "JR", "DR", "MD", "L")


@pytest.mark.parametrize(
    ("er7", "number", "mail"),
    [
        ("^PRN^CP^^1^608^5550101", "1-608-5550101", ""),
        ("(608)555-0101", "(608)555-0101", ""),
        ("^PRN^CP^^^^^^^^^+16085550101", "+16085550101", ""),
        ("^NET^Internet^maria@example.org", "", "maria@example.org"),
        ("maria@example.org^NET", "maria@example.org", "maria@example.org"),
    ],
)
def test_a_number_is_read_in_the_forms_of_every_version(er7: str, number: str, mail: str) -> None:
    phone = XTN.read(Element(er7))
    assert (phone.number, phone.mail) == (number, mail)


def test_location_address_and_code_are_read() -> None:
    assert PL.read(element("PV1-3")) == PL("4EAST", "412", "A", HD("NORTH"))
    assert XAD.read(element("PID-11")) == XAD("12 ELM ST", "", "MADISON", "WI", "53703", "USA")
    assert Coded.read(Element("VISA^Visa card^HP24")) == Coded("VISA", "Visa card", "HP24")
