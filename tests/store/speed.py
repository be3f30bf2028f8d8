"""`python -m tests.store.speed [url]`: what the store costs per message, by batch size. SQLite in a temporary folder by default."""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace

from interface.ledger.change import LedgerChanges
from interface.ledger.noun import Identifier, Noun
from interface.row.message import Intake, RunRecord, StoredMessage
from interface.store.store import SqlStore, open_store
from tests.store.given import HandClock, account, intake, named, patient, run

_PATIENTS = 5_000
_TEXT = (
    "MSH|^~\\&|EPIC|NORTH|HP24|HP24|20260101120000-0600||ADT^A08^ADT_A01|C{n}|P|2.5.1|||AL|NE\r"
    "EVN|A08|20260101120000-0600|||RN{n}^NIGHTINGALE^FLO\r"
    "PID|1||{mrn}^^^NORTH&2.16.840.1.113883.3.9999.1&ISO^MR~E{mrn}^^^ENT^PI||Quillfeather{mrn}^Orla^B||19610523|F||2106-3|"
    "{n} Heron Lane^Apt 4^Marshfield^WI^54449^USA||^PRN^PH^^1^715^555{mrn}||eng|M|CHR|H{mrn}^^^NORTH^AN\r"
    "PV1|1|I|4EAST^412^A^NORTH||||1001^Moss^Ada^^^^MD||||MED||||7|||1001^Moss^Ada^^^^MD|IP|V{n}^^^NORTH^VN|COM||||||||||||||||"
    "|||NORTH|||||20260101080000-0600||||250.00\r"
    "GT1|1|G{mrn}^^^NORTH^GN|Quillfeather^Orla^B||{n} Heron Lane^Apt 4^Marshfield^WI^54449^USA|^PRN^PH^^1^715^555{mrn}||"
    "19610523|F||SE\r"
    "IN1|1|PPO1|PAY01|Meadow Mutual|PO Box 9^^Madison^WI^53701||||GRP{mrn}||||20250101|||PPO|Quillfeather^Orla^B|SEL|19610523|"
    "{n} Heron Lane^Apt 4^Marshfield^WI^54449^USA|||||||||||||||||POL{mrn}\r"
)


def _intakes(first: int, count: int) -> list[Intake]:
    made = []
    for number in range(first, first + count):
        text = _TEXT.format(n=number, mrn=700_000 + number % _PATIENTS)
        made.append(replace(intake(number), raw=text.encode(), control_id=f"C{number}"))
    return made


def _run(message_id: int) -> RunRecord:
    mrn = str(700_000 + message_id % _PATIENTS)
    return replace(
        run(message_id),
        patient=mrn,
        account=f"H{mrn}",
        visit=f"V{message_id}",
        family=f"Quillfeather{mrn}",
        birth_date="1961-05-23",
    )


class Spent:
    """Wall time and processor time of the acts timed so far, in seconds."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def time(self, act: Callable[[], object]) -> None:
        """Run an act on the clock."""
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu

    def say(self, name: str, count: int) -> None:
        """Print one line."""
        each, cpu = self.wall / count * 1e6, self.cpu / count * 1e6
        sys.stdout.write(f"{name:<42}{each:9.1f} us each {cpu:9.1f} us of processor {count / self.wall:10,.0f}/s\n")


def _timed(name: str, count: int, act: Callable[[], object]) -> None:
    spent = Spent()
    spent.time(act)
    spent.say(name, count)


def _batches(count: int, size: int) -> list[range]:
    return [range(start, start + size) for start in range(1, count + 1, size)]


def receiving(store: SqlStore, first: int, count: int, size: int) -> int:
    """Prepare and receive; gives the next free number."""
    batches = [_intakes(first + batch.start - 1, len(batch)) for batch in _batches(count, size)]
    made = sum(len(batch) for batch in batches)
    _timed(f"prepare, batch {size}", made, lambda: [store.prepare(batch) for batch in batches])

    def receive() -> None:
        for batch in batches:
            prepared = store.prepare(batch)
            with store.turn("receive") as turn:
                turn.receive(prepared)

    _timed(f"prepare and receive, batch {size}", made, receive)
    return first + made


def running(store: SqlStore, size: int) -> None:
    """Read what waits and finish it, nothing changed in the ledger."""
    reading, finishing = Spent(), Spent()
    count = 0
    messages: list[StoredMessage] = []

    def read() -> None:
        with store.snapshot() as reader:
            messages[:] = reader.waiting(size)

    def finish() -> None:
        with store.turn("process") as turn:
            turn.finish(runs)

    while reading.time(read) or messages:
        runs = [_run(message.id) for message in messages]
        count += len(runs)
        finishing.time(finish)
    reading.say(f"read waiting, batch {size}", count)
    finishing.say(f"finish, batch {size}", count)


def saving(store: SqlStore, count: int, size: int) -> None:
    """Create a patient, an account and an identifier of each, batch by batch; then change all patients."""

    def write(changes: LedgerChanges) -> None:
        sealed = store.seal(changes)
        with store.turn("process") as turn:
            turn.save(sealed, 1)

    fresh = []
    for batch in _batches(count, size):
        changes = LedgerChanges()
        for number in batch:
            changes.created += [patient(number), account(number, number)]
            changes.identifiers += [
                named(Noun.PATIENT, Identifier("north", "MR", str(number)), number),
                named(Noun.ACCOUNT, Identifier("north", "AN", str(number)), number),
            ]
        fresh.append(changes)
    _timed(f"save a new patient and account, batch {size}", count, lambda: [write(one) for one in fresh])
    changed = [LedgerChanges(changed=[patient(number) for number in batch]) for batch in _batches(count, size)]
    _timed(f"save a changed patient, batch {size}", count, lambda: [write(one) for one in changed])


def main() -> None:
    """Print one table."""
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/speed.db"
        store = open_store(url, HandClock(), environ={"HP24_KEY_FILE": f"{folder}/speed.key"})
        following = receiving(store, 1, 1_000, 1)
        following = receiving(store, following, 9_600, 32)
        receiving(store, following, 12_800, 128)
        running(store, 256)
        saving(store, 5_120, 128)
        store.close()


if __name__ == "__main__":
    main()
