"""Events of the machine's clock, which people and services set while the engine runs."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.engine import Running
from interface.observe.event import Level


@dataclass(frozen=True, slots=True)
class ClockStepped(Running):
    """The clock was set: forward by `by_micros`, or back where that is negative. Waits of what runs are not touched by it."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "clock_steps_total"
    split_by: ClassVar = ("part",)
    part: str
    by_micros: int


@dataclass(frozen=True, slots=True)
class ClockBehind(Running):
    """The clock is behind the last time that the database knows, by more than `clock_tolerance_secs`: one of them was wrong."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "clock_behind_total"
    split_by: ClassVar = ("part",)
    part: str
    behind_micros: int
