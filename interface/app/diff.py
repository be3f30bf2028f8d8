"""What the edited files would make of stored traffic, against what the active version makes of it.

The real `process` runs it twice on one snapshot, with its writes kept in memory. Nothing is changed, and no lock is taken. Every
message is run by itself: what blocks its patient now holds back nobody here, so that what a mended rule would let pass is seen.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from interface.app.collect import few_collections
from interface.app.compose import App
from interface.app.plan import plan_of
from interface.channel.consequence import of_said
from interface.ledger.journal import Book
from interface.ledger.reading import Reading
from interface.ledger.said import How, unlike
from interface.ledger.workset import FAR_IDS
from interface.message import MessageState
from interface.pipeline.overlay import Overlay
from interface.pipeline.plan import Plan
from interface.pipeline.rerun import Bench, Rerun, rerun
from interface.ports import Reader
from interface.row.message import RunRecord, StoredMessage

_PAGE = 256
# So many messages see each other's effects; then memory and snapshot are given back. What is applied already needs neither.
_TOGETHER = 32 * _PAGE
Tell = Callable[[int, int], None]
Money = Counter[str]  # minor units by currency


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """One way in which messages come out otherwise. `money` says why it touches money; empty: it does not."""

    money: str
    what: str  # a field as guarantor.phone, "state", "amount", "stated balance"
    how: str


@dataclass(slots=True)
class Alike:
    """All messages of one shape. `example` are the first one's values, before and after: content."""

    shape: Shape
    messages: int = 0
    first_id: int = 0
    sums: Money = field(default_factory=Counter)
    example: tuple[Any, Any] = ((), ())


@dataclass(slots=True)
class TrafficDiff:
    """What was found. `messages` were run, all or those before it `is_broken_off`; `differing` come out otherwise in some way."""

    base_id: int
    messages: int = 0
    differing: int = 0
    is_broken_off: bool = False
    shapes: dict[Shape, Alike] = field(default_factory=dict)

    def grouped(self) -> list[Alike]:
        """Sums of money first, then what else touches money, then the most messages."""
        return sorted(
            self.shapes.values(), key=lambda one: (not one.sums, not one.shape.money, -one.messages, one.shape)
        )


def diff(app: App, ids: Sequence[int], tell: Tell) -> TrafficDiff:
    """Run these messages, in their order, by the active version and by the edited files.

    Broken off by KeyboardInterrupt it gives what was found by then, whole messages alone.
    """
    base_id, active = app.active()
    plans = plan_of(base_id, active), plan_of(base_id, app.edited())
    found = TrafficDiff(base_id)
    try:
        with few_collections():
            for start in range(0, len(ids), _TOGETHER):
                with app.store.snapshot() as reader:
                    for page in _compared(app, reader, plans, ids[start : start + _TOGETHER]):
                        for message_id, shapes in page:
                            _note(found, message_id, shapes)
                        tell(found.messages, len(ids))
    except KeyboardInterrupt:
        found.is_broken_off = True
    return found


Found = dict[Shape, tuple[Money, tuple[Any, Any]]]


def _note(found: TrafficDiff, message_id: int, shapes: Found) -> None:
    found.messages += 1
    found.differing += bool(shapes)
    for shape, (sums, example) in shapes.items():
        alike = found.shapes.setdefault(shape, Alike(shape, first_id=message_id, example=example))
        alike.messages += 1
        alike.sums.update(sums)


def _compared(
    app: App, reader: Reader, plans: tuple[Plan, Plan], ids: Sequence[int]
) -> Iterator[list[tuple[int, Found]]]:
    sides = [(plan, Overlay(reader, is_free=True), _bench(app)) for plan in plans]
    for start in range(0, len(ids), _PAGE):
        messages = {one.id: one for one in reader.stored(ids[start : start + _PAGE])}
        ordered = [_alone(messages[number]) for number in ids[start : start + _PAGE] if number in messages]
        old, new = (_ends(app, *side, ordered) for side in sides)
        yield [(one.id, _shapes(old[one.id], new[one.id])) for one in ordered]


def _bench(app: App) -> Bench:
    return Bench(app.store.lane_of, seal=lambda changes: changes, first_id=FAR_IDS)


def _alone(message: StoredMessage) -> StoredMessage:
    """As if nothing held it back, and nobody waited for its answer."""
    return replace(message, state=MessageState.PROCESSED, holds_lane=False, answer_pending=False)


@dataclass(frozen=True, slots=True)
class _End:
    """How one message came out under one version: `moved` is what it would do to what accounts owe, beyond what is booked."""

    run: RunRecord
    readings: Sequence[Reading]
    moved: Money


def _ends(app: App, plan: Plan, overlay: Overlay, bench: Bench, messages: Sequence[StoredMessage]) -> dict[int, _End]:
    found = {}
    for result in rerun(bench, overlay, plan, app.clock, messages):
        overlay.save(result.changes)
        booked = _booked(result)
        for trip, run in zip(result.trips, result.runs, strict=True):
            moved = booked.get(run.message_id, Counter())
            for one in run.unrestated:
                moved[one.currency] += one.said_minor - one.booked_minor
            found[run.message_id] = _End(run, trip.readings, moved)
    return found


def _booked(result: Rerun) -> dict[int, Money]:
    found: dict[int, Money] = {}
    for entry in result.changes.entries:
        for line in entry.lines:
            if line.book is Book.RECEIVABLE:
                found.setdefault(entry.message_id, Counter())[line.currency] += line.amount_minor
    return found


def _shapes(old: _End, new: _End) -> Found:
    found: Found = {}
    before, after = _state(old.run), _state(new.run)
    if before != after:
        says_money = any(map(_says_money, (*old.readings, *new.readings)))
        money = "messages that say money" if says_money else ""
        found[Shape(money, "state", f"{before} -> {after}")] = Counter(), (before, after)
    if moved := _difference(old.moved, new.moved):
        found[Shape("amounts and signs", "amount", How.CHANGED)] = moved, (dict(old.moved), dict(new.moved))
    for was, now in zip(
        old.readings, new.readings, strict=False
    ):  # of one message with one reading, in all but requests
        for one in unlike(was, now):
            name = one.field.removesuffix("_minor")
            sums: Money = Counter()
            if one.field == "balance.amount_minor":
                sums = _difference(_stated(was), _stated(now))
            found[Shape(of_said(one.field), name, one.how)] = sums, (one.old, one.new)
    return found


def _state(run: RunRecord) -> str:
    return f"{run.state} [{run.cause}]" if run.cause else str(run.state)


def _says_money(reading: Reading) -> bool:
    return bool(reading.transactions or reading.balances)


def _stated(reading: Reading) -> Money:
    found: Money = Counter()
    for one in reading.balances:
        found[one.currency] += one.amount_minor
    return found


def _difference(old: Money, new: Money) -> Money:
    found: Money = Counter()
    for currency in {*old, *new}:
        if amount := new[currency] - old[currency]:
            found[currency] = amount
    return found
