"""Counters: ids that are never given twice, the epoch, and the numbers of what we send.

A counter hands out blocks: reserving one is a durable write of its own, the ids of a block cost nothing, and what is left
of it is lost with the process. Message ids are the exception: they are taken inside the writing transaction, so that a
message that was answered before another was sent has the smaller id.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from interface.store import schema_message, schema_operation
from interface.store.dialect import SQLITE, insert_or_add
from interface.store.tx import Tx

_COUNTER = schema_operation.counter
_ADD = insert_or_add(_COUNTER, "value")
_VALUE = sa.select(_COUNTER.c.value).where(_COUNTER.c.name == sa.bindparam("name"))
_VALUE_SHARED = _VALUE.with_for_update(read=True)
_VALUE_ALONE = _VALUE.with_for_update()
_NEXT_MESSAGE_IDS = sa.text("SELECT nextval(pg_get_serial_sequence('message', 'id')) FROM generate_series(1, :amount)")
_MESSAGES = schema_message.message.name
EPOCH = "epoch"
FENCE = "fence "  # before the name of a lock


def advance(tx: Tx, name: str, amount: int) -> range:
    """Reserve the next `amount` numbers (from 1) of a counter, in this transaction."""
    tx.write(_ADD, [{"name": name, "value": amount}])
    row = tx.first(_VALUE, name=name)
    assert row is not None, "the row was written above"
    return range(row.value - amount + 1, row.value + 1)


def message_ids(tx: Tx, amount: int) -> Sequence[int]:
    """Ids for new messages, rising. On PostgreSQL a sequence: a counter's row would make receivers wait for each other's commit."""
    if tx.dialect == SQLITE:
        return advance(tx, _MESSAGES, amount)
    return [row[0] for row in tx.read(_NEXT_MESSAGE_IDS, amount=amount)]


def epoch(tx: Tx, *, is_turn: bool) -> int:
    """The number of acts so far. In a writing transaction the row is locked, so that no act can slip in before the commit."""
    row = tx.first(_VALUE_SHARED if is_turn else _VALUE, name=EPOCH)
    return 0 if row is None else int(row.value)


def shut_out_acts(tx: Tx) -> None:
    """Let no act and no batch commit before this transaction has; they are not undone by it."""
    tx.first(_VALUE_ALONE, name=EPOCH)


def fence(tx: Tx, name: str) -> int:
    """The number of times that the named lock was taken; what holds it may write as long as this stays the same."""
    row = tx.first(_VALUE_SHARED, name=f"{FENCE}{name}")
    return 0 if row is None else int(row.value)


def raise_epoch(tx: Tx) -> None:
    """Count one more act."""
    advance(tx, EPOCH, 1)


def alone(tx: Tx, subject: str) -> None:
    """Let no other transaction beyond the same call until this one ends. On SQLite a writer is alone anyhow."""
    if tx.dialect != SQLITE:
        tx.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(tx.vault.search_key("alone", subject))))
