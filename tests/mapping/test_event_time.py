"""When it happened: EVN-6, EVN-2, MSH-7, arrival, and never far ahead of our own clock."""

from datetime import UTC, datetime

import pytest

from interface.ledger.reading import Reading
from tests.mapping.sample import A04, ARRIVED, NORTH, SECOND, read, with_field

AT_EVN_2 = 1_741_101_295_000_000
AT_MSH_7 = 1_741_101_300_000_000


def test_the_moment_that_it_occurred_comes_first() -> None:
    assert read(with_field(A04, "EVN-6", "20250304091000-0600")).event_at == 1_741_101_000_000_000


def test_then_the_moment_that_it_was_recorded() -> None:
    assert read(A04).event_at == AT_EVN_2


def test_then_the_moment_that_it_was_sent() -> None:
    assert read(with_field(A04, "EVN-2", "")).event_at == AT_MSH_7


def test_then_the_arrival() -> None:
    assert read(with_field(with_field(A04, "EVN-2", ""), "MSH-7", "")).event_at == ARRIVED


@pytest.mark.parametrize("text", ["yesterday", "20251399", "0304"])
def test_a_time_that_cannot_be_read_gives_way_to_the_next_one_with_a_warning(text: str) -> None:
    reading = read(with_field(A04, "EVN-2", text))
    assert reading.event_at == AT_MSH_7
    assert reading.warnings == ("time-unreadable EVN-2",)


def test_a_time_beyond_the_tolerance_is_capped_with_a_warning() -> None:
    reading = read(with_field(A04, "EVN-6", "20260101000000-0600"))
    assert reading.event_at == ARRIVED + NORTH.event_time_tolerance_secs * SECOND
    assert reading.warnings == ("event-time-capped EVN-6",)


def test_a_time_within_the_tolerance_stays() -> None:
    reading = read(A04, arrived_at=AT_EVN_2 - 200 * SECOND)
    assert reading.event_at == AT_EVN_2
    assert reading.warnings == ()


def test_a_time_without_an_offset_is_the_channels() -> None:
    assert read(with_field(A04, "EVN-2", "20250304091455")).event_at == AT_EVN_2


@pytest.mark.parametrize(
    "written", ["20250304091455.0000-0600", "202503040914-0600", "20250304091455-0600", "20250304151455+0000"]
)
def test_every_precision_and_offset_is_read(written: str) -> None:
    assert read(with_field(A04, "EVN-2", written)).event_at in (AT_EVN_2, AT_EVN_2 - 55 * SECOND)


# Chicago, 2 November 2025: at 07:00 UTC clocks go from 02:00 back to 01:00, so that 01:00 to 02:00 comes twice.
def utc(hour: int, minute: int) -> int:
    return int(datetime(2025, 11, 2, hour, minute, tzinfo=UTC).timestamp()) * SECOND


def at_local(written: str, arrived_at: int) -> Reading:
    message = with_field(with_field(A04, "EVN-2", f"20251102{written}"), "MSH-7", "")
    return read(message, arrived_at=arrived_at)


def test_in_the_hour_that_comes_twice_the_later_arrival_is_newer_whatever_the_clock_says() -> None:
    first = at_local("015000", arrived_at=utc(6, 51))
    second = at_local("011000", arrived_at=utc(7, 11))
    assert first.event_at < second.event_at
    assert first.warnings == second.warnings == ("time-repeated EVN-2",)


def test_a_backlog_of_that_hour_is_of_one_time_so_that_its_order_decides() -> None:
    times = {at_local(written, arrived_at=utc(20, 0)).event_at for written in ("015000", "011000", "0130")}
    assert times == {utc(8, 0) - 1}


def test_that_hour_lies_between_the_hours_before_and_after_it() -> None:
    before, within, after = (at_local(written, utc(20, 0)).event_at for written in ("005959", "010000", "020000"))
    assert before < within < after


def test_an_offset_tells_the_two_apart() -> None:
    reading = at_local("013000-0500", arrived_at=utc(20, 0))
    assert (reading.event_at, reading.warnings) == (utc(6, 30), ())
