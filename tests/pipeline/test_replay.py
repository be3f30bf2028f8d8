"""Replays beside everything else: one defect spoils one message, and nothing overtakes what still waits."""

from interface.ledger.reading import Filtered, Reading
from interface.pipeline.process import drain
from interface.row.message import StoredMessage
from interface.view.count import PauseKind
from interface.view.message import RunRow
from tests.pipeline.spoken import CHANNEL, Feed, charge_of, update


def replay(feed: Feed, ids: list[int]) -> int:
    with feed.store.turn("replay") as turn:
        return turn.request_replay(ids, "nora", force_money=False)


def mean(feed: Feed, message_id: int, reading: Reading) -> None:
    """From now on the message means this."""
    with feed.store.snapshot() as reader:
        (message,) = reader.stored([message_id])
    feed.contents[message.raw] = reading


def runs(feed: Feed) -> list[RunRow]:
    with feed.store.snapshot() as reader:
        return reader.runs(0, 100)


def replays_left(feed: Feed) -> list[StoredMessage]:
    with feed.store.snapshot() as reader:
        return reader.replays(100)


def test_a_message_that_cannot_be_written_spoils_only_itself(feed: Feed) -> None:
    ids = feed.receive(update("1", "A1"), update("2", "A2"), update("3", "A3"))
    drain(feed.stage(), 64)
    mean(feed, ids[1], update("2", "A2", family=object()))  # type: ignore[arg-type] - a defect: no text
    replay(feed, ids)
    stage = feed.stage(2)
    for _ in range(10):
        stage.run_batch(64)
    assert replays_left(feed) == []
    assert [run.cause for run in runs(feed)[3:]] == ["", "internal-error", ""]


def test_what_waits_for_its_first_run_is_not_overtaken_by_its_replay(feed: Feed) -> None:
    with feed.store.turn("pause") as turn:
        turn.pause(PauseKind.CHANNEL, CHANNEL, "nora")
    ids = feed.receive(update("1", "A1", family="First"), update("1", "A1", family="Second"))
    replay(feed, ids[1:])
    drain(feed.stage(), 64)
    assert feed.states(ids) == ["waiting", "waiting"]
    with feed.store.turn("resume") as turn:
        turn.resume(PauseKind.CHANNEL, CHANNEL)
    drain(feed.stage(), 64)
    assert feed.states(ids) == ["processed", "processed"]


def test_a_replay_of_what_holds_its_lane_itself_says_that_a_release_is_the_act(feed: Feed) -> None:
    feed.receive(update("2", "A2"))
    drain(feed.stage(), 64)
    ids = feed.receive(update("1", "A2"), charge_of("1", "A1", 500, "T1"))  # account A2 is another patient's
    drain(feed.stage(), 64)
    assert feed.states(ids) == ["held", "parked"]
    replay(feed, ids)
    drain(feed.stage(2), 64)
    assert feed.states(ids) == ["held", "parked"]
    assert [run.cause for run in runs(feed)[-2:]] == ["holds-its-lane", "not-run-yet"]
    assert "hp24 release" in runs(feed)[-2].text


def test_a_replay_behind_an_older_message_says_that_this_one_comes_first(feed: Feed) -> None:
    feed.receive(update("2", "A2"))
    filtered, younger = feed.receive(Filtered("not yet"), update("1", "A1"))
    drain(feed.stage(), 64)
    mean(feed, filtered, update("1", "A2"))  # account A2 is another patient's
    with feed.store.turn("release") as turn:
        turn.release([filtered])
    drain(feed.stage(), 64)
    replay(feed, [younger])
    drain(feed.stage(2), 64)
    assert feed.states([filtered, younger]) == ["held", "processed"]
    assert runs(feed)[-1].cause == "lane-blocked"


def test_a_replay_does_not_wait_for_a_younger_message(feed: Feed) -> None:
    ids = feed.receive(update("1", "A1"), update("2", "A2"))
    drain(feed.stage(), 64)
    feed.receive(update("1", "A2"))
    drain(feed.stage(), 64)
    replay(feed, ids[:1])
    drain(feed.stage(2), 64)
    assert (runs(feed)[-1].state, runs(feed)[-1].cause) == ("processed", "")


def test_a_replay_neither_awaits_an_account_nor_leaves_one_awaited(feed: Feed) -> None:
    ids = feed.receive(charge_of("1", "A1", 500, "T1"), update("2", "A2"))
    drain(feed.stage(), 64)
    mean(feed, ids[0], update("1"))
    mean(feed, ids[1], charge_of("2", "A9", 700, "T2"))
    replay(feed, ids)
    drain(feed.stage(2), 64)
    assert feed.states(ids) == ["processed", "processed"]
    with feed.store.snapshot() as reader:
        assert reader.awaited(["north|AN|A1", "north|AN|A9"]) == {}
        assert reader.overdue(feed.clock.now() + 10**15, 10) == []
