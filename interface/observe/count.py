"""Counters and histograms of this process, kept where events are emitted. Reading them costs; counting must not.

Once they are shared (`interface.observe.shared`), each value also lies in a file that another process reads, and that a part
which is started again goes on from: what is killed loses no count, and no count goes back.
"""

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from threading import Lock
from typing import Any, Protocol

from interface.observe.event import Event, Histogram

MOST_SERIES = 500  # of one event, by its labels; what comes beyond is counted together
_OTHER = "other"
_LONGEST_LABEL = 100


@dataclass(frozen=True, slots=True)
class Count:
    """One counter's value for one set of labels, in the order in which the event names them."""

    name: str  # ends _total
    labels: tuple[tuple[str, str], ...]
    value: float


class Shared(Protocol):
    """Where values lie that other processes read: what an earlier process left of one, and a new value for it."""

    def counter(self, name: str, labels: tuple[tuple[str, str], ...], about: str) -> "Cell": ...
    def buckets(self, histogram: Histogram, labels: tuple[tuple[str, str], ...]) -> "list[Cell]": ...


class Cell(Protocol):
    """One shared value."""

    def add(self, amount: float) -> None: ...


@dataclass(slots=True)
class _Own:
    """A value of this process alone."""

    value: float = 0

    def add(self, amount: float) -> None:
        self.value += amount


@dataclass(slots=True)
class _Series:
    """One event's values under one set of labels: the counter, then the sums."""

    labels: tuple[tuple[str, str], ...]
    own: list[_Own]
    shared: list[Cell]


@dataclass(slots=True)
class _Measured:
    """One event's histograms under one set of labels: a cell for each bucket, the last one without bound, then the sum."""

    labels: tuple[tuple[str, str], ...]
    shared: list[list[Cell]]


@dataclass(slots=True)
class _Kind:
    """How one class of events is counted."""

    kind: type[Event]
    split: Callable[[Any], Any]
    measured: Callable[[Any], Any]
    series: dict[Any, _Series] = field(default_factory=dict)
    histograms: dict[Any, _Measured] = field(default_factory=dict)


class Counters:
    """Counts events by class and the fields that split it; sums and measures the fields it declares. Any thread may count."""

    def __init__(self) -> None:
        self._kinds: dict[type[Event], _Kind] = {}
        self._lock = Lock()
        self._shared: Shared | None = None

    def share(self, shared: Shared) -> None:
        """From now on other processes see what is counted, and what was counted so far."""
        with self._lock:
            self._shared = shared
            for kind in self._kinds.values():
                kind.histograms.clear()
                for series in kind.series.values():
                    series.shared = self._cells(kind.kind, series.labels)
                    for own, cell in zip(series.own, series.shared, strict=True):
                        cell.add(own.value)

    def clear(self) -> None:
        """Begin again at nothing, seen by this process alone."""
        with self._lock:
            self._kinds.clear()
            self._shared = None

    def count(self, event: Event) -> None:
        """Add what the event stands for, and what it carries, to its counters and histograms (one to three microseconds)."""
        of = type(event)
        kind = self._kinds.get(of)
        if kind is None:
            kind = self._kinds[of] = _Kind(of, _getter(of.split_by), _getter(measured_by(of)))
        split = kind.split(event)
        times = len(getattr(event, of.each)) if of.each else 1
        with self._lock:
            series = kind.series.get(split) or self._new_series(kind, split)
            series.own[0].value += times
            for cell in series.shared:
                cell.add(times)
                break
            for at, summed in enumerate(of.sums, start=1):
                amount = getattr(event, summed.field)
                series.own[at].value += amount
                if series.shared:
                    series.shared[at].add(amount)
            if of.histograms and self._shared is not None:
                self._measure(kind, event)

    def _measure(self, kind: _Kind, event: Event) -> None:
        split = kind.measured(event)
        measured = kind.histograms.get(split)
        if measured is None:
            measured = self._new_measured(kind, split)
        for histogram, cells in zip(kind.kind.histograms, measured.shared, strict=True):
            found = getattr(event, histogram.field)
            if kind.kind.each != histogram.field:
                value = found / histogram.divisor
                cells[bisect_left(histogram.bounds, value)].add(1)
                cells[-1].add(value)
                continue
            values = [one / histogram.divisor for one in found]
            for at, times in Tally(bisect_left(histogram.bounds, value) for value in values).items():
                cells[at].add(times)
            cells[-1].add(sum(values))

    def _new_series(self, kind: _Kind, split: Any) -> _Series:
        labels = _labels(kind.kind.split_by, split)
        if len(kind.series) >= MOST_SERIES:
            split = _others(kind.kind.split_by)
            labels = _labels(kind.kind.split_by, split)
            if split in kind.series:
                return kind.series[split]
        own = [_Own() for _ in range(1 + len(kind.kind.sums))]
        series = kind.series[split] = _Series(labels, own, self._cells(kind.kind, labels))
        return series

    def _new_measured(self, kind: _Kind, split: Any) -> _Measured:
        names = measured_by(kind.kind)
        if len(kind.histograms) >= MOST_SERIES:
            split = _others(names)
            if split in kind.histograms:
                return kind.histograms[split]
        labels = _labels(names, split)
        assert self._shared is not None, "asked by the caller"
        shared = [self._shared.buckets(one, labels) for one in kind.kind.histograms]
        measured = kind.histograms[split] = _Measured(labels, shared)
        return measured

    def _cells(self, kind: type[Event], labels: tuple[tuple[str, str], ...]) -> list[Cell]:
        if self._shared is None:
            return []
        named = [(kind.counter, about(kind)), *((one.name, one.about) for one in kind.sums)]
        return [self._shared.counter(name, labels, text) for name, text in named]

    def read(self) -> list[Count]:
        """Every counter that this process ever moved, sorted by name and labels."""
        counts = []
        with self._lock:
            for kind in self._kinds.values():
                names = (kind.kind.counter, *(one.name for one in kind.kind.sums))
                for series in kind.series.values():
                    counts += [
                        Count(name, series.labels, own.value) for name, own in zip(names, series.own, strict=True)
                    ]
        return sorted(counts, key=lambda count: (count.name, count.labels))


def about(kind: type[Event]) -> str:
    """What a counter counts: the first sentence of the event's description."""
    text = " ".join((kind.__doc__ or "").split())
    first = text.partition(". ")[0].rstrip(".")
    return f"{first}."


def measured_by(kind: type[Event]) -> tuple[str, ...]:
    """The fields that an event's histograms are split by."""
    return kind.split_by if kind.measured_by is None else kind.measured_by


def _getter(names: tuple[str, ...]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else _unsplit


def _unsplit(_: Event) -> None:
    return None


def _labels(names: tuple[str, ...], split: Any) -> tuple[tuple[str, str], ...]:
    values = split if len(names) > 1 else (split,)
    return tuple((name, str(value)[:_LONGEST_LABEL]) for name, value in zip(names, values, strict=False))


def _others(names: tuple[str, ...]) -> Any:
    return (_OTHER,) * len(names) if len(names) > 1 else _OTHER
