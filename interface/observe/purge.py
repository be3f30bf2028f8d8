"""Events of removing what its time is over for."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.event import Event, Level, Stage, Sum


class Purging(Event):
    """What the events of this work share."""

    __slots__ = ()
    stage: ClassVar = Stage.ENGINE


@dataclass(frozen=True, slots=True)
class RowsPurged(Purging):
    """A step removed so many rows by a rule."""

    counter: ClassVar = "purge_steps_total"
    split_by: ClassVar = ("rule",)
    sums: ClassVar = (
        Sum("rows_purged_total", "rows", "Rows that were removed because their time was over."),
        Sum("bytes_purged_total", "size_bytes", "Bytes of what was removed because its time was over."),
    )
    rule: str
    rows: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PurgeEnded(Purging):
    """A run of the purge ended; `kept`: rows whose time is over and that something still needs."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "purges_total"
    rows: int
    size_bytes: int
    kept: int
