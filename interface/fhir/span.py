"""Whether a Period runs backwards, whatever the precision of its ends (R4 section 2.24.0.20)."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from interface.fhir.primitive import PRIMITIVES

_ZONES: Final = timedelta(hours=14)  # a date beside a time may be meant in any zone
_FULL: Final = 10  # characters of a date with its day


def is_backwards(start: Any, end: Any) -> bool:
    """Whether the start is after the end for sure; no, where one is absent or no dateTime."""
    fits = PRIMITIVES["dateTime"].fits
    if not (isinstance(start, str) and isinstance(end, str) and fits(start) and fits(end)):
        return False
    slack = timedelta(0) if (len(start) > _FULL) is (len(end) > _FULL) else _ZONES
    try:
        return _earliest(start) - slack > _latest(end)
    except OverflowError:  # at the ends of the calendar: nobody can tell
        return False


def _earliest(text: str) -> datetime:
    if len(text) > _FULL:
        return _moment(text)
    first = date.fromisoformat(f"{text}-01-01"[:_FULL]) if len(text) < _FULL else date.fromisoformat(text)
    return datetime.combine(first, time(), UTC)


def _latest(text: str) -> datetime:
    if len(text) > _FULL:
        return _moment(text)
    first = _earliest(text)
    match len(text):
        case 4:
            return first.replace(month=12, day=31)
        case 7:
            return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        case _:
            return first


def _moment(text: str) -> datetime:
    leap = text[17:19] == "60"  # Python's clock has no leap second
    clock = f"{text[:17]}59{text[19:]}" if leap else text
    head, point, rest = clock.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    zone = rest[len(digits) :] if point else ""
    return datetime.fromisoformat(f"{head}.{digits[:6]:0<6}{zone}" if point else clock)
