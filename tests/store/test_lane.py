"""Lanes: a blocker holds back its own patient only, and what waited behind it runs in order once it is gone."""

import pytest

from interface.errors import ActRefusedError
from interface.ledger.change import LaneJoin, LedgerChanges
from interface.message import MessageState
from interface.row.message import Parked
from interface.store.store import SqlStore
from interface.view.count import PauseKind
from tests.store.given import finish, held, received, row, run, waiting

A, B, C = 101, 102, 103  # lanes


def ids_waiting(store: SqlStore) -> list[int]:
    return [message.id for message in waiting(store)]


def behind(store: SqlStore, message_id: int) -> tuple[int, ...]:
    with store.snapshot() as reader:
        story = reader.message(message_id)
    assert story is not None
    return story.behind


def release(store: SqlStore, *ids: int) -> None:
    with store.turn("act") as turn:
        turn.release(ids)


def skip(store: SqlStore, *ids: int) -> None:
    with store.turn("act") as turn:
        turn.skip(ids, "skipped")


def test_a_blocker_occupies_its_lanes_only(store: SqlStore) -> None:
    (first,) = received(store, 1)
    finish(store, held(first, A, B))
    with store.snapshot() as reader:
        assert set(reader.heads([A, B, C])) == {A, B}


def test_the_fast_path_occupies_nothing(store: SqlStore) -> None:
    (first,) = received(store, 1)
    finish(store, run(first))
    with store.snapshot() as reader:
        assert reader.heads([A]) == {}


def test_a_parked_message_does_not_run(store: SqlStore) -> None:
    first, second, third = received(store, 3)
    finish(store, held(first, A), parked=[Parked(second, (A,))])
    assert ids_waiting(store) == [third]
    assert row(store, second).is_parked
    assert behind(store, second) == (first,)


def test_releasing_a_blocker_lets_it_and_its_followers_run_in_order(store: SqlStore) -> None:
    first, second, third = received(store, 3)
    finish(store, held(first, A), parked=[Parked(second, (A,)), Parked(third, (A,))])
    release(store, first)
    assert ids_waiting(store) == [first, second, third]
    with store.snapshot() as reader:
        assert reader.heads([A]) == {}


def test_skipping_a_blocker_lets_its_followers_run(store: SqlStore) -> None:
    first, second = received(store, 2)
    finish(store, held(first, A), parked=[Parked(second, (A,))])
    skip(store, first)
    assert ids_waiting(store) == [second]
    assert (row(store, first).state, row(store, first).reason) == (MessageState.FILTERED, "skipped")


def test_a_follower_that_another_lane_holds_back_stays_and_holds_back_what_is_behind_it(store: SqlStore) -> None:
    first, other, second, third, fourth = received(store, 5)
    finish(
        store,
        held(first, A),
        held(other, B),
        parked=[Parked(second, (A,)), Parked(third, (A, B)), Parked(fourth, (A,))],
    )
    skip(store, first)
    assert ids_waiting(store) == [second]
    assert behind(store, third) == (other,)
    skip(store, other)
    assert ids_waiting(store) == [second, third, fourth]


def test_a_blocker_behind_another_one_stays_parked_when_released(store: SqlStore) -> None:
    first, second, third = received(store, 3)
    finish(store, held(first, A), parked=[Parked(second, (A,)), Parked(third, (A,))])
    with store.turn("act") as turn:
        turn.hold([second], "asked by the ward")
    assert row(store, second).state is MessageState.HELD
    release(store, second)
    assert ids_waiting(store) == []
    assert row(store, second).is_parked
    skip(store, first)
    assert ids_waiting(store) == [second, third]


def test_a_held_follower_blocks_what_is_behind_it(store: SqlStore) -> None:
    first, second, third = received(store, 3)
    finish(store, held(first, A), parked=[Parked(second, (A,)), Parked(third, (A,))])
    with store.turn("act") as turn:
        turn.hold([second], "asked by the ward")
    release(store, first)
    assert ids_waiting(store) == [first]
    assert behind(store, third) == (second,)


def test_what_may_run_at_any_moment_cannot_be_held(store: SqlStore) -> None:
    (first,) = received(store, 1)
    with pytest.raises(ActRefusedError, match="not-parked"), store.turn("act") as turn:
        turn.hold([first], "asked by the ward")


def test_a_joined_lane_holds_back_as_its_root(store: SqlStore) -> None:
    first, second = received(store, 2)
    finish(store, held(first, B), parked=[Parked(second, (B,))])
    with store.turn("process") as turn:
        turn.save(store.seal(LedgerChanges(lane_joins=[LaneJoin(B, A)])), 1)
    with store.snapshot() as reader:
        assert reader.lane_roots([A, B]) == {B: A}
        assert set(reader.heads([A, B])) == {A}
    release(store, first)
    assert ids_waiting(store) == [first, second]


def test_joins_lead_to_the_last_root(store: SqlStore) -> None:
    with store.turn("process") as turn:
        turn.save(store.seal(LedgerChanges(lane_joins=[LaneJoin(C, B)])), 1)
    with store.turn("process") as turn:
        turn.save(store.seal(LedgerChanges(lane_joins=[LaneJoin(B, A)])), 1)
    with store.snapshot() as reader:
        assert reader.lane_roots([B, C]) == {B: A, C: A}


def test_a_message_in_both_joined_lanes_stands_once_in_the_root(store: SqlStore) -> None:
    (first,) = received(store, 1)
    finish(store, held(first, A, B))
    with store.turn("process") as turn:
        turn.save(store.seal(LedgerChanges(lane_joins=[LaneJoin(B, A)])), 1)
    skip(store, first)
    with store.snapshot() as reader:
        assert reader.heads([A, B]) == {}


def test_a_paused_patient_is_an_occupied_lane(store: SqlStore) -> None:
    first, second = received(store, 2)
    with store.turn("act") as turn:
        turn.pause(PauseKind.PATIENT, str(A), "kim")
    with store.snapshot() as reader:
        assert set(reader.heads([A, B])) == {A}
    finish(store, parked=[Parked(first, (A,)), Parked(second, (A,))])
    with store.turn("act") as turn:
        turn.resume(PauseKind.PATIENT, str(A))
    assert ids_waiting(store) == [first, second]


def test_a_paused_patient_stays_stopped_when_a_blocker_leaves(store: SqlStore) -> None:
    first, second = received(store, 2)
    finish(store, held(first, A), parked=[Parked(second, (A,))])
    with store.turn("act") as turn:
        turn.pause(PauseKind.PATIENT, str(A), "kim")
    skip(store, first)
    assert ids_waiting(store) == []


def test_an_act_on_an_unknown_message_is_refused(store: SqlStore) -> None:
    with pytest.raises(ActRefusedError, match="message-unknown"):
        release(store, 99)


def test_a_processed_message_cannot_be_released(store: SqlStore) -> None:
    (first,) = received(store, 1)
    finish(store, run(first))
    with pytest.raises(ActRefusedError, match="illegal-move"):
        release(store, first)
