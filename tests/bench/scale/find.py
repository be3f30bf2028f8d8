"""How long a person waits for one page of messages, by what it is looked for."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from interface.app.compose import App
from interface.message import MessageState
from interface.operate.act import By
from interface.operate.look import messages
from interface.view.message import MessageFilter, MessageRow
from tests.bench.scale.grow import PATIENTS

PAGE = 50
_DRAWS = 40
_FIRST_MRN = 100_000
_HOUR = 3_600_000_000
_BY = By("bench", "search measured")


@dataclass(frozen=True, slots=True)
class Found:
    """One way of looking: waits in milliseconds over many draws, each with the audit of the look."""

    what: str
    median_ms: float
    longest_ms: float
    rows: int  # of one page, at most


def searches(app: App, seed: int) -> Iterator[Found]:
    """Measure every way. What is looked for is drawn from what is stored."""
    chance = random.Random(seed)
    with app.store.snapshot() as reader:
        (last,) = reader.messages(MessageFilter(newest_first=True, limit=1))
        (first,) = reader.messages(MessageFilter(limit=1))

    def anyone() -> str:
        return str(_FIRST_MRN + chance.randrange(PATIENTS))

    def moment() -> int:
        return chance.randint(first.arrived_at, last.arrived_at)

    def one() -> MessageRow:
        with app.store.snapshot() as reader:
            return reader.messages(MessageFilter(ids=(chance.randint(first.id, last.id),), limit=1))[0]

    processed = (MessageState.PROCESSED,)
    ways: dict[str, Callable[[], MessageFilter]] = {
        "patient, time, state": lambda: MessageFilter(
            patient=anyone(), since=first.arrived_at, until=moment() + _HOUR, states=processed
        ),
        "patient, newest first": lambda: MessageFilter(patient=anyone(), newest_first=True),
        "control id": lambda: MessageFilter(control_id=one().control_id),
        "account": lambda: MessageFilter(account=f"90{anyone()}"),
        "family and birth date": lambda: MessageFilter(family=f"tester{anyone()}", birth_date="19800212"),
        "the newest": lambda: MessageFilter(newest_first=True),
        "since a time, state": lambda: MessageFilter(since=moment(), states=processed),
        "until a time, newest first": lambda: MessageFilter(until=moment(), newest_first=True),
        "a time without messages": lambda: MessageFilter(since=last.arrived_at + 1),
        "failed ones, none there": lambda: MessageFilter(states=(MessageState.FAILED,)),
        "a type that never came": lambda: MessageFilter(type="ADT^A40"),
        "a cause that never came": lambda: MessageFilter(cause="patient-unidentified"),
    }
    for what, draw in ways.items():
        yield _measured(app, what, [draw() for _ in range(_DRAWS)])


def _measured(app: App, what: str, wanted: list[MessageFilter]) -> Found:
    waits: list[float] = []
    rows = 0
    for filter_ in wanted:
        begun = time.perf_counter()
        page = list(messages(app.store, _BY, filter_, limit=PAGE))
        waits.append((time.perf_counter() - begun) * 1000)
        rows = max(rows, len(page))
    return Found(what, median(waits), max(waits), rows)
