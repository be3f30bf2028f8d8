"""When it happened: EVN-6, EVN-2, MSH-7, arrival, and never far ahead of our own clock."""

import pytest

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
