"""Which messages of a batch wait behind another one of their lane."""

from interface.pipeline.sequence import Lanes


def test_only_the_blocked_lane_waits() -> None:
    lanes = Lanes(occupied={1}, roots={})
    assert lanes.is_blocked((1,))
    assert not lanes.is_blocked((2,))


def test_a_message_of_two_lanes_carries_the_wait_into_the_other_lane() -> None:
    lanes = Lanes(occupied={1}, roots={})
    lanes.park(10, (1, 2))
    assert lanes.is_blocked((2,))
    assert [(one.message_id, one.lanes) for one in lanes.parked] == [(10, (1, 2))]


def test_a_merge_joins_its_lanes_under_one_root() -> None:
    lanes = Lanes(occupied=set(), roots={})
    assert lanes.join((5, 9)) == (5,)
    assert lanes.rooted((9,)) == (5,)
    assert [(join.lane, join.root) for join in lanes.joins] == [(9, 5)]


def test_a_merge_with_a_blocked_lane_blocks_the_joined_one() -> None:
    lanes = Lanes(occupied={9}, roots={})
    lanes.join((5, 9))
    assert lanes.is_blocked(lanes.rooted((5,)))


def test_joins_are_followed_transitively() -> None:
    lanes = Lanes(occupied=set(), roots={9: 5})
    lanes.join((2, 5))
    assert lanes.rooted((9, 5, 2)) == (2,)
