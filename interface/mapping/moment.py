"""Dates and moments as rules read them. What cannot be read is a warning and not said: a bad date stops no registration."""

from datetime import date
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from interface.errors import MessageError
from interface.hl7.timestamp import Timestamp, read_timestamp
from interface.mapping.scope import UNSAID, Said, Scope

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_SECOND: Final = 1_000_000


def instant_at(text: str, zone: ZoneInfo) -> int | None:
    """UTC microseconds of a time as sent; None for zeros. Raises MessageError as `read_timestamp` does."""
    # Whole seconds with an offset are what nearly every sender writes: read without pattern and zone, in a tenth of the time.
    if len(text) == 19 and text[14] in "+-" and text[:14].isdecimal() and text[15:].isdecimal() and text.isascii():
        hour, minute, second = int(text[8:10]), int(text[10:12]), int(text[12:14])
        away_hours, away_minutes = int(text[15:17]), int(text[17:])
        if hour < 24 and minute < 60 and second < 60 and away_hours < 24 and away_minutes < 60:
            try:
                day = date(int(text[:4]), int(text[4:6]), int(text[6:8])).toordinal() - _EPOCH_DAY
            except ValueError:
                pass  # no such day: the full reader says so
            else:
                away = away_hours * 3600 + away_minutes * 60
                seconds = day * 86400 + hour * 3600 + minute * 60 + second
                return (seconds + away if text[14] == "-" else seconds - away) * _SECOND
    stamp = _stamp(text, zone)
    return None if stamp is None else stamp.at


@lru_cache(maxsize=4096)  # admissions come again with every update of a visit
def _stamp(text: str, zone: ZoneInfo) -> Timestamp | None:
    return read_timestamp(text, zone)


def instant(text: str, scope: Scope, place: str) -> Said:
    """A rule's moment."""
    try:
        at = instant_at(text, scope.context.timezone)
    except MessageError:
        scope.warn("time-unreadable", place)
        return UNSAID
    return UNSAID if at is None else at


def day(text: str, scope: Scope, place: str) -> Said:
    """A rule's date: YYYY-MM-DD, or as much of it as was sent; the local date as written, whatever the time behind it."""
    try:
        return _day(text, scope.context.timezone) or UNSAID
    except MessageError:
        scope.warn("date-unreadable", place)
        return UNSAID


@lru_cache(maxsize=4096)
def _day(text: str, zone: ZoneInfo) -> str:
    stamp = read_timestamp(text, zone)
    return "" if stamp is None else stamp.iso_date
