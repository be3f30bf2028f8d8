from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.errors import MessageError
from interface.hl7.timestamp import Precision, Timestamp, read_timestamp, write_timestamp

CHICAGO = ZoneInfo("America/Chicago")


def utc(year: int, month: int, day: int, *time: int) -> int:
    hour, minute, second = (*time, 0, 0, 0)[:3]
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1_000_000


def read(text: str) -> Timestamp:
    found = read_timestamp(text, CHICAGO)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "at", "precision"),
    [
        ("2025", utc(2025, 1, 1, 6), Precision.YEAR),
        ("202503", utc(2025, 3, 1, 6), Precision.MONTH),
        ("20250304", utc(2025, 3, 4, 6), Precision.DAY),
        ("2025030409", utc(2025, 3, 4, 15), Precision.HOUR),
        ("202503040915", utc(2025, 3, 4, 15, 15), Precision.MINUTE),
        ("20250304091530", utc(2025, 3, 4, 15, 15, 30), Precision.SECOND),
        ("20250304091530.1234", utc(2025, 3, 4, 15, 15, 30) + 123_400, Precision.FRACTION),
        ("20250304091530.123456789", utc(2025, 3, 4, 15, 15, 30) + 123_456, Precision.FRACTION),
        ("202503040000", utc(2025, 3, 4, 6), Precision.MINUTE),
        ("202503042400", utc(2025, 3, 5, 6), Precision.MINUTE),
        ("20250704120000", utc(2025, 7, 4, 17), Precision.SECOND),
        (" 20250304 ", utc(2025, 3, 4, 6), Precision.DAY),
    ],
)
def test_precision_is_kept_and_the_zone_applied(text: str, at: int, precision: Precision) -> None:
    found = read(text)
    assert (found.at, found.precision, found.had_offset) == (at, precision, False)
    assert found.text == text.strip()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("20250304091500-0600", utc(2025, 3, 4, 15, 15)),
        ("20250304+0130", utc(2025, 3, 3, 22, 30)),
        ("202503040915+0000", utc(2025, 3, 4, 9, 15)),
    ],
)
def test_an_offset_is_stronger_than_the_zone(text: str, at: int) -> None:
    found = read(text)
    assert (found.at, found.had_offset) == (at, True)


def test_the_hour_that_happens_twice_is_marked_and_read_as_the_first() -> None:
    found = read("20251102013000")
    assert (found.at, found.is_ambiguous, found.is_imaginary) == (utc(2025, 11, 2, 6, 30), True, False)


def test_the_hour_that_never_happens_is_marked() -> None:
    found = read("20250309023000")
    assert (found.at, found.is_ambiguous, found.is_imaginary) == (utc(2025, 3, 9, 8, 30), False, True)


def test_with_an_offset_no_hour_is_ambiguous() -> None:
    assert not read("20251102013000-0600").is_ambiguous


@pytest.mark.parametrize("text", ["", "  ", "0", "00000000", "00000000000000", "000000000000"])
def test_zeros_are_no_time(text: str) -> None:
    assert read_timestamp(text, CHICAGO) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("250304", "timestamp-malformed"),
        ("03/04/2025", "timestamp-malformed"),
        ("2025-03-04", "timestamp-malformed"),
        ("20250304T0915", "timestamp-malformed"),
        ("2025030", "timestamp-malformed"),
        ("20250304.5", "timestamp-malformed"),
        ("250304091500", "timestamp-malformed"),
        ("٢٠٢٥٠٣٠٤", "timestamp-malformed"),
        ("20251304", "timestamp-impossible"),
        ("20250230", "timestamp-impossible"),
        ("2025030425", "timestamp-impossible"),
        ("202503042401", "timestamp-impossible"),
        ("20250304091500-0099", "timestamp-impossible"),
        ("20250304091500+9900", "timestamp-impossible"),
    ],
)
def test_other_shapes_are_refused_without_their_value(text: str, code: str) -> None:
    with pytest.raises(MessageError) as raised:
        read_timestamp(text, CHICAGO, "PV1-44")
    assert (raised.value.code, raised.value.place) == (code, "PV1-44")
    assert text not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "on", "iso"),
    [
        ("20250304233000-0600", date(2025, 3, 4), "2025-03-04"),
        ("202503042400", date(2025, 3, 5), "2025-03-05"),
        ("202503", date(2025, 3, 1), "2025-03"),
        ("2025", date(2025, 1, 1), "2025"),
    ],
)
def test_the_date_is_the_senders_and_no_more_exact_than_written(text: str, on: date, iso: str) -> None:
    found = read(text)
    assert (found.on, found.iso_date) == (on, iso)


@given(st.integers(utc(1900, 1, 1), utc(2100, 1, 1)), st.sampled_from(["America/Chicago", "UTC", "Asia/Kolkata"]))
def test_what_is_written_reads_as_the_same_instant(at: int, zone: str) -> None:
    seconds = at // 1_000_000 // 60 * 60 * 1_000_000
    if datetime.fromtimestamp(seconds // 1_000_000, ZoneInfo(zone)).utcoffset().seconds % 60:  # type: ignore[union-attr]  # it has a zone
        return  # local mean time of before 1900s has seconds, which HL7 cannot write
    written = write_timestamp(seconds, ZoneInfo(zone))
    found = read_timestamp(written, UTC)
    assert found is not None
    assert found.at == seconds


@pytest.mark.parametrize(
    ("precision", "text"),
    [
        (Precision.YEAR, "2025"),
        (Precision.DAY, "20250304"),
        (Precision.MINUTE, "202503040915-0600"),
        (Precision.SECOND, "20250304091530-0600"),
        (Precision.FRACTION, "20250304091530.1234-0600"),
    ],
)
def test_times_are_written_as_precise_as_asked(precision: Precision, text: str) -> None:
    assert write_timestamp(utc(2025, 3, 4, 15, 15, 30) + 123_456, CHICAGO, precision) == text
