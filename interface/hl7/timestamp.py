"""HL7 times (TS, DTM, DT; v2.5.1 section 2.A.22): what was written, how exact it is, and the instant it begins at."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Final

from interface.errors import MessageError

_SHAPE: Final = re.compile(r"(\d{4}(?:\d\d){0,5})(?:(?<=\d{14})\.(\d{1,9}))?([+-]\d{4})?", re.ASCII)
_FIRST_INSTANT: Final = "00000101000000"
_YEARS: Final = range(1800, 2200)  # beyond them the year was most likely written with two digits
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Precision(StrEnum):
    """The last part that was written."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    SECOND = "second"
    FRACTION = "fraction"


_BY_LENGTH: Final = dict(zip((4, 6, 8, 10, 12, 14), Precision, strict=False))


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A time as sent. `at` is UTC microseconds of its first instant; `on` its local date (of 24:00, the day after).

    `is_ambiguous`: the hour happens twice when clocks go back, and the first was taken. `is_imaginary`: clocks went
    forward over it, and the offset before the change was taken. Both can only be without an offset.
    """

    text: str
    at: int
    on: date
    precision: Precision
    had_offset: bool = False
    is_ambiguous: bool = False
    is_imaginary: bool = False

    @property
    def iso_date(self) -> str:
        """`YYYY`, `YYYY-MM` or `YYYY-MM-DD`, no more exact than what was written."""
        length = {Precision.YEAR: 4, Precision.MONTH: 7}.get(self.precision, 10)
        return self.on.isoformat()[:length]


def read_timestamp(text: str, zone: tzinfo, place: str = "") -> Timestamp | None:
    """Reads the text of TS.1, DTM or DT; `zone` is the sender's where the text has no offset.

    None for what senders write instead of nothing: empty text, zeros. Raises MessageError `timestamp-malformed` for
    any other shape (two-digit years among them) and `timestamp-impossible` for a date or hour that does not exist.
    """
    text = text.strip()
    if not text.strip("0"):
        return None
    shape = _SHAPE.fullmatch(text)
    if shape is None or int(text[:4]) not in _YEARS:
        raise MessageError(
            "timestamp-malformed",
            "a time is YYYY[MM[DD[HH[MM[SS[.ssss]]]]]][+/-ZZZZ]",
            place=place,
            advice="have the sender correct it, or map the field by a rule of its own",
        )
    try:
        return _timestamp(text, shape, zone)
    except (ValueError, OverflowError):
        raise MessageError("timestamp-impossible", "there is no such date or time of day", place=place) from None


def _timestamp(text: str, shape: re.Match[str], zone: tzinfo) -> Timestamp:
    digits, fraction, offset = shape.groups()
    whole = digits + _FIRST_INSTANT[len(digits) :]
    is_day_after = whole[8:] == "240000"
    local = datetime(
        int(whole[:4]),
        int(whole[4:6]),
        int(whole[6:8]),
        0 if is_day_after else int(whole[8:10]),
        int(whole[10:12]),
        int(whole[12:]),
        int(fraction.ljust(6, "0")[:6]) if fraction else 0,
        tzinfo=timezone(_offset(offset)) if offset else zone,
    )
    if is_day_after:
        local += timedelta(days=1)
    precision = Precision.FRACTION if fraction else _BY_LENGTH[len(digits)]
    is_ambiguous, is_imaginary = (False, False) if offset or len(digits) <= 8 else _fold(local, zone)
    return Timestamp(text, _micros(local), local.date(), precision, bool(offset), is_ambiguous, is_imaginary)


def _offset(written: str) -> timedelta:
    if int(written[3:]) > 59:
        raise ValueError
    size = timedelta(hours=int(written[1:3]), minutes=int(written[3:]))
    return -size if written[0] == "-" else size


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _fold(placed: datetime, zone: tzinfo) -> tuple[bool, bool]:
    """Whether the local time happens twice, or never (PEP 495)."""
    first, second = placed.utcoffset(), placed.replace(fold=1).utcoffset()
    if first == second:
        return False, False
    there = placed.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0)
    exists = there == placed.replace(tzinfo=None)
    return exists, not exists


def write_timestamp(at: int, zone: tzinfo, precision: Precision = Precision.SECOND) -> str:
    """`at` (UTC microseconds) in `zone`, as precise as asked; with an hour goes the offset. A fraction has four digits."""
    moment = (_EPOCH + at * _MICROSECOND).astimezone(zone)
    digits = moment.strftime("%Y%m%d%H%M%S")
    length = next((length for length, each in _BY_LENGTH.items() if each is precision), 14)
    fraction = f".{moment.microsecond // 100:04d}" if precision is Precision.FRACTION else ""
    return digits[:length].rjust(length, "0") + fraction + (moment.strftime("%z")[:5] if length > 8 else "")
