"""How values look: money by its currency, time in two notations, strangers' text harmless, values in one column."""

import io

import pytest
from rich.console import Console

from interface.cli.table import Column, ago, iso, moment, money, plain, table
from interface.cli.tree import message_tree
from interface.hl7.parser import parse

MESSAGE = (
    b"MSH|^~\\&|EPIC|NORTH|HP24|HP24|20260304||ADT^A08|C1|P|2.5.1\r"
    b'PID|1||777^^^NORTH&2.16.840.1.113883.3.9999.1&ISO^MR~E9^^^ENT^PI||Quill\\T\\Co^Orla||""\r'
    b"ZPM|first|second^part\r"
)


def drawn(what: object, width: int = 100) -> list[str]:
    screen = Console(file=io.StringIO(), width=width, highlight=False)
    screen.print(what)
    assert isinstance(screen.file, io.StringIO)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (125000, "USD", "1,250.00 USD"),
        (-5, "USD", "-0.05 USD"),
        (0, "USD", "0.00 USD"),
        (1250, "JPY", "1,250 JPY"),
        (1250, "KWD", "1.250 KWD"),
        (None, "USD", ""),
    ],
)
def test_money_is_written_as_its_currency_is(minor: int | None, currency: str, shown: str) -> None:
    assert money(minor, currency) == shown


def test_time_for_programs_is_utc_to_the_microsecond() -> None:
    assert iso(1_790_000_000_000_001) == "2026-09-21T14:13:20.000001Z"
    assert iso(0) is None
    assert moment(0) == ""


@pytest.mark.parametrize(("secs", "shown"), [(5, "5 s"), (61, "1 min"), (7200, "2 h"), (200_000, "2 d"), (-3, "0 s")])
def test_how_long_ago_takes_one_unit(secs: int, shown: str) -> None:
    now = 1_790_000_000_000_000
    assert ago(now - secs * 1_000_000, now) == shown


def test_control_characters_of_strangers_are_shown_not_obeyed() -> None:
    assert plain("a\x1b[2Jb\rc\x9bd") == "a\\x1B[2Jb\\x0Dc\\x9Bd"
    assert drawn(table([Column("name")], [["[red]x[/red]\x07"]]))[1] == "[red]x[/red]\\x07"


def test_a_table_never_exceeds_its_width_and_keeps_what_must_be_whole() -> None:
    rows = [["message:1234567890", "word " * 60]]
    lines = drawn(table([Column("id"), Column("text", shrinks=True)], rows, width=100))
    assert max(map(len, lines)) <= 100
    assert lines[1].startswith("message:1234567890")


ID, CODE = "account:ac_01M82X6M9X5780A0QFG93433MS", "money-key-reused"


def test_a_narrow_table_leaves_columns_out_and_cuts_no_id() -> None:
    columns = [Column("since", leaves=1), Column("about"), Column("cause"), Column("count", True, leaves=2)]
    rows = [["03-04 01:50", ID, CODE, 1]]
    assert drawn(table(columns, rows, width=100))[0].split() == ["since", "about", "cause", "count"]
    heading, line = drawn(table(columns, rows, width=60))
    assert heading.split() == ["about", "cause"]
    assert line.split() == [ID, CODE]


def test_what_fits_no_line_is_folded_and_whole() -> None:
    lines = drawn(table([Column("about"), Column("cause")], [[ID, CODE]], width=40), width=40)
    assert max(map(len, lines)) <= 40
    halves = [line.split() for line in lines[1:]]
    assert "".join(half[0] for half in halves) == ID


def test_the_tree_names_fields_components_and_repetitions() -> None:
    lines = drawn(message_tree(parse(MESSAGE)))
    text = "\n".join(lines)
    assert lines[0] == "ADT^A08 2.5.1"
    assert "PID  Patient Identification" in text
    for name, value in (
        ("ID Number", "777"),
        ("Universal ID", "2.16.840.1.113883.3.9999.1"),
        ("Family Name", "Quill&Co"),
        ("Message Control ID", "C1"),
        ("Encoding Characters", "^~\\&"),
    ):
        assert any(name in line and line.endswith(value) for line in lines), name
    assert any("3[2]" in line for line in lines)
    assert any('""  (clears the value)' in line for line in lines)


def test_segments_that_the_standard_does_not_know_are_shown_by_number() -> None:
    lines = drawn(message_tree(parse(MESSAGE)))
    after = lines[next(place for place, line in enumerate(lines) if "ZPM" in line) :]
    assert any(line.endswith("first") for line in after)
    assert any(".2" in line and line.endswith("part") for line in after)


def test_values_of_the_tree_stand_in_one_column() -> None:
    lines = drawn(message_tree(parse(MESSAGE)))
    columns = {line.rindex(value) for value in ("777", "Orla", "C1") for line in lines if line.endswith(f" {value}")}
    assert len(columns) == 1
