"""Runs: what they leave behind on the message, what it is found by, and which messages run next."""

from typing import Any

import pytest

from interface.errors import ActRefusedError
from interface.message import HoldKind, MessageState, RunReason
from interface.row.message import Names
from interface.store.store import SqlStore
from interface.view.count import PauseKind
from interface.view.message import MessageFilter
from tests.store.given import START, control_id, finish, held, intake, receive, received, row, run, waiting


def find(store: SqlStore, **conditions: object) -> list[str]:
    with store.snapshot() as reader:
        return [one.control_id for one in reader.messages(MessageFilter(**conditions))]  # type: ignore[arg-type]  # by name


def test_a_finished_message_waits_no_more(store: SqlStore) -> None:
    first, second = received(store, 2)
    finish(store, run(first, changed=True))
    assert [message.id for message in waiting(store)] == [second]
    assert row(store, first).state is MessageState.PROCESSED


def test_a_run_is_told_in_full(store: SqlStore) -> None:
    (first,) = received(store, 1)
    finish(
        store, run(first, MessageState.FAILED, cause="value-impossible", place="PID-7", text="a date", warnings=("w",))
    )
    with store.snapshot() as reader:
        story = reader.message(first)
    assert story is not None
    (told,) = story.runs
    assert (told.reason, told.state, told.cause) == (RunReason.RECEIVED, MessageState.FAILED, "value-impossible")
    assert (told.place, told.text, told.warnings, told.config_id) == ("PID-7", "a date", ("w",), 1)
    assert story.row.reason == "value-impossible"


def test_an_illegal_move_spoils_the_turn(store: SqlStore) -> None:
    (first,) = received(store, 1)
    finish(store, run(first))
    with pytest.raises(ActRefusedError, match="illegal-move"):
        finish(store, run(first, MessageState.FAILED))


def test_messages_are_found_by_whom_they_are_about(store: SqlStore) -> None:
    first, second = received(store, 2)
    finish(
        store,
        run(first, names=Names("777001", "H-5001", "V1", "Quillfeather", "1961-05-23")),
        run(second, names=Names("777002", family="Brackwater")),
    )
    assert find(store, patient="777001") == ["C1"]
    assert find(store, account="H-5001", visit="V1") == ["C1"]
    assert find(store, family="quillFEATHER") == ["C1"]
    assert find(store, birth_date="1961-05-23", family="Quillfeather") == ["C1"]
    assert find(store, birth_date="1961-05-23", family="Brackwater") == []
    assert find(store, control_id="C2") == ["C2"]
    assert find(store, patient="nobody") == []
    assert row(store, first).account == "H-5001"


def test_messages_are_found_by_what_they_are_and_when_they_came(store: SqlStore) -> None:
    receive(store, intake(1), intake(2, message_type="DFT^P03"), intake(3, source="cerner"))
    finish(store, held(1, 5), run(2, MessageState.FAILED, cause="broken"))
    assert find(store, type="DFT") == ["C2"]
    assert find(store, type="ADT^A08") == ["C1", "C3"]
    assert find(store, channel="cerner") == ["C3"]
    assert find(store, channel="nowhere") == []
    assert find(store, states=(MessageState.HELD, MessageState.FAILED)) == ["C1", "C2"]
    assert find(store, hold=HoldKind.PERSON) == ["C1"]
    assert find(store, cause="broken") == ["C2"]
    assert find(store, since=START + 2, until=START + 3) == ["C2"]
    assert find(store, ids=(1, 3)) == ["C1", "C3"]


def test_pages_follow_each_other_in_both_directions(store: SqlStore) -> None:
    ids = received(store, 5)
    assert find(store, limit=2) == ["C1", "C2"]
    assert find(store, limit=2, beyond_id=ids[1]) == ["C3", "C4"]
    assert find(store, limit=2, newest_first=True) == ["C5", "C4"]
    assert find(store, limit=2, newest_first=True, beyond_id=ids[3]) == ["C3", "C2"]


