"""What an event is. The named events stand beside this file, one file for each stage.

An event holds names, ids, codes, sizes, durations and places: never a value out of a message, not even a control id,
for a sender may write anything there. Each class says once at which stage it happens, how loud its log line is, which
counter it moves, which fields that counter is split by (closed sets only: no ids, no peers), which are summed, and which are
measured into a histogram. What happens to each message is told of many at once. Names are written without the prefix that
they are shown with.
"""

import logging
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import ClassVar


class Stage(StrEnum):
    """Where on a message's path something happened."""

    RECEIVE = "receive"
    PROCESS = "process"
    DELIVER = "deliver"
    ENGINE = "engine"  # the parts themselves, not a message


class Level(IntEnum):
    """How loud an event is in the log; counted it is in any case."""

    DEBUG = logging.DEBUG  # of each message: normally not written
    INFO = logging.INFO
    WARNING = logging.WARNING  # something was not as it should be; nothing is lost
    ERROR = logging.ERROR  # somebody must look


PREFIX = "hp24_"  # of every metric, where it is shown
MILLION = 1_000_000
# Upper bounds in seconds: of what should take milliseconds, and of what may wait for hours.
SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LONG = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 43200.0)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)


@dataclass(frozen=True, slots=True)
class Sum:
    """A counter that a field of the event is added to."""

    name: str
    field: str
    about: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """A distribution of a field of the event: how often it was at most each of `bounds`. `divisor` gives the metric's unit."""

    name: str
    field: str
    about: str
    bounds: tuple[float, ...]
    divisor: float = 1


class Event:
    """What every event declares."""

    __slots__ = ()
    stage: ClassVar[Stage]
    level: ClassVar[int] = Level.DEBUG
    counter: ClassVar[str]
    split_by: ClassVar[tuple[str, ...]] = ()
    each: ClassVar[str] = ""  # a field with a value for each of the many that an event stands for; mostly it is one
    sums: ClassVar[tuple[Sum, ...]] = ()
    histograms: ClassVar[tuple[Histogram, ...]] = ()
    measured_by: ClassVar[tuple[str, ...] | None] = (
        None  # the fields that histograms are split by; None: as the counter
    )
    quiet_secs: ClassVar[float] = (
        0.0  # an equal event within so long is counted and not written: a log has no end, a disk has
    )
    ends_quiet: ClassVar[bool] = False  # from here on everything is news again
