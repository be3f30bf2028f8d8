"""The same messages through python-hl7, an independent reader: both must see the same text at the same places."""

from typing import Any

import hl7
import pytest
from hypothesis import given

from interface.errors import InterfaceError
from interface.hl7.ack import build_ack, read_ack
from interface.hl7.header import read_header
from interface.hl7.parser import Message, parse, parse_text
from interface.hl7.segment import Segment
from tests.hl7 import strategy
from tests.hl7.sample import ADT_A01, corpus


def peer_of(text: str) -> hl7.Message:
    """python-hl7 knows CR only: line ends are made so by the plainest rule there is."""
    return hl7.parse(text.replace("\r\n", "\r") if "\r" in text else text.replace("\n", "\r"))


def peer_parts(node: hl7.Container | str, depth: int) -> Any:
    """A peer's field as nested lists: repetitions of components of subcomponents; it leaves out levels that have one part."""
    if depth == 0:
        return str(node)
    parts = list(node) if isinstance(node, hl7.Container) else [node]
    return [peer_parts(part, depth - 1) for part in parts]


def our_parts(segment: Segment, number: int) -> list[list[list[str]]]:
    d = segment.delimiters
    field = segment.field(number) or ""
    if segment.is_verbatim(number):
        return [[[field]]]
    return [[c.split(d.subcomponent) for c in r.split(d.component)] for r in field.split(d.repetition)]


def assert_alike(ours: Message, peer: hl7.Message) -> int:
    """Compares every leaf; gives how many."""
    leaves = 0
    theirs = [segment for segment in peer if str(segment)]
    assert [segment.er7 for segment in ours.all_segments()] == [str(segment) for segment in theirs]
    for segment, other in zip(ours.all_segments(), theirs, strict=True):
        assert len(segment.fields()) == len(other)
        for number in range(1, len(other)):
            expected = our_parts(segment, number)
            assert peer_parts(other[number], 3) == expected
            leaves += sum(len(c) for r in expected for c in r)
    return leaves


@given(strategy.messages)
def test_generated_messages_read_alike(model: strategy.Model) -> None:
    text = strategy.er7([*model, ("ZZ9", [[[["end"]]]])])  # python-hl7 strips blanks at the end
    assert_alike(parse_text(text), peer_of(text))


def test_the_sample_reads_alike_and_unescapes_alike() -> None:
    raw = ADT_A01.replace(b"TESTER^MARIA", rb"TE\T\S\F\T\S\E\R\R\E\R^MARIA")
    ours, peer = parse(raw), peer_of(raw.decode())
    assert assert_alike(ours, peer) > 100
    assert ours.text("PID-5.1") == peer.extract_field("PID", 1, 5, 1, 1, 1)


def read_alike(raw: bytes) -> bool:
    """False where python-hl7 reads by another rule: LF as data, several messages in one, separators that need repair."""
    message = parse(raw)
    assert message.to_bytes() == raw
    text = message.er7.strip()  # as python-hl7 does
    ours = parse_text(text)
    has_line_feed_as_data = "\r" in text and "\n" in text.replace("\r\n", "")
    is_repaired = any(warning.place == "MSH-2" for warning in message.decoding_warnings)
    if has_line_feed_as_data or is_repaired or len(ours.segments("MSH")) > 1:
        return False
    assert_alike(ours, peer_of(text))
    return True


@pytest.mark.parametrize("one_in", [5, pytest.param(1, marks=pytest.mark.proof)])
def test_every_message_of_the_corpus_is_answered_and_reads_alike(one_in: int) -> None:
    differences = []
    outcomes = {"alike": 0, "ours alone": 0, "refused": 0}
    for path in list(corpus())[::one_in]:
        raw = path.read_bytes()
        header = read_header(raw)
        answer = read_ack(build_ack(header, "AE", control_id="A1", at=0, problems=header.problems))
        assert answer.control_id == header.control_id, path.name
        try:
            outcomes["alike" if read_alike(raw) else "ours alone"] += 1
        except InterfaceError:
            outcomes["refused"] += 1
            assert header.errors, path.name
        except AssertionError as difference:
            differences.append(f"{path.name}: {difference}")
    assert not differences, "\n".join(differences[:10])
    assert outcomes["alike"] > 0.9 * sum(outcomes.values()), outcomes
