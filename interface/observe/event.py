"""What an event is. The named events stand beside this file, one file for each stage.

An event holds names, ids, codes, sizes, durations and places: never a value out of a message, not even a control id,
for a sender may write anything there. Each class says once at which stage it happens, how loud its log line is, which
counter it moves, which fields that counter is split by (closed sets only: no ids, no peers), and which are summed.
"""

import logging
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


class Event:
    """What every event declares."""

    __slots__ = ()
    stage: ClassVar[Stage]
    level: ClassVar[int] = Level.DEBUG
    counter: ClassVar[str]
    split_by: ClassVar[tuple[str, ...]] = ()
    sums: ClassVar[tuple[tuple[str, str], ...]] = ()  # (counter, field that is added to it)
    quiet_secs: ClassVar[float] = (
        0.0  # an equal event within so long is counted and not written: a log has no end, a disk has
    )
    ends_quiet: ClassVar[bool] = False  # from here on everything is news again
