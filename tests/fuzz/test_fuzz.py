"""Every kept input passes, a short search finds nothing, and a search that is given bugs to find does find them."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from interface.card import screen as card_screen
from interface.hl7 import framing, parser
from interface.hl7.delimiters import Delimiters
from tests.fuzz import corpus, on_card, on_framing, on_message, on_path
from tests.fuzz.search import Found, look_at_time, run_one, search
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

CORPUS_BYTES = 300_000
PLANTED_EXECUTIONS = 20_000
# So many that each takes about half a second.
SHORT = {"framing": 1500, "message": 1200, "path": 6000, "card": 250, "ack": 800, "files": 200}
PROOF_SECS = 12.0


def told(found: Found) -> list[str]:
    """What a failure is to show."""
    return [f"{one.where}: {one.what}: {one.data!r}" for one in found.findings.values()]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_kept_inputs_and_a_short_search_break_nothing(target: Target) -> None:
    found = search(target, corpus.read(target), seed=1, executions=SHORT[target.name])
    assert told(found) == []


@pytest.mark.proof
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_longer_search_breaks_nothing(target: Target, seed: int) -> None:
    found = search(target, corpus.read(target), seed=seed, secs=PROOF_SECS)
    assert told(found) == []


def test_the_corpus_is_small() -> None:
    assert sum(len(data) for target in TARGETS for data in corpus.read(target)) < CORPUS_BYTES


def test_the_corpus_holds_nothing_twice() -> None:
    for target in TARGETS:
        inputs = corpus.read(target)
        assert corpus.chosen(target, inputs) == sorted(inputs, key=lambda one: (len(one), one)), target.name


@dataclass(frozen=True, slots=True)
class Planted:
    """A bug, and what finds it."""

    target: Target
    plant: Callable[[pytest.MonkeyPatch], None]


def _framing(patch: pytest.MonkeyPatch) -> None:
    """Half of the bytes between an END and the next START is lost where they come in one read."""
    outside = framing.Deframer._outside

    def forgetful(self: framing.Deframer, read: bytes, at: int, found: list[framing.Framed]) -> int:
        return outside(self, read, at + (read[at - 1 : at + 1] == b"\r\r"), found)

    patch.setattr(framing.Deframer, "_outside", forgetful)


def _writer(patch: pytest.MonkeyPatch) -> None:
    """A value that is written into a message forgets to escape what stands behind a repetition separator."""
    plain = parser.writer.escape

    def careless(text: str, delimiters: Delimiters) -> str:
        return text if delimiters.component == "%" else plain(text, delimiters)

    patch.setattr(parser.writer, "escape", careless)


def _parser(patch: pytest.MonkeyPatch) -> None:
    """An exception that nobody documented, where a segment is of a kind and a byte is in it."""
    plain = parser.parse

    def fragile(raw: bytes, charset: str | None = None) -> parser.Message:
        if b"\rOBX|" in raw and b"\x81" in raw:
            raise KeyError("OBX")
        return plain(raw, charset)

    patch.setattr(on_message, "parse", fragile)


def _card(patch: pytest.MonkeyPatch) -> None:
    """Numbers are overlooked behind a dash."""
    plain = card_screen.card_numbers

    def blind(seen: bytes) -> object:
        return ((start, kept) for start, kept in plain(seen) if seen[start - 1 : start] != b"-")

    patch.setattr(card_screen, "card_numbers", blind)


def _slow(patch: pytest.MonkeyPatch) -> None:
    """Quotes that do not close are paired in every possible way."""
    shape = on_path.Path.parse.__globals__["_SHAPE"]
    pattern = re.compile(shape.pattern.replace("*+'", "*'").replace("++", "+"), re.VERBOSE)
    patch.setitem(on_path.Path.parse.__globals__, "_SHAPE", pattern)


PLANTED = {
    "a lost byte": Planted(on_framing.TARGET, _framing),
    "a missing escape": Planted(on_message.TARGET, _writer),
    "an undocumented exception": Planted(on_message.TARGET, _parser),
    "an overlooked number": Planted(on_card.TARGET, _card),
    "time without end": Planted(on_path.TARGET, _slow),
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
def test_planted_bugs_are_found_within_the_budget(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    planted.plant(monkeypatch)
    found = search(
        planted.target, [], seed=1, executions=PLANTED_EXECUTIONS, stops=lambda so_far: bool(so_far.findings)
    )
    assert found.findings
    monkeypatch.undo()
    for finding in found.findings.values():
        assert run_one(planted.target, finding.data, Found()) is not None, "without the bug the input is sound"


def test_a_search_is_made_again_by_its_seed() -> None:
    first, again = (search(on_framing.TARGET, [], seed=7, executions=300) for _ in range(2))
    other = search(on_framing.TARGET, [], seed=8, executions=300)
    assert first.kept == again.kept != other.kept


@pytest.mark.parametrize(("power", "is_told"), [(1, False), (2, True)])
def test_time_that_grows_with_the_square_is_found(monkeypatch: pytest.MonkeyPatch, power: int, is_told: bool) -> None:
    def secs_of(_target: Target, data: bytes) -> float:
        return float((len(data) / 8192) ** power)

    monkeypatch.setattr("tests.fuzz.search._secs_of", secs_of)
    found = Found()
    look_at_time(replace(on_framing.TARGET, name="square"), b"AB", random.Random(1), found)
    assert ("time of square" in found.findings) is is_told