@pytest.mark.parametrize("wanted", [{"since": START}, {"type": "ADT^A08"}, {"type": "ADT"}])
def test_pages_by_time_or_type_follow_arrival_also_where_ids_do_not(store: SqlStore, wanted: dict[str, Any]) -> None:
    at = {1: 30, 2: 10, 3: 20, 4: 20}  # commits of several engines, or a clock that was put back
    ids = [one.message_id for one in receive(store, *(intake(n, arrived_at=START + at[n]) for n in at))]
    assert find(store, limit=2, **wanted) == ["C2", "C3"]
    assert find(store, limit=2, beyond_id=ids[2], **wanted) == ["C4", "C1"]
    assert find(store, limit=3, newest_first=True, **wanted) == ["C1", "C4", "C3"]
    assert find(store, limit=3, newest_first=True, beyond_id=ids[2], **wanted) == ["C2"]


def test_counts_of_filters_agree_with_what_they_find(store: SqlStore) -> None:
    received(store, 4)
    finish(store, run(1, names=Names("777001")), run(2, names=Names("777001")))
    with store.snapshot() as reader:
        assert reader.count_messages(MessageFilter()) == 4
        assert reader.count_messages(MessageFilter(states=(MessageState.WAITING,))) == 2
        assert reader.count_messages(MessageFilter(patient="777001", limit=1)) == 2
        assert reader.count_messages(MessageFilter(channel="nowhere")) == 0


def test_stored_bytes_are_shown_as_they_are(store: SqlStore) -> None:
    (first,) = received(store, 1)
    with store.snapshot() as reader:
        assert reader.body(first) == intake(1).raw
        assert reader.body(first + 100) is None
        assert reader.message(first + 100) is None


def test_messages_that_await_an_account_are_told_and_released_in_order(store: SqlStore) -> None:
    ids = received(store, 3)
    await_it = {"hold": HoldKind.MISSING_ACCOUNT, "cause": "account-unknown", "awaited_account": "north|AN|H-1"}
    finish(store, *(run(number, MessageState.HELD, **await_it) for number in ids))
    with store.snapshot() as reader:
        assert reader.awaited(["north|AN|H-1", "north|AN|H-2"]) == {"north|AN|H-1": ids}
    with store.turn("process") as turn:
        turn.release_awaited(["north|AN|H-1"])
    assert [message.id for message in waiting(store)] == ids
    with store.snapshot() as reader:
        assert reader.awaited(["north|AN|H-1"]) == {}


def test_a_hold_that_lasted_long_enough_is_told(store: SqlStore) -> None:
    ids = received(store, 2)
    for number, due in zip(ids, (START + 50, START + 90), strict=True):
        finish(
            store, run(number, MessageState.HELD, hold=HoldKind.MISSING_ACCOUNT, awaited_account="a|b|c", due_at=due)
        )
    with store.snapshot() as reader:
        assert reader.overdue(START + 60, 10) == ids[:1]


def test_a_replay_runs_in_original_order_and_keeps_the_state(store: SqlStore) -> None:
    ids = received(store, 3)
    finish(store, *(run(number) for number in ids))
    with store.turn("act") as turn:
        asked = turn.request_replay(turn.in_order([ids[2], ids[0]]), "kim", force_money=True)
    with store.snapshot() as reader:
        again = reader.replays(10)
    assert [message.id for message in again] == [ids[0], ids[2]]
    assert all(message.replay_id == asked and message.force_money for message in again)
    finish(
        store,
        run(ids[0], reason=RunReason.REPLAY, replay_id=asked, changed=True),
        run(ids[2], reason=RunReason.REPLAY, replay_id=asked, cause="value-impossible"),
    )
    with store.snapshot() as reader:
        progress = reader.replay(asked)
        assert reader.replays(10) == []
        assert reader.replay(asked + 1) is None
    assert progress is not None
    assert (progress.total, progress.done, progress.changed, progress.failed) == (2, 2, 1, 1)
    assert row(store, ids[0]).state is MessageState.PROCESSED


