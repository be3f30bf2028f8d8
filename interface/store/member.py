"""Messages that came in a batch: which, in which order, and (of a large batch) until when they may not run.

A large batch is written in several transactions. What the first of them wrote is parked: nothing runs it before the transaction
that ends the batch's own run. Whatever becomes of the batch before that (it is skipped, released again) becomes of it, too.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from interface.message import MessageState
from interface.row.message import BATCH_TYPES
from interface.store import schema_message as t
from interface.store.dialect import within
from interface.store.tx import Tx

_M, _MEMBER = t.message.c, t.batch_member.c
_NEW = sa.insert(t.batch_member)
_WRITTEN = sa.select(sa.func.count()).where(_MEMBER.batch_id == sa.bindparam("batch"))
_OPEN = (
    sa.update(t.message)
    .where(
        _M.id.in_(sa.select(_MEMBER.message_id).where(_MEMBER.batch_id == sa.bindparam("batch"), _MEMBER.is_new == 1)),
        _M.state == MessageState.WAITING.value,
        _M.parked == 1,
    )
    .values(parked=0)
)
_FORWARD = (
    sa.update(t.message)
    .where(
        _M.id == sa.bindparam("row"),
        _M.state == MessageState.WAITING.value,
        _M.parked == 0,
        _M.order_id > sa.bindparam("place"),
    )
    .values(order_id=sa.bindparam("place"))
)
_BATCHES = sa.select(_M.id).where(within(_M.id, "ids"), within(_M.type_id, "types"))
_UNOPENED = (
    sa.select(_MEMBER.message_id)
    .join(t.message, _M.id == _MEMBER.message_id)
    .where(within(_MEMBER.batch_id, "batches"), _MEMBER.is_new == 1, _M.state == sa.bindparam("stands"))
    .order_by(_MEMBER.message_id)
)
_MEMBERS = sa.select(t.batch_member).where(_MEMBER.batch_id == sa.bindparam("batch")).order_by(_MEMBER.position)
_BROUGHT_BY = (
    sa.select(_MEMBER.message_id, _MEMBER.batch_id, _MEMBER.position)
    .where(within(_MEMBER.message_id, "ids"), _MEMBER.is_new == 1)
    .order_by(_MEMBER.batch_id.desc(), _MEMBER.position.desc())
)


def note(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep which messages a batch brought."""
    tx.write(_NEW, rows)


def written(tx: Tx, batch_id: int) -> int:
    """How many of a batch's messages are written so far: always the first ones."""
    row = tx.first(_WRITTEN, batch=batch_id)
    return int(row[0]) if row else 0


def let_run(tx: Tx, batch_id: int) -> None:
    """Let those run that were written ahead."""
    tx.connection.execute(_OPEN, {"batch": batch_id})


def bring_forward(tx: Tx, places: Sequence[tuple[int, int]]) -> None:
    """A message that waits, and came in an older batch as well, runs in the place where it came first."""
    tx.write(_FORWARD, [{"row": number, "place": place} for number, place in places])


def batches(tx: Tx, ids: Iterable[int]) -> set[int]:
    """Those of these messages that are batches."""
    types = list(tx.known_word_ids(BATCH_TYPES).values())
    return {row.id for row in tx.read_in(_BATCHES, "ids", ids, types=types)} if types else set()


def unopened(tx: Tx, ids: Iterable[int], stands: MessageState) -> list[int]:
    """What was written ahead of these batches, which are not processed, and stands so."""
    return [row.message_id for row in tx.read_in(_UNOPENED, "batches", ids, stands=stands.value)]


def members(tx: Tx, batch_id: int) -> tuple[tuple[int, ...], int]:
    """The messages of a batch by position, and how many of them were here already."""
    rows = tx.read(_MEMBERS, batch=batch_id)
    return tuple(row.message_id for row in rows), sum(not row.is_new for row in rows)


def brought_by(tx: Tx, ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Batch and position by message; of several the first that brought it."""
    return {row.message_id: (row.batch_id, row.position) for row in tx.read_in(_BROUGHT_BY, "ids", ids)}
