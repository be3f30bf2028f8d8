"""A sender's clock as its messages show it: MSH-7 beside the arrival. Told once when it is off, and once when it is right again.

One message proves nothing: it may have waited for a line, or be sent again. So of each stretch of time the message that comes
closest judges, and what is told stands until one comes within half the tolerance.
"""

from dataclasses import dataclass
from datetime import UTC, tzinfo

from interface.errors import MessageError
from interface.hl7.timestamp import Precision, read_timestamp

_EVERY_MICROS = 1_000_000  # one message a second says as much as all of them
_EXACT = (Precision.MINUTE, Precision.SECOND, Precision.FRACTION)


@dataclass(frozen=True, slots=True)
class ClockRule:
    """When a channel's sender is told of: `tolerance` either way (0: never), over `watch`, both in microseconds.

    `zone` is that of times without an offset.
    """

    tolerance: int = 0
    watch: int = 0
    zone: tzinfo = UTC


NEVER = ClockRule()


class SenderClock:
    """One channel's. One thread's, as the reactor's."""

    def __init__(self, rule: ClockRule = NEVER) -> None:
        self.rule = rule
        self.off_by = 0  # what was told, in microseconds: ahead of ours, behind where negative; 0: it is right
        self._looked_at = 0
        self._began_at = 0
        self._closest: int | None = None

    def see(self, stamp: str, at: int) -> int | None:
        """Take MSH-7 of a message that arrived `at`. Gives what is to be told: how far it is off, 0 once it is right again."""
        if not self.rule.tolerance or 0 <= at - self._looked_at < _EVERY_MICROS:
            return None
        by = difference(stamp, at, self.rule.zone)
        if by is None:
            return None
        self._looked_at = at
        if self._closest is None or at < self._began_at:
            self._began_at, self._closest = at, by
        self._closest = min(self._closest, by, key=abs)
        return self._judged(at)

    def _judged(self, at: int) -> int | None:
        assert self._closest is not None, "something was seen"
        closest, is_over = self._closest, at - self._began_at >= self.rule.watch
        if is_over:
            self._closest = None
        if self.off_by and abs(closest) <= self.rule.tolerance // 2:
            self.off_by = 0
            return 0
        if not is_over or abs(closest) <= self.rule.tolerance:
            return None
        is_news, self.off_by = not self.off_by, closest
        return closest if is_news else None


def difference(stamp: str, at: int, zone: tzinfo) -> int | None:
    """By how much a time as sent is ahead of the arrival, in microseconds; None where it says nothing exact.

    The hour that comes twice when clocks go back, and the one that never comes, say nothing.
    """
    try:
        found = read_timestamp(stamp.partition("^")[0], zone)
    except MessageError:
        return None
    if found is None or found.precision not in _EXACT or found.is_ambiguous or found.is_imaginary:
        return None
    return found.at - at
