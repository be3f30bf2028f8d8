"""Dates and moments as rules read them. What cannot be read is a warning and not said: a bad date stops no registration."""

from datetime import date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from interface.errors import MessageError
from interface.hl7.timestamp import Timestamp, read_timestamp
from interface.mapping.scope import UNSAID, Said, Scope

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_WITH_HOUR: Final = 10  # YYYYMMDDHH: what is shorter names no hour
_LONGEST_REPEAT: Final = 24 * 60  # minutes; some zones have gone back by a whole day


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


def event_at(text: str, zone: ZoneInfo, arrived_at: int) -> tuple[int | None, bool]:
    """When an event happened, as `instant_at`, and whether the hour happened twice.

    A local time of the hour that clocks repeat in autumn says nothing about before and after: 01:10 may be later than 01:50. All
    events of that hour are read as its end, or as their arrival where that is sooner, so that among them arrival decides.
    """
    at = instant_at(text, zone)
    if at is None or len(text) < _WITH_HOUR or text[-5] in "+-":
        return at, False
    stamp = _stamp(text, zone)
    if stamp is None or not stamp.is_ambiguous:
        return at, False
    return min(_end_of_repeated(at // _MINUTE, zone), arrived_at), True


@lru_cache(maxsize=256)
def _end_of_repeated(minute: int, zone: ZoneInfo) -> int:
    """The last microsecond of the local hour that comes twice, by a minute (since 1970 UTC) of its first coming."""

    def offset(at: int) -> int:
        away = datetime.fromtimestamp(at * 60, zone).utcoffset()
        assert away is not None, "a zone has an offset at every instant"
        return int(away.total_seconds()) // 60

    before = offset(minute)
    change = next(at for at in range(minute + 1, minute + _LONGEST_REPEAT) if offset(at) != before)
    return (change + before - offset(change)) * _MINUTE - 1


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
