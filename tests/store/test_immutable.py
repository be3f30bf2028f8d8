"""What arrived, what was booked and what was done stays as written: the database itself refuses to change it."""

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from interface.ledger.change import LedgerChanges
from interface.ledger.journal import MoneyMark
from interface.ledger.reading import MoneyKind
from interface.message import DeliveryState, MessageState
from interface.row.act import Act
from interface.row.delivery import Outcome
from interface.row.message import PLACES, Membership
from interface.store import immutable
from interface.store.permit import permitted
from interface.store.schema import METADATA
from interface.store.schema_purge import purge_permit
from interface.store.store import SqlStore
from interface.view.configuration import Publishing
from tests.store.given import START, account, allocation, entry, finish, intake, patient, payment, receive, run, wanted

RULES = (*immutable.KEPT_FOR_EVER, *immutable.REMOVED_BY_PURGE, *immutable.FROZEN)
UNCHANGED = [rule for rule in RULES if not rule.is_free]


@pytest.fixture
def store(store: SqlStore) -> SqlStore:
    """A store in which every table that refuses change has a row."""
    masked = intake(1, incidents=("PID-3",))
    (batch,) = receive(store, intake(2, message_type="BHS"))
    receive(store, intake(3, member=Membership(batch.message_id, 1, PLACES + 1)))
    (first,) = receive(store, masked)
    finish(store, run(first.message_id))
    kind, day = MoneyKind.PAYMENT, "2026-03-04"
    mark = MoneyMark("T1", "epic", 1, first.message_id, 0, 1, kind, 2500, "USD", "patient", "PY", day)
    changes = LedgerChanges(
        created=[patient(), account()],
        entries=[entry(1, first.message_id)],
        money=[mark],
        payments=[payment(first.message_id)],
        allocations=[allocation()],
    )
    sealed = store.seal(changes)
    with store.turn("process") as turn:
        turn.save(sealed, 1)
        (number,) = turn.enqueue([wanted()])
        turn.begin_attempt(number, b"MSH|", "C1", START)
        turn.end_attempt(number, Outcome(DeliveryState.DELIVERED, START, "AA", reply=b"MSA|AA"))
        turn.activate_config(turn.keep_config({"a.yaml": ""}, "d", START), Publishing(START, "kim"))
        turn.audit([Act("kim", "look", "message:1")])
        turn.transaction.connection.execute(
            sa.insert(METADATA.tables["work_item_event"]).values(item_id=_item(turn.transaction.connection), **_EVENT)
        )
    step = {"at": START, "rule": "runs", "rows": 1, "size": 0, "first_id": 1, "last_id": 1}
    with store.turn("test") as turn:
        turn.transaction.connection.execute(sa.insert(METADATA.tables["purge_step"]).values(**step))
    store.seal_audit()
    return store


_EVENT = {"at": START, "actor": "kim", "what": "closed"}


def _item(connection: sa.Connection) -> int:
    item = {"kind": "k", "subject": "s", "cause": "c", "times": 1, "message_id": 0, "acts": "[]"}
    times = {"opened_at": START, "last_at": START}
    return int(
        connection.execute(sa.insert(METADATA.tables["work_item"]).values(**item, **times)).inserted_primary_key[0]
    )


def refused(store: SqlStore, statement: sa.Executable) -> None:
    with (
        pytest.raises(exc.DatabaseError, match=immutable.MESSAGE),
        store.turn("test") as turn,
    ):
        turn.transaction.connection.execute(statement)


def rows(store: SqlStore, table: str) -> int:
    with store.turn("test") as turn:
        counted = turn.transaction.connection.execute(sa.select(sa.func.count()).select_from(METADATA.tables[table]))
        return int(counted.scalar_one())


@pytest.mark.parametrize("rule", UNCHANGED, ids=lambda rule: rule.name)
def test_columns_that_are_fixed_refuse_an_update(store: SqlStore, rule: immutable.Rule) -> None:
    assert rows(store, rule.name)
    for column in rule.fixed or [one.name for one in rule.table.columns]:
        refused(store, sa.update(rule.table).values({column: rule.table.c[column]}))


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in immutable.FROZEN], ids=lambda rule: rule.name)
def test_a_row_cannot_be_removed(store: SqlStore, rule: immutable.Rule) -> None:
    assert rows(store, rule.name)
    refused(store, sa.delete(rule.table))
    if store.opened.engine.dialect.name == "postgresql":
        refused(store, sa.text(f"TRUNCATE {rule.name} CASCADE"))


def test_a_row_cannot_be_replaced(store: SqlStore) -> None:
    if store.opened.engine.dialect.name == "sqlite":  # the other one has no such statement
        refused(store, sa.text("INSERT OR REPLACE INTO body SELECT message_id, x'00' FROM body"))
        refused(store, sa.text("INSERT OR REPLACE INTO audit SELECT id, at, 'eve', verb, subject, sealed FROM audit"))


def test_what_was_answered_is_decided_once(store: SqlStore) -> None:
    answer = sa.text("UPDATE message SET answer = 'AE' WHERE id = :row")
    (asked,) = receive(store, intake(2, answer="?"))
    with store.turn("test") as turn:
        assert turn.settle_answers({asked.message_id: "AA"}) == {asked.message_id: "AA"}
    refused(store, answer.bindparams(row=asked.message_id))


def test_after_a_refusal_the_same_bytes_are_answered_anew(store: SqlStore) -> None:
    receive(store, intake(3, state=MessageState.REFUSED, answer="AE", reason="not-production"))
    (again,) = receive(store, intake(3))
    assert (again.state, again.answer) == (MessageState.WAITING, "AA")


def test_the_outcome_of_an_attempt_is_written_once(store: SqlStore) -> None:
    refused(store, sa.text("UPDATE attempt SET code = 'AE'"))


def test_a_permit_names_the_table_that_rows_may_leave(store: SqlStore) -> None:
    with store.turn("test") as turn, permitted(turn.transaction, METADATA.tables["audit"]):
        assert turn.transaction.connection.execute(sa.text("DELETE FROM audit")).rowcount == 1
    assert rows(store, "audit") == 0
    with (
        pytest.raises(exc.DatabaseError, match=immutable.MESSAGE),
        store.turn("test") as turn,
        permitted(turn.transaction, METADATA.tables["audit"]),
    ):
        turn.transaction.connection.execute(sa.text("DELETE FROM arrival"))


@pytest.mark.parametrize("rule", immutable.KEPT_FOR_EVER, ids=lambda rule: rule.name)
def test_a_permit_does_not_touch_what_is_kept_for_ever(store: SqlStore, rule: immutable.Rule) -> None:
    with (
        pytest.raises(exc.DatabaseError, match=immutable.MESSAGE),
        store.turn("test") as turn,
        permitted(turn.transaction, rule.table),
    ):
        turn.transaction.connection.execute(sa.delete(rule.table))


@pytest.mark.parametrize("ended_by", [-1, 1, None])
def test_a_permit_cannot_be_committed(store: SqlStore, ended_by: int | None) -> None:
    row = {"id": 1, "of_table": "body", "ended_by": ended_by}
    with pytest.raises(exc.IntegrityError), store.turn("test") as turn:
        turn.transaction.connection.execute(sa.insert(purge_permit).values(**row))
    assert rows(store, "purge_permit") == 0


def test_every_table_of_history_is_guarded() -> None:
    guarded = {rule.name for rule in RULES}
    assert {"arrival", "message", "body", "journal_entry", "journal_line", "money_key", "audit"} <= guarded
