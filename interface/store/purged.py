"""What was purged of a message or delivery, when, and under which rule."""

from collections.abc import Iterable

import sqlalchemy as sa

from interface.row.purge import Rule
from interface.store import schema_message as m
from interface.store import schema_purge as t
from interface.store.dialect import within
from interface.store.tx import Tx
from interface.view.message import PurgedPart

BODY, ARRIVALS, RUNS, PAYLOAD = "body", "arrivals", "runs", "payload"
OF_MESSAGE = (BODY, ARRIVALS, RUNS)
_PARTS = (
    sa.select(t.purged.c.what, t.purge_step.c.at, t.purge_step.c.rule)
    .join(t.purge_step, t.purge_step.c.id == t.purged.c.step_id)
    .where(within(t.purged.c.what, "kinds"), t.purged.c.subject_id == sa.bindparam("row"))
    .order_by(t.purged.c.what)
)
_BODILESS = sa.select(t.purged.c.subject_id).where(t.purged.c.what == BODY, within(t.purged.c.subject_id, "ids"))
_FORGOTTEN = (
    sa.select(t.purge_step.c.at, t.purge_step.c.rule)
    .where(t.OF_MESSAGES, t.purge_step.c.first_id <= sa.bindparam("row"), t.purge_step.c.last_id >= sa.bindparam("row"))
    .limit(1)
)
_PRESENT = sa.select(m.message.c.id).where(m.message.c.id == sa.bindparam("row"))


def of_message(tx: Tx, message_id: int) -> tuple[PurgedPart, ...]:
    """What is gone of a message that is still there."""
    return tuple(PurgedPart(row.what, row.at, row.rule) for row in tx.read(_PARTS, kinds=OF_MESSAGE, row=message_id))


def payload(tx: Tx, delivery_id: int) -> PurgedPart | None:
    """When and why a delivery's payload, attempts and answers went; None where they did not."""
    row = tx.first(_PARTS, kinds=(PAYLOAD,), row=delivery_id)
    return None if row is None else PurgedPart(row.what, row.at, row.rule)


def bodiless(tx: Tx, ids: Iterable[int]) -> set[int]:
    """Those of these messages whose bytes were purged."""
    return {row.subject_id for row in tx.read_in(_BODILESS, "ids", ids)}


def forgotten(tx: Tx, message_id: int) -> PurgedPart | None:
    """When the row of a message went that is not there: a step removed rows of numbers around its own."""
    row = tx.first(_FORGOTTEN, row=message_id)
    if row is None or tx.first(_PRESENT, row=message_id) is not None:
        return None
    return PurgedPart(Rule.MESSAGES.value, row.at, row.rule)
