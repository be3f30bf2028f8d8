"""How fast a source takes messages: so many a second in the long run, and a burst at once. Beyond it reading waits."""

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall


class Timer(Protocol):
    """The part of a reactor that knows the time and calls later."""

    def seconds(self) -> float: ...
    def callLater(self, delay: float, call: Callable[[], object], /) -> IDelayedCall: ...  # noqa: N802 - Twisted's name


class Rate:
    """A bucket of tokens that all connections of a source share. One read may overdraw it; then all wait until it is paid.

    Who waits is let on one by one as tokens come, in the order of waiting: a peer that floods keeps no other one out.
    """

    def __init__(self, per_sec: float, burst: int, timer: Timer) -> None:
        """`per_sec` messages a second, more than 0; at most `burst` at once after a rest."""
        self._per_sec = per_sec
        self._burst = burst
        self._timer = timer
        self._tokens = float(burst)
        self._filled_at = timer.seconds()
        self._waiting: dict[Callable[[], None], None] = {}  # a set that keeps its order
        self._alarm: IDelayedCall | None = None

    def take(self, messages: int) -> bool:
        """Count what one read brought; False where reading is to wait now."""
        self._fill()
        self._tokens -= messages
        return self._tokens >= 1

    def when_filled(self, resume: Callable[[], None]) -> None:
        """Call `resume` once when it may read again."""
        self._waiting[resume] = None
        self._set_alarm()

    def forget(self, resume: Callable[[], None]) -> None:
        """Do not call `resume` any more; its connection is gone."""
        self._waiting.pop(resume, None)
        if not self._waiting and self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _fill(self) -> None:
        now = self._timer.seconds()
        self._tokens = min(float(self._burst), self._tokens + (now - self._filled_at) * self._per_sec)
        self._filled_at = now

    def _set_alarm(self) -> None:
        if self._waiting and self._alarm is None:
            self._fill()
            wait_secs = max(1 - self._tokens, 1.0) / self._per_sec
            self._alarm = self._timer.callLater(wait_secs, self._let_on)

    def _let_on(self) -> None:
        self._alarm = None
        self._fill()
        for resume in list(self._waiting)[: max(1, int(self._tokens + 1e-6))]:
            del self._waiting[resume]
            resume()
        self._set_alarm()
