"""Every HL7 v2 message of the corpus through a running engine: each is answered, none is lost, and what was not processed says why.

`python -m tests.engine.corpus` prints the tables.
"""

import csv
import re
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from interface.hl7.ack import read_ack
from interface.hl7.framing import Deframer, Frame, wrap
from interface.message import MessageState
from interface.view.message import MessageFilter, MessageRow
from tests.conftest import corpus_folder
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import Spec, make_root

_MESSAGE_BEGINS = re.compile(rb"(?:^|(?<=[\r\n]))(?=MSH)")
_BLOCK_BYTES = b"\x0b\x1c"
_REPLY_SECS = 3.0


@dataclass(frozen=True, slots=True)
class Piece:
    """One message of a corpus file."""

    file: str
    content: bytes
    channel: str = "epic"


@dataclass(slots=True)
class CorpusRun:
    """What came of all of them."""

    sent: int = 0
    files: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    unanswered: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)  # type^event, state
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # type^event, state, reason


def pieces(folder: Path) -> Iterator[Piece]:
    """Every message of every HL7 v2 file; batches are taken apart, framing bytes taken off, nothing else changed."""
    with (folder / "INDEX.csv").open(newline="", encoding="utf-8") as index:
        files = [row["file"] for row in csv.DictReader(index) if row["kind"] == "hl7v2"]
    for file in files:
        raw = (folder / file).read_bytes().translate(None, _BLOCK_BYTES)
        parts = [part for part in _MESSAGE_BEGINS.split(raw) if part.strip()]
        messages = [part for part in parts if part.startswith(b"MSH")]
        for content in messages or [raw]:
            yield Piece(file, content)


def run_corpus(folder: Path, engine: Engine) -> CorpusRun:
    """Send all on one connection, one after the other, then wait until everything was run."""
    run = CorpusRun()
    files = set()
    with socket.create_connection(("127.0.0.1", engine.port), timeout=_REPLY_SECS) as wire:
        deframer = Deframer()
        for piece in pieces(folder):
            wire.sendall(wrap(piece.content))
            run.sent += 1
            files.add(piece.file)
            try:
                run.answers[_answer(wire, deframer)] += 1
            except OSError:
                run.unanswered.append(piece.file)
    run.files = len(files)
    wait_until(lambda: not _runnable(engine), "everything that can run was run", secs=120)
    run.counts = engine.counts()
    for row in engine.messages(MessageFilter(channel="epic")):
        run.outcomes[row.type, row.state] += 1
        if row.state is not MessageState.PROCESSED and row.type.split("^")[0] in ("ADT", "DFT", "BAR"):
            run.reasons[row.type, row.state, _reason(engine, row)] += 1
    return run


def _answer(wire: socket.socket, deframer: Deframer) -> str:
    while True:
        for block in deframer.feed(wire.recv(65536)):
            if isinstance(block, Frame):
                return read_ack(block.content).code


def _runnable(engine: Engine) -> list[MessageRow]:
    """Messages that wait for nobody; others wait behind one of their own patient that a person has to look at."""
    with engine.app.store.snapshot() as reader:
        rows = reader.messages(MessageFilter(states=(MessageState.WAITING,), limit=5000))
    return [row for row in rows if not row.is_parked]


def _reason(engine: Engine, row: MessageRow) -> str:
    with engine.app.store.snapshot() as reader:
        story = reader.message(row.id)
    last = story.runs[-1] if story and story.runs else None
    if row.is_parked:
        return "[parked] waits behind an earlier message of its patient"
    if last is None:
        return row.reason
    return " ".join(part for part in (f"[{last.cause}]", last.place, last.text) if part)


def for_tests(spec: Spec) -> None:
    """The corpus is full of test traffic (MSH-11 T and D) that a production channel refuses."""
    spec["production"] = False


def print_tables(run: CorpusRun) -> None:
    """The counts, the outcomes by type, and each reason with how many messages it explains."""
    say = sys.stdout.write
    say(
        f"{run.sent} messages of {run.files} files sent; answers: {dict(run.answers)}; unanswered: {len(run.unanswered)}\n"
    )
    say(
        f"store: {dict(run.counts)}\n\n| type | "
        + " | ".join(MessageState)
        + " |\n|---|"
        + "---|" * len(MessageState)
        + "\n"
    )
    for kind in sorted({kind for kind, _ in run.outcomes}):
        cells = " | ".join(str(run.outcomes.get((kind, state), "")) for state in MessageState)
        say(f"| {kind or '(none)'} | {cells} |\n")
    say("\n| not processed | state | reason | messages |\n|---|---|---|---|\n")
    for (kind, state, reason), count in sorted(run.reasons.items()):
        say(f"| {kind} | {state} | {reason} | {count} |\n")


def main() -> None:
    """Run all on SQLite and print the tables."""
    folder = corpus_folder()
    if folder is None:
        sys.exit("the corpus is not here; name its folder in HP24_CORPUS")
    with tempfile.TemporaryDirectory() as place:
        root = make_root(Path(place) / "root", for_tests)
        with running_engine(Path(place) / "home", root) as engine:
            print_tables(run_corpus(folder, engine))


if __name__ == "__main__":
    main()
