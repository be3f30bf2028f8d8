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
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from interface.hl7.ack import read_ack
from interface.hl7.framing import Deframer, Frame, wrap
from interface.message import MessageState
from interface.simulate.hospital import Vendor
from interface.view.message import MessageFilter, MessageRow
from tests.conftest import corpus_folder
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root, read_channel, write_channel

# Whose message it is, told by its header (MSH-3 to MSH-6) or, where that is silent, by the file's path.
_VENDORS = (
    (
        "cerner",
        re.compile(r"HNA|CERN|MILLENN|\bMILL\b|\bV500\b", re.IGNORECASE),
        re.compile(r"cerner|oracle", re.IGNORECASE),
    ),
    ("athena", re.compile(r"ATHENA", re.IGNORECASE), re.compile(r"athena", re.IGNORECASE)),
)
_MESSAGE_BEGINS = re.compile(rb"(?:^|(?<=[\r\n]))(?=MSH)")
_BLOCK_BYTES = b"\x0b\x1c"
_REPLY_SECS = 3.0


@dataclass(frozen=True, slots=True)
class Piece:
    """One message of a corpus file."""

    file: str
    content: bytes

    @property
    def channel(self) -> str:
        """The channel of the closest vendor; `epic`, whose mapping is nearly the standard's, for everybody else."""
        fields = (
            self.content[:1024].partition(b"\r")[0].decode("latin-1").split(self.content[3:4].decode("latin-1") or "|")
        )
        header = " ".join(fields[2:6])
        by_header = (vendor for vendor, named, _path in _VENDORS if named.search(header))
        by_path = (vendor for vendor, _named, path in _VENDORS if path.search(self.file))
        return next(by_header, None) or next(by_path, "epic")


@dataclass(slots=True)
class CorpusRun:
    """What came of all of them."""

    sent: int = 0
    files: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    unanswered: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # channel, type^event, state
    reasons: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)  # channel, type^event, state, reason


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
    """Send all, each to the channel of its vendor, one after the other, then wait until everything was run."""
    run = CorpusRun()
    files = set()
    with ExitStack() as stack:
        wires = {
            vendor.value: stack.enter_context(
                socket.create_connection(
                    ("127.0.0.1", int(engine.environ[f"{vendor.upper()}_MLLP_PORT"])), timeout=_REPLY_SECS
                )
            )
            for vendor in Vendor
        }
        deframers = {vendor: Deframer() for vendor in wires}
        for piece in pieces(folder):
            channel = piece.channel
            wires[channel].sendall(wrap(piece.content))
            run.sent += 1
            files.add(piece.file)
            try:
                run.answers[_answer(wires[channel], deframers[channel])] += 1
            except OSError:
                run.unanswered.append(piece.file)
    run.files = len(files)
    wait_until(lambda: not _runnable(engine), "everything that can run was run", secs=120)
    for channel in wires:
        run.counts += engine.counts(channel)
        for row in engine.messages(MessageFilter(channel=channel)):
            run.outcomes[channel, row.type, row.state] += 1
            if row.state is not MessageState.PROCESSED and row.type.split("^")[0] in ("ADT", "DFT", "BAR"):
                run.reasons[channel, row.type, row.state, _reason(engine, row)] += 1
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


def corpus_root(folder: Path) -> Path:
    """A root for the corpus: it is full of test traffic (MSH-11 T and D), and of practices that are not ours."""
    root = make_root(folder, vendors=tuple(Vendor))
    for vendor in Vendor:
        spec = read_channel(root, vendor)
        spec["production"] = False
        spec.pop("filters", None)
        write_channel(root, spec)
    return root


def print_tables(run: CorpusRun) -> None:
    """The counts, the outcomes by type, and each reason with how many messages it explains."""
    say = sys.stdout.write
    say(
        f"{run.sent} messages of {run.files} files sent; answers: {dict(run.answers)}; unanswered: {len(run.unanswered)}\n"
    )
    say(
        f"store: {dict(run.counts)}\n\n| channel | type | "
        + " | ".join(MessageState)
        + " |\n|---|---|"
        + "---|" * len(MessageState)
        + "\n"
    )
    for channel, kind in sorted({(channel, kind) for channel, kind, _ in run.outcomes}):
        cells = " | ".join(str(run.outcomes.get((channel, kind, state), "")) for state in MessageState)
        say(f"| {channel} | {kind or '(none)'} | {cells} |\n")
    say("\n| channel | not processed | state | reason | messages |\n|---|---|---|---|---|\n")
    for (channel, kind, state, reason), count in sorted(run.reasons.items()):
        say(f"| {channel} | {kind} | {state} | {reason} | {count} |\n")


def main() -> None:
    """Run all on SQLite and print the tables."""
    folder = corpus_folder()
    if folder is None:
        sys.exit("the corpus is not here; name its folder in HP24_CORPUS")
    with tempfile.TemporaryDirectory() as place:
        root = corpus_root(Path(place) / "root")
        with running_engine(Path(place) / "home", root) as engine:
            print_tables(run_corpus(folder, engine))


if __name__ == "__main__":
    main()
