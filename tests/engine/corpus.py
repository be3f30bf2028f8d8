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


@dataclass(frozen=True, slots=True)
class _Signs:
    """By what a vendor's messages are known."""

    header: re.Pattern[str]  # MSH-3 to MSH-6
    types: re.Pattern[str]  # an identifier type (CX-5) that stands in no table of the standard
    path: re.Pattern[str]


# Asked in this order: what the header says of any vendor, then the types, then the paths. Z segments tell nothing here: none of the
# corpus is known to be a vendor's. The mapping of epic extends the standard's by one field, so it is also that of everybody else.
_SIGNS = {
    "cerner": _Signs(
        re.compile(r"HNA|CERN|MILLENN|\bMILL\b|\bV500\b", re.IGNORECASE),
        re.compile(r"\^(?:FIN ?NBR?|FIN|CMRN)\b"),
        re.compile(r"cerner|oracle", re.IGNORECASE),
    ),
    "athena": _Signs(
        re.compile(r"ATHENA", re.IGNORECASE), re.compile(r"\^Patient ID\b"), re.compile(r"athena", re.IGNORECASE)
    ),
    "epic": _Signs(
        re.compile(r"EPIC|PRELUDE", re.IGNORECASE),
        re.compile(r"\^(?:CSN|HAR|EPI)\b"),
        re.compile(r"epic", re.IGNORECASE),
    ),
}

# Why a sample of ADT, DFT or BAR may not be processed: samples are made for parsers, and leave out or contradict what a bill needs.
EXPLAINED = {
    "filtered": "the event has no meaning for the bill; the mapping says why, or does not list it",
    "control-id-missing": "MSH-10 is empty, so that no answer could name the message; its sender was told no",
    "patient-unidentified": "PID-3 is empty, or holds no number of a kind that stands for a patient",
    "identifier-ambiguous": "several numbers that would do, and nothing says which counts; none is guessed",
    "null-refused": '`""` in place of the patient\'s number: an identifier cannot be cleared',
    "merge-incomplete": "a merge without the number that is to go (MRG)",
    "move-incomplete": "a move without the number of what is to move",
    "move-unclear": "a patient is moved (A43) to another number: it may be meant as a merge, which a person decides",
    "renumber-incomplete": "a new number without the new or the old one",
    "account-missing": "money, or the end of an account, without an account",
    "missing-account": "money on an account that no sample has brought: it waits for it",
    "account-of-another-patient": "samples of different projects share account numbers, of patients who are not the same",
    "visit-of-another-patient": "samples of different projects share visit numbers, of patients who are not the same",
    "amount-unreadable": "an amount in a format that the channel has not agreed to",
    "code-unknown": "a code of the sample's own in a field about money, which no table translates",
    "parked": "it waits behind one of these, of the same patient number: samples of different projects share those, too",
}
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
        text = self.content.decode("latin-1")
        fields = re.split(r"[\r\n]", text[:1024], maxsplit=1)[0].split(text[3:4] or "|")
        header = " ".join(fields[2:6])
        patient = next((line for line in re.split(r"[\r\n]", text) if line.startswith("PID")), "")
        by_header = [vendor for vendor, signs in _SIGNS.items() if signs.header.search(header)]
        by_types = [vendor for vendor, signs in _SIGNS.items() if signs.types.search(patient)]
        by_path = [vendor for vendor, signs in _SIGNS.items() if signs.path.search(self.file)]
        return [*by_header, *by_types, *by_path, "epic"][0]


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
            if row.state is not MessageState.PROCESSED and is_of_bill(row.type):
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
        return (
            f"[parked] waits behind an earlier message of its patient: {_stuck(engine, story.behind if story else ())}"
        )
    if last is None:
        return row.reason
    return " ".join(part for part in (f"[{last.cause}]", last.place, last.text) if part)


def _stuck(engine: Engine, numbers: tuple[int, ...]) -> str:
    """The cause of the first of these messages that waits for no other one."""
    with engine.app.store.snapshot() as reader:
        stories = [story for number in numbers if (story := reader.message(number)) is not None]
    return next((story.runs[-1].cause for story in stories if story.runs and not story.row.is_parked), "parked itself")


def cause_of(reason: str) -> str:
    """The code that a reason begins with."""
    found = re.match(r"\[?([a-z-]+)", reason)
    assert found, reason
    return found[1]


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
    say("\n| event | mapping | state | cause | messages | in words |\n|---|---|---|---|---|---|\n")
    for (kind, channel, state, cause), count in sorted(_outcomes(run).items()):
        say(f"| {kind} | {channel} | {state} | {cause} | {count} | {EXPLAINED.get(cause, '')} |\n")


def _outcomes(run: CorpusRun) -> Counter[tuple[str, str, str, str]]:
    """What became of every ADT, DFT and BAR, with the code of its cause where it was not processed."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    for (channel, kind, state), count in run.outcomes.items():
        if state == MessageState.PROCESSED and is_of_bill(kind):
            found[kind, channel, state, ""] += count
    for (channel, kind, state, reason), count in run.reasons.items():
        found[kind, channel, state, cause_of(reason)] += count
    return found


def is_of_bill(kind: str) -> bool:
    """Whether a message of this type concerns patients' accounts."""
    return kind.split("^", maxsplit=1)[0] in ("ADT", "DFT", "BAR")


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
