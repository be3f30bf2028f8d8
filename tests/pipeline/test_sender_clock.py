"""When a sender's clock is told of: by the closest message of a while, once, and once more when it is right again."""

from zoneinfo import ZoneInfo

import pytest

from interface.hl7.timestamp import Precision, write_timestamp
from interface.pipeline.sender_clock import ClockRule, SenderClock, difference

SECOND = 1_000_000
MINUTE = 60 * SECOND
CHICAGO = ZoneInfo("America/Chicago")
NOON = 1_790_000_000 * SECOND
RULE = ClockRule(tolerance=5 * MINUTE, watch=15 * MINUTE, zone=CHICAGO)


def told(clock: SenderClock, *seen: tuple[int, int]) -> list[int | None]:
    """What each message of `seen` makes it tell: minutes since noon at which it arrives, minutes that it is ahead."""
    found = []
    for arrives, ahead in seen:
        at = NOON + arrives * MINUTE
        found.append(clock.see(write_timestamp(at + ahead * MINUTE, CHICAGO), at))
    return found


@pytest.mark.parametrize("minutes", [61, -10])
def test_a_clock_that_is_off_for_the_whole_while_is_told_of_once(minutes: int) -> None:
    clock = SenderClock(RULE)
    assert told(clock, *((at, minutes) for at in range(0, 60, 5))) == [None] * 3 + [minutes * MINUTE] + [None] * 8
    assert clock.off_by == minutes * MINUTE


def test_the_closest_message_judges() -> None:
    clock = SenderClock(RULE)
    assert told(clock, (0, -300), (5, -9), (10, -7), (15, -300))[-1] == -7 * MINUTE


def test_what_waited_for_a_line_accuses_nobody_once_the_line_is_up() -> None:
    assert told(SenderClock(RULE), (0, -240), (1, -120), (2, 0), (20, -200)) == [None] * 4


def test_it_is_right_again_within_half_of_the_tolerance_and_not_before() -> None:
    clock = SenderClock(RULE)
    told(clock, (0, 9), (15, 9))
    assert told(clock, (16, 4), (17, 3), (18, 2), (19, 1)) == [None, None, 0, None]
    assert clock.off_by == 0


def test_while_it_is_off_the_latest_measure_stands() -> None:
    clock = SenderClock(RULE)
    told(clock, (0, 9), (15, 9), (16, 30), (31, 30))
    assert clock.off_by == 30 * MINUTE


def test_two_messages_of_a_quiet_feed_are_enough() -> None:
    assert told(SenderClock(RULE), (0, 9), (600, 9)) == [None, 9 * MINUTE]


def test_one_message_a_second_is_looked_at() -> None:
    clock = SenderClock(ClockRule(tolerance=MINUTE, watch=SECOND // 2, zone=CHICAGO))
    late = write_timestamp(NOON - 5 * MINUTE, CHICAGO)
    assert [clock.see(late, NOON + millis * 1000) for millis in (0, 600, 999, 1000)] == [None] * 3 + [-300 * SECOND]


def test_our_clock_set_back_starts_a_new_while() -> None:
    assert told(SenderClock(RULE), (600, 9), (0, 9), (14, 9), (15, 9)) == [None] * 3 + [9 * MINUTE]


def test_without_a_tolerance_nobody_is_told() -> None:
    assert told(SenderClock(), (0, 500), (600, 500)) == [None, None]


def test_a_time_without_an_offset_is_the_channels_own() -> None:
    stamp = write_timestamp(NOON, CHICAGO)[:14]
    assert difference(stamp, NOON, CHICAGO) == 0
    assert difference(stamp, NOON, ZoneInfo("America/New_York")) == -60 * MINUTE


@pytest.mark.parametrize("stamp", ["", "0", "20260305", "2026030509", "March", "20261101013000", "20260308023000"])
def test_what_says_nothing_exact_is_not_judged(stamp: str) -> None:
    assert difference(stamp, NOON, CHICAGO) is None


def test_a_degree_of_precision_behind_the_time_is_left_out() -> None:
    stamp = write_timestamp(NOON, CHICAGO, Precision.SECOND)
    assert difference(f"{stamp}^S", NOON, CHICAGO) == 0
