"""The rules of 45 CFR 164.514(b)(2), and that the same stays the same."""

import re
from datetime import date
from random import Random

import pytest

from interface.deidentify.geography import postal
from interface.deidentify.message import Site, deidentified
from interface.deidentify.replace import Replacements
from interface.hl7.parser import parse_text

SITE = Site(frozenset({"SEL"}), frozenset({"north"}), frozenset())
ADDRESS = "12 ELM STREET^APT 4^MADISON^WI^53703^USA^H^^DANE"
STREET = r"\d\d [A-Z ]+\^UNIT \d+\^[A-Z]+\^WI\^537\^USA\^H"
HEADER = r"MSH|^~\&|EPICADT|NORTH|HP24ENG|HP24|20260304091500-0600||ADT^A04^ADT_A01|N1|P|2.5.1"


def replacements(days: int = 100, originals: frozenset[str] = frozenset()) -> Replacements:
    return Replacements(Random(1).randrange, days, date(2026, 3, 4), originals)


def field(line: str, number: int) -> str:
    """One field of a line once it is de-identified."""
    text = deidentified(parse_text(f"{HEADER}\r{line}"), SITE, replacements())
    fields = text.splitlines()[1].split("|")
    return fields[number] if number < len(fields) else ""


@pytest.mark.parametrize(
    ("written", "kept"),
    [("53703", "537"), ("53703-1234", "537"), ("03601", "000"), ("69201", "000"), ("SW1A 1AA", ""), ("5370", "")],
)
def test_a_zip_code_keeps_three_digits_where_many_people_share_them(written: str, kept: str) -> None:
    assert postal(written) == kept


@pytest.mark.parametrize(
    ("written", "moved"),
    [
        ("20260304", "20251124"),
        ("20260304091500-0600", "20251124091500-0600"),
        ("202603040915", "202511240915"),
        ("20260304091500.1234", "20251124091500.1234"),
        ("202603", "202511"),
        ("2026", "2025"),
        ("00000000", "00000000"),
        ("20261350", "20251350"),
    ],
)
def test_a_date_moves_and_stays_as_exact(written: str, moved: str) -> None:
    assert replacements().time(written) == moved


@pytest.mark.parametrize(
    ("born", "told"),
    [
        ("19360613", "19360305"),
        ("19360612", "19360101"),
        ("19360305", "19360101"),
        ("19100101", "19360101"),
        ("1920", "1936"),
    ],
)
def test_whoever_is_over_89_is_told_as_90(born: str, told: str) -> None:
    assert replacements(days=100).time(born) == told


def test_intervals_stay() -> None:
    made = replacements()
    first, second = (date.fromisoformat(made.time(one)) for one in ("20260228", "20260304"))
    assert (second - first).days == 4


def test_the_same_number_becomes_the_same_number_in_any_field() -> None:
    made = replacements()
    assert made.number("9001001") == made.number("9001001") != made.number("9001002")


def test_a_name_keeps_its_case_and_stays_the_same_person() -> None:
    made = replacements()
    upper, title = made.family("BRANDT"), made.family("Brandt")
    assert upper.isupper()
    assert title == upper.title()


def test_an_invention_holds_no_value_of_the_originals() -> None:
    made = replacements(originals=frozenset({"aldane", "barrow", "cutler", "dalton", "easton", "fenton"}))
    assert made.family("BRANDT").casefold() not in made.originals


def test_digits_stay_digits_and_leading_zeros_stay() -> None:
    shaped = replacements().number("00AB-12c")
    assert (shaped[:2], shaped[4]) == ("00", "-")
    assert shaped[2:4].isupper()
    assert shaped[5:7].isdecimal()
    assert shaped[7].islower()


@pytest.mark.parametrize(
    ("line", "number", "kept"),
    [
        ("PID|1||7001^5^M10^NORTH^MR", 3, r"\d{4}\^\^\^NORTH\^MR"),
        ("PID|1||7001^^^OTHER^ZZ", 3, r"\d{4}\^\^\^[A-Z]{5}\^[A-Z]{2}"),
        ("PID|1||||BRANDT^OLIVIA^K^JR^DR^PHD^L", 5, r"[A-Z]+\^[A-Z]+\^[A-Z]\^JR\^DR\^\^L"),
        (f"PID|1||||||||||{ADDRESS}", 11, STREET),
        ("PID|1|OLD|||||||2106-3", 10, ""),
        ("PID|1|OLD", 2, ""),
        ("FT1|1|C1|||||99213^Office visit^CDM", 7, r"\d{5}"),
        ("FT1|1|C1|||||||||125.00&USD", 11, r"125\.00&USD"),
        ('PID|1||""||""^""', 5, r'""\^""'),
    ],
)  # fmt: skip
def test_what_a_field_keeps(line: str, number: int, kept: str) -> None:
    assert re.fullmatch(kept, field(line, number)), field(line, number)


@pytest.mark.parametrize(
    "line", ["NTE|1||call her at home", "ZPD|1|secret", "OBX|1|TX|||positive", "QQQ|1|x", "NK1|1|DOE^J"]
)
def test_free_text_and_unknown_segments_are_dropped(line: str) -> None:
    text = deidentified(parse_text(f"{HEADER}\r{line}\r"), SITE, replacements())
    assert len(text.splitlines()) == 1


def test_what_the_mapping_reads_beyond_the_list_keeps_its_looks() -> None:
    site = Site(frozenset(), frozenset(), frozenset({"NK1-2", "NTE-3", "ZPD-1"}))
    text = deidentified(parse_text(f"{HEADER}\rNK1|1|DOE^JANE|SPO\rNTE|1||text\rZPD|1\r"), site, replacements())
    (_header, line) = text.splitlines()
    name, number, person = line.split("|")
    assert (name, number) == ("NK1", "")
    assert [len(part) for part in person.split("^")] == [3, 4]
    assert "DOE" not in person
