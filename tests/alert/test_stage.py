"""The alert stage on both databases: what it keeps, queues once, and goes on with after a restart; and the outbox's own rules."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from interface.alarm import Alerts
from interface.app.outbox import destination_plan
from interface.errors import UnansweredError, WireError
from interface.message import DeliveryState
from interface.operate.alerts import alerts
from interface.operate.worklist import worklist
from interface.pipeline.alert import AlertPolicy
from interface.pipeline.alerting import AlertStage
from interface.pipeline.deliver import DeliverStage, Sending
from interface.pipeline.recover import recover_sends, requeue_alerts
from interface.pipeline.restored import doubt_unfinished
from interface.store.store import SqlStore, open_store
from interface.view.alert import Condition
from interface.view.delivery import DeliveryFilter, DeliveryStory
from tests.made import MadeDatabase
from tests.store.given import HandClock

SECOND = 1_000_000
POLICY = AlertPolicy(tell_after_secs=60, gone_after_secs=300)
DOWN = Condition("destination-suspended", "epic/dft", "does not answer", "hp24 status")
MAIL, HOOK = "alerts/mail", "alerts/webhook-pager"


class Watchman:
    """An alert stage, its store, and time by hand."""

    def __init__(self, store: SqlStore, clock: HandClock) -> None:
        self.store = store
        self.clock = clock
        self.restart()

    def restart(self) -> None:
        self.stage = AlertStage(self.store, self.clock, POLICY, (MAIL, HOOK), "hp24-test")

    def look(self, secs: float, *holding: Condition) -> bool:
        """One look, so many seconds after the one before."""
        self.clock.at += int(secs * SECOND)
        return self.stage.run(holding)

    def deliveries(self, way: str = MAIL) -> list[DeliveryStory]:
        with self.store.snapshot() as reader:
            return reader.deliveries(DeliveryFilter(destination=way))

    def payloads(self, way: str = MAIL) -> list[dict[str, object]]:
        with self.store.snapshot() as reader:
            return [
                json.loads(reader.payload(one.id) or b"") for one in reader.deliveries(DeliveryFilter(destination=way))
            ]

    def sender(self, way: str = MAIL) -> DeliverStage:
        plan = destination_plan(way, Alerts())
        return DeliverStage(self.store, plan, lambda *_: b"", self.clock, lambda: 0.5)

    def begun(self, way: str = MAIL) -> tuple[DeliverStage, Sending]:
        """The first delivery that is due, its intent committed."""
        stage = self.sender(way)
        due = stage.next_due()
        assert due is not None
        sending = stage.begin(due)
        assert sending is not None
        return stage, sending


@pytest.fixture
def watchman(made_database: MadeDatabase) -> Iterator[Watchman]:
    clock = HandClock()
    store = open_store(made_database.url, clock, made_database.environ)
    yield Watchman(store, clock)
    store.close()


@pytest.fixture
def told(watchman: Watchman) -> Watchman:
    """An alert whose start was queued for both ways."""
    watchman.look(0, DOWN)
    assert watchman.look(60, DOWN)
    return watchman


def test_a_start_is_queued_once_for_every_way(told: Watchman) -> None:
    told.look(3, DOWN)
    for way in (MAIL, HOOK):
        (payload,) = told.payloads(way)
        assert (payload["kind"], payload["id"]) == ("start", "hp24-test:1")


def test_a_restart_tells_nothing_again_and_ends_what_ended(told: Watchman) -> None:
    told.restart()
    assert not told.look(1, DOWN)
    told.look(1)
    told.restart()
    assert told.look(300)
    assert [one["kind"] for one in told.payloads()] == ["start", "recovery"]
    assert alerts(told.store).standing == ()


def test_what_was_never_told_is_forgotten(watchman: Watchman) -> None:
    watchman.look(0, DOWN)
    watchman.look(5)
    assert alerts(watchman.store).standing == ()
    assert watchman.deliveries() == []


def test_what_ended_long_ago_is_forgotten_and_what_stands_is_not(told: Watchman) -> None:
    told.look(1)
    told.look(300)
    other = replace(DOWN, subject="lab/dft")
    told.look(90 * 24 * 3600 + 10, other)
    assert [one.subject for one in alerts(told.store).standing] == ["lab/dft"]
    assert (alerts(told.store).ended, alerts(told.store).told) == ((), ())


def test_what_stands_is_counted_by_rule(told: Watchman) -> None:
    with told.store.snapshot() as reader:
        assert reader.open_alerts() == {"destination-suspended": 1}


def test_a_recovery_never_overtakes_its_start(told: Watchman) -> None:
    stage, sending = told.begun()
    told.look(1)
    told.look(300)
    assert stage.next_due() is None
    stage.answered(sending, "CA", "", b"250")
    due = stage.next_due()
    assert due is not None and due.id > sending.delivery.id


def test_a_trial_goes_every_way(watchman: Watchman) -> None:
    queued = watchman.stage.try_out()
    assert [way for way, _ in queued] == [MAIL, HOOK]
    assert [one["kind"] for one in watchman.payloads()] == ["trial"]


def test_an_alert_whose_sending_was_killed_is_told_again_under_the_same_id(told: Watchman) -> None:
    _, killed = told.begun()
    assert requeue_alerts(told.store, told.clock) == 1
    _, again = told.begun()
    assert (again.payload, again.control_id) == (killed.payload, killed.control_id)


def test_a_processing_part_that_takes_over_leaves_alerts_alone(told: Watchman) -> None:
    told.begun()
    assert recover_sends(told.store, {}, told.clock) == 0
    assert [one.state for one in told.deliveries()] == [DeliveryState.SENDING]


def test_an_unanswered_telling_is_sent_again_and_suspends_nothing(told: Watchman) -> None:
    stage, sending = told.begun()
    stage.failed(sending, UnansweredError("reply-timeout", "no answer"))
    (one,) = told.deliveries()
    assert one.state is DeliveryState.QUEUED
    with told.store.snapshot() as reader:
        assert not reader.destination_state(MAIL).suspended_at


def test_tries_are_bounded_and_a_work_item_says_what_was_not_told(told: Watchman) -> None:
    for _ in range(Alerts().max_attempts):
        stage, sending = told.begun()
        stage.failed(sending, UnansweredError("reply-timeout", "no answer"))
        told.clock.at += 400 * SECOND
    assert [one.state for one in told.deliveries()] == [DeliveryState.REJECTED]
    assert [(one.subject, one.cause) for one in worklist(told.store)] == [(f"destination:{MAIL}", "reply-timeout")]


def test_what_could_not_be_told_for_a_day_is_dropped(told: Watchman) -> None:
    stage, sending = told.begun()
    stage.failed(sending, WireError("peer-unreachable", "down"))
    assert [one.state for one in told.deliveries()] == [DeliveryState.QUEUED]
    told.clock.at += 24 * 3600 * SECOND
    stage, sending = told.begun()
    stage.failed(sending, WireError("peer-unreachable", "down"))
    assert [one.state for one in told.deliveries()] == [DeliveryState.REJECTED]


def test_a_restore_puts_no_alert_in_doubt(told: Watchman) -> None:
    with told.store.turn("restore") as turn:
        assert doubt_unfinished(turn, told.clock.now()) == 0
    assert [one.state for one in told.deliveries()] == [DeliveryState.QUEUED]


def test_a_flood_is_told_in_one_summary_beyond_the_bound(watchman: Watchman) -> None:
    watchman.stage = AlertStage(watchman.store, watchman.clock, replace(POLICY, max_per_hour=2), (MAIL,), "hp24-test")
    many = [replace(DOWN, subject=f"destination-{one}") for one in range(30)]
    watchman.look(0, *many)
    watchman.look(60, *many)
    assert [one["kind"] for one in watchman.payloads()] == ["start", "start", "summary"]
    assert not watchman.look(60, *many)