def test_a_replay_can_be_asked_for_in_several_turns(store: SqlStore) -> None:
    ids = received(store, 5)
    finish(store, *(run(number) for number in ids))
    with store.turn("act") as turn:
        asked = turn.request_replay(ids[:2], "kim", force_money=False)
    with store.turn("act") as turn:
        turn.extend_replay(asked, ids[2:])
    with store.snapshot() as reader:
        progress, again = reader.replay(asked), reader.replays(10)
    assert progress is not None and progress.total == 5
    assert [message.id for message in again] == ids


def test_a_replay_that_changes_nothing_leaves_a_held_message_as_it_stood(store: SqlStore) -> None:
    (first,) = received(store, 1)
    finish(store, held(first, 5))
    with store.turn("act") as turn:
        asked = turn.request_replay([first], "kim", force_money=False)
    finish(store, run(first, MessageState.HELD, reason=RunReason.REPLAY, replay_id=asked, cause="lane-blocked"))
    told = row(store, first)
    assert (told.state, told.hold, told.reason) == (MessageState.HELD, HoldKind.PERSON, "identity-reused")


def test_a_paused_channel_keeps_its_messages_waiting(store: SqlStore) -> None:
    receive(store, intake(1), intake(2, source="cerner"))
    with store.turn("act") as turn:
        assert turn.pause(PauseKind.CHANNEL, "epic", "kim")
        assert not turn.pause(PauseKind.CHANNEL, "epic", "kim")
    assert [control_id(message) for message in waiting(store)] == ["C2"]
    with store.turn("act") as turn:
        assert turn.resume(PauseKind.CHANNEL, "epic")
        assert not turn.resume(PauseKind.CHANNEL, "epic")
    assert [control_id(message) for message in waiting(store)] == ["C1", "C2"]


def test_the_epoch_rises_with_every_act(store: SqlStore) -> None:
    (first,) = received(store, 1)
    finish(store, held(first, 5))
    with store.snapshot() as reader:
        before = reader.epoch()
    with store.turn("act") as turn:
        turn.release([first])
    with store.snapshot() as reader:
        assert reader.epoch() > before


@pytest.mark.parametrize(("max_bytes", "taken"), [(10_000, [1, 2, 3]), (2_500, [1, 2]), (10, [1])])
def test_what_is_read_at_once_has_a_bound_in_bytes_and_one_comes_however_large(
    store: SqlStore, max_bytes: int, taken: list[int]
) -> None:
    receive(store, *(intake(number, raw=b"MSH|^~\\&|" + b"%d" % number + b"A" * 1_000) for number in (1, 2, 3)))
    with store.snapshot() as reader:
        assert [one.id for one in reader.waiting(64, max_bytes)] == taken


def test_replays_have_the_same_bound(store: SqlStore) -> None:
    ids = [one.message_id for one in receive(store, *(intake(number) for number in (1, 2, 3)))]
    finish(store, *(run(number) for number in ids))
    with store.turn("test") as turn:
        turn.request_replay(ids, "tester", force_money=False)
    with store.snapshot() as reader:
        assert [[one.id for one in reader.replays(64, size)] for size in (10, 1_000_000)] == [ids[:1], ids]


def test_messages_are_found_by_a_warning_of_theirs(store: SqlStore) -> None:
    first, second, third = received(store, 3)
    warned = run(first, warnings=("guarantor-renumbered guarantor[1]", "time-repeated EVN-2"))
    finish(store, warned, run(second, warnings=("guarantor-renumbered-not x",)), run(third))
    assert find(store, warning="guarantor-renumbered") == ["C1"]
    assert find(store, warning="time-repeated", channel="epic") == ["C1"]
    assert find(store, warning="balance-outdated") == []
