"""The statements of the hot paths use their indexes, whatever the size of the tables: asked of SQLite's own plan."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from interface.ledger.noun import Noun
from interface.message import MessageState
from interface.store import (
    arrival,
    count,
    decide,
    delivery,
    lane,
    ledger_load,
    ledger_needs,
    run,
    search,
    settled,
    unconfirmed,
    worklist,
)
from interface.store.reader import SqlReader
from interface.store.store import SqlStore, open_store
from interface.view.message import MessageFilter
from tests.store.given import HandClock


def explained(reader: SqlReader, statement: sa.ClauseElement, values: dict[str, Any]) -> str:
    """The plan for bound values, as the engine binds them."""
    bound = statement.params(values) if values else statement  # type: ignore[attr-defined]  # selects have it
    expanded = bound.compile(dialect=sqlite.dialect()).construct_expanded_state()
    rows = reader._tx.connection.exec_driver_sql(
        f"EXPLAIN QUERY PLAN {expanded.statement}", tuple(expanded.positional_parameters)
    ).all()
    return "\n".join(row[3] for row in rows)


@pytest.fixture
def plan(sqlite_url: str, environ: dict[str, str]) -> Iterator[Callable[..., str]]:
    store = open_store(sqlite_url, HandClock(), environ)

    def explain(statement: sa.ClauseElement, **values: Any) -> str:
        with store.snapshot() as reader:
            return explained(reader, statement, values)

    yield explain
    store.close()


NUMBERS = [1, 2, 3]
KEYS = [b"\x01" * 16, b"\x02" * 16]


def test_what_can_run_next_is_read_off_one_partial_index_in_order(plan: Callable[..., str]) -> None:
    for statement in (run.WAITING, run.WAITING_SIZES):
        told = plan(statement, amount=10)
        assert "message_runnable" in told
        assert "TEMP B-TREE" not in told
        assert "SCAN body" not in told


def test_pending_replays_are_read_off_their_partial_index(plan: Callable[..., str]) -> None:
    for statement in (run._REPLAYS, run._REPLAY_SIZES):
        told = plan(statement, amount=10)
        assert "replay_pending" in told
        assert "TEMP B-TREE" not in told


def test_payments_without_proof_are_read_off_their_partial_index_in_order(plan: Callable[..., str]) -> None:
    for statement in (unconfirmed._UNTOLD, *unconfirmed._OLDEST_BY_CAUSE):
        told = plan(statement, amount=10, before=1, destination=1)
        assert "allocation_unconfirmed" in told
        assert "TEMP B-TREE" not in told


@pytest.mark.parametrize(
    ("statement", "values", "index"),
    [
        (arrival._BY_DIGEST, {"digests": KEYS}, "(digest=?)"),
        (run._AWAITED, {"awaited_keys": KEYS}, "message_awaiting"),
        (run._BEFORE, {"ids": NUMBERS}, "PRIMARY KEY"),
        (decide._OVERDUE, {"now": 5, "amount": 5}, "message_due"),
        (lane._HEADS, {"lanes": NUMBERS}, "PRIMARY KEY"),
        (lane._ROOTS, {"lanes": NUMBERS}, "lane_join"),
        (lane._LANES_OF, {"ids": NUMBERS}, "message_lane_by_message_id"),
        (ledger_load._IDENTIFIERS, {"row_keys": KEYS}, "PRIMARY KEY"),
        (ledger_load._ENTITIES[Noun.ACCOUNT], {"ids": NUMBERS}, "PRIMARY KEY"),
        (ledger_needs._MONEY, {"row_keys": KEYS}, "money_key_by_key"),
        (ledger_needs._MONEY_OF, {"ids": NUMBERS}, "money_key"),
        (ledger_needs._BY_WIRE_ID, {"wire_ids": ["a"]}, "allocation_by_wire_id"),
        (ledger_needs._BY_REFERENCE, {"wire_ids": ["a"]}, "allocation_by_reference"),
        (ledger_needs._BY_TRANSACTION, {"transaction_ids": ["a"]}, "allocation_by_transaction_id"),
        (ledger_needs._PAID_ON, {"ids": NUMBERS}, "allocation_by_account_id"),
        (ledger_needs._ACCOUNTS_OF, {"ids": NUMBERS}, "account_by_patient_id"),
        (ledger_load._ALLOCATIONS, {"ids": NUMBERS}, "allocation_by_payment_id"),
        (delivery._BY_CONTROL_ID, {"control": "W1"}, "attempt_by_control_id"),
        (count._OLDEST_RUNNABLE, {"source": 1}, "message_runnable"),
        (count._OLDEST_QUEUED, {"destination": 1}, "delivery_due"),
        (worklist._OPEN_ABOUT, {"of_kind": "k", "about": "s"}, "work_item_open"),
        (settled._OWN, {"ids": NUMBERS}, "work_item_of_message"),
        (settled._ANOTHER, {"source": 1, "cause": 2}, "message_stuck"),
        (search._PARKED, {"ids": NUMBERS}, "PRIMARY KEY"),
        (search._LAST_IDENTITIES, {"ids": NUMBERS}, "run_by_message_id"),
    ],
)
def test_a_hot_statement_uses_its_index(
    plan: Callable[..., str], statement: sa.ClauseElement, values: dict[str, Any], index: str
) -> None:
    told = plan(statement, **values)
    assert index in told
    assert "SCAN" not in told.replace("SCAN CONSTANT ROW", "") or index == "message_runnable"


def test_what_is_due_needs_no_scan(plan: Callable[..., str]) -> None:
    told = plan(delivery.DUE, destination=1, now=5, amount=1)
    assert "delivery_due" in told
    assert "delivery_open" in told
    assert "SCAN" not in told


@pytest.fixture
def page_plan(sqlite_url: str, environ: dict[str, str]) -> Iterator[Callable[[MessageFilter], str]]:
    """How one page is read off a store that knows two events of ADT; "" where it needs no reading."""
    store: SqlStore = open_store(sqlite_url, HandClock(), environ)
    with store.turn("words") as turn:
        turn._tx.word_ids(["ADT^A08", "ADT^A40"])

    def explain(wanted: MessageFilter) -> str:
        with store.snapshot() as reader:
            asked = search.page(reader._tx, wanted)
            return "" if asked is None else explained(reader, asked, {})

    yield explain
    store.close()


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (MessageFilter(patient="777001"), "search_key"),
        (MessageFilter(patient="777001", since=1, until=2), "search_key"),
        (MessageFilter(control_id="C1"), "search_key"),
        (MessageFilter(since=1, until=2), "message_by_arrived_at"),
        (MessageFilter(until=2, newest_first=True, beyond_id=7), "message_by_arrived_at"),
        (MessageFilter(type="ADT^A40"), "message_of_type"),
        (MessageFilter(type="ADT^A40", since=1), "message_of_type"),
        (MessageFilter(type="ADT", since=1), "message_by_arrived_at"),
    ],
)
def test_a_page_is_read_off_an_index_in_its_order(
    page_plan: Callable[[MessageFilter], str], wanted: MessageFilter, index: str
) -> None:
    told = page_plan(wanted)
    assert index in told
    assert "TEMP B-TREE" not in told or "search_key" in told  # the messages of one patient are few


def test_stuck_messages_are_read_off_their_partial_index(plan: Callable[..., str]) -> None:
    conditions = search._states(MessageFilter(states=(MessageState.FAILED,)))
    told = plan(sa.select(search._M.id).where(*conditions).order_by(search._M.id).limit(50))
    assert "message_unwell" in told
    assert "TEMP B-TREE" not in told


@pytest.mark.parametrize("wanted", [MessageFilter(type="DFT"), MessageFilter(states=(MessageState.FAILED,))])
def test_what_no_message_has_needs_no_reading(page_plan: Callable[[MessageFilter], str], wanted: MessageFilter) -> None:
    assert page_plan(wanted) == ""
