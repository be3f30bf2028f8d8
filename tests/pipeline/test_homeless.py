"""Payments that no channel took: queued, in order and once, as soon as a configuration has a destination for their facility."""

from collections.abc import Callable
from pathlib import Path

import pytest

from interface.engine.process import ProcessThread
from interface.engine.wake import Bell, Ringer
from interface.ledger.reading import Meaning, PaymentSaid, Reading
from interface.message import DeliveryState
from interface.pipeline.plan import Plan
from interface.pipeline.process import drain
from interface.settings import Settings
from interface.view.work import WorkItemRow
from tests.engine.processes import wait_until
from tests.pipeline.spoken import DESTINATION, Feed, destination
from tests.pipeline.test_deliver import items, pay, prepared, states, stories


@pytest.fixture
def homeless(feed: Feed) -> Feed:
    """Three accounts, and a payment on each of two that no channel takes."""
    prepared(feed, 3)
    feed.destinations = {}
    pay(feed, {"A1": 500, "A0": 700})
    assert [item.kind for item in items(feed)] == ["no-destination"] * 2
    return feed


def settle(feed: Feed) -> int:
    """A configuration with the destination begins to run."""
    feed.destinations = {DESTINATION: destination()}
    return feed.stage(2).queue_homeless()


def history(feed: Feed, item: WorkItemRow) -> list[tuple[str, str]]:
    with feed.store.snapshot() as reader:
        told = reader.work_item(item.id)
    assert told is not None
    return [(event.what, event.actor) for event in told.history]


def test_they_are_queued_in_the_order_in_which_they_were_taken(homeless: Feed) -> None:
    assert settle(homeless) == 2
    assert [(one.amount_minor, one.config_id, one.state) for one in stories(homeless)] == [
        (500, 2, DeliveryState.QUEUED),
        (700, 2, DeliveryState.QUEUED),
    ]


def test_their_work_items_are_closed_by_the_engine(homeless: Feed) -> None:
    opened = items(homeless)
    settle(homeless)
    assert items(homeless) == []
    assert history(homeless, opened[0]) == [("opened", "engine"), ("closed", "engine")]


def test_each_is_queued_once(homeless: Feed) -> None:
    settle(homeless)
    assert settle(homeless) == 0
    assert len(stories(homeless)) == 2


def test_what_takes_one_back_is_queued_behind_it(homeless: Feed) -> None:
    said = PaymentSaid("TV", 500, "USD", (), "visa", taken_at=homeless.clock.now(), original="TX0")
    homeless.receive(Reading(Meaning.VOID, said.taken_at, payment=said))
    drain(homeless.stage(), 64)
    settle(homeless)
    found = {one.kind: one for one in stories(homeless) if one.amount_minor == 500}
    assert found["payment"].id < found["void"].id
    assert found["payment"].order_key == found["void"].order_key


def test_a_later_payment_stands_behind_them(homeless: Feed) -> None:
    settle(homeless)
    pay(homeless, {"A1": 900}, "TY")
    assert [one.amount_minor for one in stories(homeless)] == [500, 700, 900]


def test_they_wait_on_while_the_facility_has_no_destination(homeless: Feed) -> None:
    assert homeless.stage(2).queue_homeless() == 0
    assert len(items(homeless)) == 2


def test_one_that_a_person_closed_is_left_alone(homeless: Feed) -> None:
    with homeless.store.turn("close") as turn:
        assert turn.close_work_item(items(homeless)[0].id, "entered by hand", "nora")
    assert settle(homeless) == 1
    assert [one.amount_minor for one in stories(homeless)] == [700]


@pytest.mark.parametrize("when", ["at its start", "when the version changes"])
def test_the_processing_part_queues_them(homeless: Feed, tmp_path: Path, when: str) -> None:
    stage = homeless.stage()
    homeless.destinations = {DESTINATION: destination()}
    plans = [homeless.plan(2)]
    if when == "at its start":
        stage.plan = plans.pop()
    changed: Callable[[], Plan | None] = lambda: plans.pop() if plans else None  # noqa: E731 - read once, in place
    bell, ringer = Bell(tmp_path, "process"), Ringer(tmp_path)
    thread = ProcessThread(
        homeless.store,
        stage,
        Settings(poll_secs=0.05).pace(),
        bell,
        ringer,
        take_over=lambda: None,
        hand_over=lambda: None,
        plan_changed=changed,
        deliver=lambda: None,
        between=lambda: None,
    )
    thread.start()
    wait_until(lambda: len(states(homeless)) == 2, "both are queued")
    thread.stop()
    bell.close()
    ringer.close()
