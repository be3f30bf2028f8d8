"""Every metric by name: what it counts, in which unit, split by what. The page that lists them is written from here."""

from collections.abc import Iterator
from dataclasses import dataclass

from interface.observe import (
    alert,
    certificate,
    clock,
    database,
    deliver,
    engine,
    files,
    process,
    purge,
    push,
    receive,
    room,
)
from interface.observe.count import about, measured_by
from interface.observe.event import PREFIX, Event
from interface.observe.gauge import GAUGES

MODULES = (receive, process, deliver, push, database, engine, certificate, alert, room, clock, files, purge)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it is shown. `bounds` are the buckets of a histogram."""

    name: str
    kind: str  # counter, histogram, gauge
    labels: tuple[str, ...]
    about: str
    bounds: tuple[float, ...] = ()


def events() -> Iterator[type[Event]]:
    """Every event that can be emitted."""
    for module in MODULES:
        for found in vars(module).values():
            is_own = isinstance(found, type) and issubclass(found, Event) and found.__module__ == module.__name__
            if is_own and hasattr(found, "counter"):
                yield found


def metrics() -> list[Metric]:
    """All of them, sorted by name."""
    found = [
        Metric(one.name if one.name.startswith(PREFIX) else PREFIX + one.name, "gauge", one.labels, one.about)
        for one in GAUGES.values()
    ]
    for event in events():
        found.append(Metric(PREFIX + event.counter, "counter", event.split_by, about(event)))
        found += [Metric(PREFIX + one.name, "counter", event.split_by, one.about) for one in event.sums]
        found += [
            Metric(PREFIX + one.name, "histogram", measured_by(event), one.about, one.bounds)
            for one in event.histograms
        ]
    return sorted(found, key=lambda metric: metric.name)
