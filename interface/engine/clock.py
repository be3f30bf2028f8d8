"""The engine's clocks: the machine's own, a watch over its being set, and the one that arrivals are stamped with.

Whatever waits or lasts is measured by a clock that nobody sets (the monotonic one, the reactor's). The machine's clock only says
when something happened.
"""

import time
from collections.abc import Callable

_MICROS = 1_000_000


class SystemClock:
    """The machine's clock in UTC microseconds."""

    def now(self) -> int:
        """Microseconds since 1970 UTC."""
        return time.time_ns() // 1000


class ClockWatch:
    """Notices that the clock was set: that it moved otherwise than the monotonic one."""

    def __init__(
        self,
        now: Callable[[], int],
        *,
        tolerance_secs: float,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._seconds = seconds
        self._tolerance = int(tolerance_secs * _MICROS)
        self._offset = self._measure()

    def step(self) -> int:
        """By how much (microseconds) the clock was set since this was asked last; 0 within the tolerance.

        A clock that is slewed little by little is followed, and never told of.
        """
        before, self._offset = self._offset, self._measure()
        by = self._offset - before
        return by if abs(by) > self._tolerance else 0

    def _measure(self) -> int:
        return self._now() - int(self._seconds() * _MICROS)


class ArrivalClock:
    """Stamps arrivals, never earlier than what arrived before.

    A message's event time is trusted as far as its arrival; were arrivals stamped behind those of an hour ago, what the EHR says
    now would look older than what it said then, and lose. A clock set back by more than `hold_secs` is followed all the same:
    then the time before was the wrong one. One thread's, as the reactor's.
    """

    def __init__(self, now: Callable[[], int], last: int, *, hold_secs: float) -> None:
        """`last`: when the newest message known arrived, 0 where there is none."""
        self._now = now
        self._last = last
        self._hold = int(hold_secs * _MICROS)

    def now(self) -> int:
        """Microseconds since 1970 UTC."""
        now = self._now()
        if now >= self._last or self._last - now > self._hold:
            self._last = now
        return self._last
