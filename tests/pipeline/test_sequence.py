"""Which messages of a batch wait behind another one of their lane."""

from interface.pipeline.sequence import Lanes
from interface.row.message import Parked

TENTH = 10  # the place of the message that asks


def test_only_the_blocked_lane_waits() -> None:
    lanes = Lanes(heads={1: 4}, roots={})
    assert lanes.is_blocked(TENTH, (1,))
    assert not lanes.is_blocked(TENTH, (2,))


def test_a_message_of_two_lanes_carries_the_wait_into_the_other_lane() -> None:
    lanes = Lanes(heads={1: 4}, roots={})
    lanes.park(Parked(9, (1, 2)), 9)
    assert lanes.is_blocked(TENTH, (2,))
    assert [(one.message_id, one.lanes) for one in lanes.parked] == [(9, (1, 2))]


def test_a_merge_joins_its_lanes_under_one_root() -> None:
    lanes = Lanes(heads={}, roots={})
    assert lanes.join((5, 9)) == (5,)
    assert lanes.rooted((9,)) == (5,)
    assert [(join.lane, join.root) for join in lanes.joins] == [(9, 5)]


def test_a_merge_with_a_blocked_lane_blocks_the_joined_one() -> None:
    lanes = Lanes(heads={9: 4}, roots={})
    lanes.join((5, 9))
    assert lanes.is_blocked(TENTH, lanes.rooted((5,)))


def test_joins_are_followed_transitively() -> None:
    lanes = Lanes(heads={}, roots={9: 5})
    lanes.join((2, 5))
    assert lanes.rooted((9, 5, 2)) == (2,)


def test_what_is_younger_holds_nobody_back() -> None:
    lanes = Lanes(heads={1: 11}, roots={})
    assert not lanes.is_blocked(TENTH, (1,))
    lanes.block(TENTH, (1,))
    assert lanes.is_blocked(11, (1,))


def test_an_amended_copy_stands_at_its_originals_place() -> None:
    lanes = Lanes(heads={1: 9}, roots={})
    assert not lanes.is_blocked(4, (1,))


def test_a_joined_lane_begins_with_the_older_head() -> None:
    lanes = Lanes(heads={5: 12, 9: 4}, roots={})
    lanes.join((5, 9))
    assert lanes.heads[5] == 4
