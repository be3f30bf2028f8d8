"""Deliveries as people see them, with every attempt and answer."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from interface.message import DeliveryState
from interface.store import schema_delivery as t
from interface.store.compress import expand
from interface.store.dialect import within
from interface.store.schema_ledger import allocation
from interface.store.tx import Tx
from interface.store.vault import scope_of
from interface.view.delivery import AttemptRow, DeliveryFilter, DeliveryStory, ReplyRow

_D = t.delivery.c
_ROWS = sa.select(t.delivery, allocation.c.amount_minor, allocation.c.currency).outerjoin(
    allocation, allocation.c.id == _D.allocation_id
)
_ATTEMPTS = sa.select(t.attempt).where(within(t.attempt.c.delivery_id, "ids")).order_by(t.attempt.c.id)
_REPLIES = sa.select(t.reply).where(within(t.reply.c.delivery_id, "ids")).order_by(t.reply.c.id)
_PAYLOAD = sa.select(t.payload.c.sealed).where(t.payload.c.delivery_id == sa.bindparam("row"))


def deliveries(tx: Tx, wanted: DeliveryFilter) -> list[DeliveryStory]:
    """One page, in the order of ids."""
    words = tx.known_word_ids([wanted.destination]) if wanted.destination else {}
    if wanted.destination and not words:
        return []
    conditions = _conditions(wanted, words.get(wanted.destination))
    found = tx.connection.execute(_ROWS.where(*conditions).order_by(_D.id).limit(wanted.limit)).all()
    ids = [row.id for row in found]
    attempts: dict[int, list[AttemptRow]] = {}
    for row in tx.read_in(_ATTEMPTS, "ids", ids):
        attempts.setdefault(row.delivery_id, []).append(_attempt(row))
    replies: dict[int, list[ReplyRow]] = {}
    for row in tx.read_in(_REPLIES, "ids", ids):
        replies.setdefault(row.delivery_id, []).append(ReplyRow(row.at, row.code, bool(row.late)))
    texts = tx.texts({number for row in found for number in (row.destination_id, row.cause_id)})
    return [_story(row, texts, attempts.get(row.id, []), replies.get(row.id, [])) for row in found]


def _conditions(wanted: DeliveryFilter, destination_id: int | None) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [
        column.in_(values)
        for column, values in (
            (_D.id, wanted.ids),
            (_D.state, [state.value for state in wanted.states]),
            (_D.subject, wanted.subjects),
            (_D.reply_to, wanted.reply_to),
        )
        if values
    ]
    if destination_id is not None:
        conditions.append(_D.destination_id == destination_id)
    if wanted.since:
        conditions.append(_D.created_at >= wanted.since)
    if wanted.until:
        conditions.append(_D.created_at < wanted.until)
    if wanted.beyond_id:
        conditions.append(_D.id > wanted.beyond_id)
    return conditions


def _attempt(row: sa.Row[Any]) -> AttemptRow:
    state = DeliveryState(row.state) if row.state else None
    return AttemptRow(row.number, row.at, row.ended_at or 0, state, row.code or "", row.text or "")


def _story(
    row: sa.Row[Any], texts: dict[int | None, str], attempts: Iterable[AttemptRow], replies: Iterable[ReplyRow]
) -> DeliveryStory:
    return DeliveryStory(
        id=row.id,
        destination=texts[row.destination_id],
        kind=row.kind,
        subject=row.subject,
        order_key=row.order_key,
        state=DeliveryState(row.state),
        cause=texts[row.cause_id],
        control_id=row.control_id or "",
        created_at=row.created_at,
        due_at=row.due_at,
        config_id=row.config_id,
        amount_minor=row.amount_minor,
        currency=row.currency or "",
        attempts=tuple(attempts),
        replies=tuple(replies),
        reply_to=row.reply_to,
        original_id=row.original_id,
    )


def payload(tx: Tx, delivery_id: int) -> bytes | None:
    """The frozen payload; None before the first attempt."""
    row = tx.first(_PAYLOAD, row=delivery_id)
    return None if row is None else expand(tx.vault.open(row.sealed, scope_of("payload", delivery_id)))
