"""One trip down the pipeline: outcomes, lanes, holds, isolation."""

import pytest

from interface.errors import MappingError, MessageError, StoreUnavailableError
from interface.ledger.noun import Identifier
from interface.ledger.reading import Filtered
from interface.pipeline.process import drain
from interface.store.store import SqlStore
from interface.view.work import WorkItemRow
from tests.pipeline.spoken import HOLD_SECS, SECOND, Feed, charge_of, merge, update

REFUSED = MessageError("impossible", "a rule is broken", place="PID-3")


def run(feed: Feed, limit: int = 100) -> int:
    return drain(feed.stage(), limit)


def test_an_update_is_processed_and_its_account_exists(feed: Feed) -> None:
    ids = feed.receive(update("1", "A1"))
    assert run(feed) == 1
    assert feed.states(ids) == ["processed"]
    with feed.store.snapshot() as reader:
        story = reader.account("A1")
    assert story is not None
    assert story.patient_names[0].value == "1"


def test_a_filtered_event_says_so(feed: Feed) -> None:
    ids = feed.receive(Filtered("not for payments"))
    run(feed)
    assert feed.states(ids) == ["filtered"]


def test_a_held_message_holds_back_only_its_own_patient(feed: Feed) -> None:
    # Account A2 belongs to patient 2: patient 1 bringing it is for a person to judge.
    feed.receive(update("1", "A1"), update("2", "A2"))
    run(feed)
    ids = feed.receive(update("1", "A2"), update("3", "A3"), update("1", "A1"))
    run(feed)
    assert feed.states(ids) == ["held", "processed", "parked"]


def test_released_messages_run_in_their_order(feed: Feed) -> None:
    feed.receive(update("1", "A1"), update("2", "A2"))
    run(feed)
    ids = feed.receive(update("1", "A2"), update("1", "A1", family="First"), update("1", "A1", family="Second"))
    run(feed)
    with feed.store.turn("skip") as turn:
        turn.skip([ids[0]], "wrong-account")
        turn.raise_epoch()
    run(feed)
    assert feed.states(ids) == ["filtered", "processed", "processed"]
    with feed.store.snapshot() as reader:
        story = reader.account("A1")
    assert story is not None and story.patient is not None
    assert story.patient.value("name", "family") == "Second"


def test_a_message_that_cannot_be_read_fails_and_blocks_nobody(feed: Feed) -> None:
    ids = feed.receive(REFUSED, update("1", "A1"))
    run(feed)
    assert feed.states(ids) == ["failed", "processed"]


def test_a_broken_mapping_and_a_bug_hold_the_message(feed: Feed) -> None:
    ids = feed.receive(MappingError("table-missing", "no such table"), ZeroDivisionError("a bug"), update("1"))
    run(feed)
    assert feed.states(ids) == ["held", "held", "processed"]


def test_a_charge_before_its_account_waits_and_runs_before_later_money(feed: Feed) -> None:
    early = feed.receive(charge_of("1", "A1", 500, "T1"))
    run(feed)
    assert feed.states(early) == ["held"]
    later = feed.receive(update("1", "A1"), charge_of("1", "A1", 700, "T2"))
    run(feed)
    assert feed.states([*early, *later]) == ["processed"] * 3
    with feed.store.snapshot() as reader:
        story = reader.account("A1")
    assert story is not None
    assert [entry.message_id for entry in story.entries] == [early[0], later[1]]


def test_a_charge_runs_when_its_account_comes_in_the_same_batch(feed: Feed) -> None:
    ids = feed.receive(charge_of("1", "A1", 500, "T1"), update("1", "A1"), charge_of("1", "A1", 700, "T2"))
    run(feed)
    assert feed.states(ids) == ["processed"] * 3
    with feed.store.snapshot() as reader:
        story = reader.account("A1")
    assert story is not None
    assert [entry.message_id for entry in story.entries] == [ids[0], ids[2]]


def test_a_merge_moves_accounts_to_the_survivor(feed: Feed) -> None:
    ids = feed.receive(update("1", "A1"), update("2", "A2"), merge("1", "2"), update("2", "A2"))
    run(feed)
    assert feed.states(ids) == ["processed"] * 4
    with feed.store.snapshot() as reader:
        story = reader.account("A2")
    assert story is not None
    assert Identifier("north", "MR", "1") in story.patient_names


def test_every_batch_size_gives_the_same_states(feed: Feed) -> None:
    ids = feed.receive(update("1", "A1"), REFUSED, update("2", "A2"), merge("1", "2"), update("1", "A1"))
    run(feed, limit=1)
    assert feed.states(ids) == ["processed", "failed", "processed", "processed", "processed"]


def test_money_that_waits_too_long_for_its_account_is_told_to_a_person_once_and_waits_on(feed: Feed) -> None:
    early = feed.receive(charge_of("1", "A1", 500, "T1"))
    run(feed)
    stage = feed.stage()
    stage.tell_overdue()
    assert _items(feed) == []
    feed.clock.at += HOLD_SECS * SECOND
    stage.tell_overdue()
    stage.tell_overdue()
    assert [(item.kind, item.cause, item.count) for item in _items(feed)] == [("held-message", "missing-account", 1)]
    feed.receive(update("1", "A1"))
    run(feed)
    assert feed.states(early) == ["processed"]


def test_a_message_that_the_mapping_stops_holds_back_its_own_patient(feed: Feed) -> None:
    broken = feed.receive(MappingError("code-unknown", "the code is not in the table", place="FT1-6"), REFUSED)
    for place, owner in enumerate(("1", "2"), start=1):
        feed.owners[f"spoken M{place}".encode()] = owner
    ids = feed.receive(update("1", "A1"), update("2", "A2"), update("3", "A3"))
    run(feed)
    assert feed.states([*broken, *ids]) == ["held", "failed", "parked", "parked", "processed"]


def _items(feed: Feed) -> list[WorkItemRow]:
    with feed.store.snapshot() as reader:
        return reader.work_items(only_open=True, beyond_id=0, limit=100)


class AwayOnce:
    """Ids that cannot be had the first time: the database is away just then."""

    def __init__(self, store: SqlStore) -> None:
        self._plain = store.allocate
        self.is_away = True

    def __call__(self, name: str) -> int:
        if self.is_away:
            self.is_away = False
            raise StoreUnavailableError("database-unavailable", "the database does not answer")
        return self._plain(name)


def test_a_database_that_is_away_while_a_message_is_applied_is_not_the_messages_fault(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    (number,) = feed.receive(update("1", "A1"))
    monkeypatch.setattr(feed.store, "allocate", AwayOnce(feed.store))
    stage = feed.stage()
    with pytest.raises(StoreUnavailableError):
        stage.run_batch(10)
    assert feed.states([number]) == ["waiting"]
    stage.run_batch(10)
    assert feed.states([number]) == ["processed"]
