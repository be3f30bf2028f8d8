"""Counters of this process, kept where events are emitted. Reading them costs; counting must not."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from threading import Lock
from typing import Any

from interface.observe.event import Event


@dataclass(frozen=True, slots=True)
class Count:
    """One counter's value for one set of labels, in the order in which the event names them."""

    name: str  # ends _total
    labels: tuple[tuple[str, str], ...]
    value: int


class Counters:
    """Counts events by class and the fields that split it; sums the fields it declares. Any thread may count."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[type[Event], Any], list[int]] = {}
        self._splits: dict[type[Event], Callable[[Any], Any]] = {}
        self._lock = Lock()

    def count(self, event: Event) -> None:
        """Add one, and what the event carries, to its counters (about a microsecond)."""
        kind = type(event)
        split = self._splits.get(kind)
        if split is None:
            split = self._splits[kind] = attrgetter(*kind.split_by) if kind.split_by else _unsplit
        key = (kind, split(event))
        with self._lock:
            tally = self._tallies.get(key)
            if tally is None:
                tally = self._tallies[key] = [0] * (1 + len(kind.sums))
            tally[0] += 1
            for at, (_, summed) in enumerate(kind.sums, start=1):
                tally[at] += getattr(event, summed)

    def read(self) -> list[Count]:
        """Every counter that ever moved, sorted by name and labels."""
        with self._lock:
            tallies = [(kind, split, list(tally)) for (kind, split), tally in self._tallies.items()]
        counts = []
        for kind, split, tally in tallies:
            values = split if len(kind.split_by) > 1 else (split,)
            labels = tuple(zip(kind.split_by, map(str, values), strict=False))
            names = (kind.counter, *(name for name, _ in kind.sums))
            counts += [Count(name, labels, value) for name, value in zip(names, tally, strict=True)]
        return sorted(counts, key=lambda count: (count.name, count.labels))


def _unsplit(_: Event) -> None:
    return None
