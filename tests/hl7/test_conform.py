"""A message held against the standard: each departure with its path and what the version says; any message will do."""

from pathlib import Path

import pytest
from hl7apy.core import Message as Hl7apyMessage
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message
from hl7apy.validation import Validator

from interface.cli.message_file import messages_in
from interface.errors import InterfaceError
from interface.hl7.conform import Conformance, conform
from interface.hl7.parser import parse
from interface.hl7.problem import Severity
from interface.simulate.traffic import morning
from tests.mapping.sample import A04, A40, DFT, wire, with_field


def held(text: str) -> Conformance:
    return conform(parse(wire(text)))


def rows(text: str) -> list[tuple[str, str, str]]:
    """Severity, place and rule of every finding."""
    return [(one.severity.value, one.place, one.rule) for one in held(text).findings]


@pytest.mark.parametrize("text", [A04, A40])
def test_a_message_that_conforms_gives_no_finding(text: str) -> None:
    assert rows(text) == []


@pytest.mark.parametrize(
    ("place", "value", "found"),
    [
        ("PID-3", "", ("E", "PID-3", "field-missing")),
        ("PID-7", "1980021", ("E", "PID-7.1", "malformed-value")),
        ("PID-8", "F~F", ("E", "PID-8", "field-repeated")),
        ("PID-8", "Q", ("I", "PID-8", "code-unlisted")),
        ("PID-8", "F^X", ("W", "PID-8", "not-composed")),
        ("PID-41", "x", ("W", "PID-41", "field-unknown")),
        ("PID-3", "1^^^N^MR~2^^^N^QQ", ("W", "PID-3[2].5", "code-unlisted")),
        ("PID-3", "1^^^N^MR^^^19801", ("E", "PID-3.8", "malformed-value")),
        ("PID-3", "1^^^N^MR^^^^^^11", ("W", "PID-3.11", "component-unknown")),
        ("PV1-1", "one", ("E", "PV1-1", "malformed-value")),
        ("PID-23", "x" * 300, ("W", "PID-23", "too-long")),
        ("MSH-9", "ADT^A04^ADT_A09", ("W", "MSH-9.3", "structure")),
        ("MSH-12", "2.5.7", ("W", "MSH-12", "version")),
        ("MSH-12", "", ("E", "MSH-12", "version")),
        ("MSH-9", "XYZ^X01", ("I", "MSH-9", "structure")),
        ("MSH-18", "8859/77", ("W", "MSH-18", "reader")),
    ],
)
def test_a_departure_is_found_in_its_place(place: str, value: str, found: tuple[str, str, str]) -> None:
    assert found in rows(with_field(A04, place, value))


def test_a_field_that_the_version_dropped_is_a_note() -> None:
    text = with_field(with_field(DFT, "MSH-12", "2.8"), "FT1-8", "x")
    assert ("I", "FT1[1]-8", "field-unknown") in rows(text)


def test_the_structure_is_found_without_msh_9_3() -> None:
    assert held(with_field(A04, "MSH-9", "ADT^A04")).structure == "ADT_A01"


def lines(*edits: tuple[str, str]) -> str:
    text = A04.strip() + "\n"
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text


EVN = "EVN|A04|20250304091455-0600|||REG01\n"
PV1 = next(line + "\n" for line in A04.splitlines() if line.startswith("PV1"))
PID = next(line + "\n" for line in A04.splitlines() if line.startswith("PID"))
GT1 = next(line + "\n" for line in A04.splitlines() if line.startswith("GT1"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (lines((EVN, "")), [("E", "EVN", "segment-missing")]),
        (lines((EVN, EVN + EVN)), [("E", "EVN[2]", "segment-repeated")]),
        (lines((PV1, ""), (PID, PV1 + PID)), [("E", "PID", "segment-misplaced")]),
        (lines((GT1, "FT1|1\n" + GT1)), [("E", "FT1", "segment-unknown")]),
        (lines((GT1, "QQQ|1\n" + GT1)), [("E", "QQQ", "segment-unknown")]),
        (lines((GT1, "ZPD|1\n" + GT1)), [("I", "ZPD", "site-segment")]),
        (lines((GT1, "IN2|1\n" + GT1)), [("E", "IN2", "segment-misplaced")]),
    ],
)
def test_segments_that_are_missing_or_stand_wrong_are_found(text: str, found: list[tuple[str, str, str]]) -> None:
    told = rows(text)
    assert all(one in told for one in found)
    assert not [one for one in told if one[2].startswith("segment") and one not in found]


def test_a_line_feed_inside_is_told_beside_the_standard() -> None:
    raw = wire(A04).replace(b"\rPV1", b"\nPV1")
    assert ("MSH", "reader") in [(one.place, one.rule) for one in conform(parse(raw)).findings]


def test_code_tables_of_a_version_without_them_are_those_of_the_next() -> None:
    found = held(with_field(with_field(A04, "MSH-12", "2.3"), "PID-8", "Q")).findings
    (text,) = [one.text for one in found if one.place == "PID-8"]
    assert text == "it is not in table 0001 (Sex) of 2.3.1: F, M, O, U"


@pytest.mark.parametrize("one_in", [5, pytest.param(1, marks=pytest.mark.proof)])
def test_no_message_of_the_corpus_is_too_much(corpus: Path, one_in: int) -> None:
    seen = 0
    for path in sorted(corpus.rglob("*.hl7"))[::one_in]:
        for raw in messages_in(path.read_bytes()):
            try:
                message = parse(raw)
            except InterfaceError:
                continue
            assert conform(message).version
            seen += 1
    assert seen > 1000 // one_in


def by_hl7apy(raw: bytes, report: Path) -> list[str]:
    """Missing and surplus parts, as hl7apy's own reader and validator tell them; none where it cannot read the message."""
    try:
        message: Hl7apyMessage = parse_message(raw.decode().rstrip("\r"), find_groups=True)
        Validator.validate(message, report_file=str(report))
    except (HL7apyException, ValueError, KeyError):
        if not report.exists():
            return []
    return [line for line in report.read_text().splitlines() if "Missing required" in line or "limit exceeded" in line]


@pytest.mark.parametrize("edit", [("PID-3", ""), ("PID-5", ""), ("PV1-2", ""), ("PID-8", "F~M"), ("MSH-10", "")])
def test_hl7apys_own_validator_finds_nothing_missing_that_we_do_not(edit: tuple[str, str], tmp_path: Path) -> None:
    raw = wire(with_field(A04, *edit))
    theirs = {line.rpartition(".")[2].replace("_", "-") for line in by_hl7apy(raw, tmp_path / "report")}
    ours = {one.place for one in conform(parse(raw)).findings if one.severity is Severity.ERROR}
    assert theirs
    assert theirs <= ours


def test_hl7apys_own_validator_has_no_error_of_a_mornings_traffic_that_we_do_not(tmp_path: Path) -> None:
    for number, sent in enumerate(list(morning(24, 3))[:12]):
        theirs = by_hl7apy(sent.content, tmp_path / str(number))
        ours = {one.place.partition("[")[0].partition("-")[0] for one in conform(parse(sent.content)).findings}
        assert {line.rpartition(".")[2].partition("_")[0] for line in theirs} <= ours
