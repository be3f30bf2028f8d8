"""Payments that the EHR acknowledged and whose posting nothing has proved yet: how old they are, and which a person was told of.

An allocation that a person was told of carries the cause `unconfirmed` as long as it stands so.
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from interface.ledger.worklist import ItemKind
from interface.row.delivery import Unconfirmed
from interface.store import schema_delivery as d
from interface.store import schema_ledger as t
from interface.store.dialect import within
from interface.store.tx import Tx
from interface.store.worklist import close_items

TOLD = "unconfirmed"
_A, _D = t.allocation.c, d.delivery.c
_ACCEPTED = t.ACCEPTED  # said in the words of the partial index, so that it serves
_SENT = t.allocation.join(d.delivery, sa.and_(_D.allocation_id == _A.id, _D.original_id.is_(None)))
_UNTOLD = (
    sa.select(_A.id, _A.amount_minor, _A.currency, _D.id.label("delivery_id"))
    .select_from(_SENT)
    .where(
        _ACCEPTED,
        _A.cause.is_(None),
        _A.accepted_at <= sa.bindparam("before"),
        _D.destination_id == sa.bindparam("destination"),
    )
    .order_by(_A.accepted_at)
    .limit(sa.bindparam("amount"))
)
_TELL = sa.update(t.allocation).where(within(_A.id, "ids")).values(cause=TOLD)
_OLDEST = (
    sa.select(_A.accepted_at)
    .select_from(_SENT)
    .where(_ACCEPTED, _D.destination_id == sa.bindparam("destination"))
    .order_by(_A.accepted_at)
    .limit(1)
)
_OLDEST_BY_CAUSE = (_OLDEST.where(_A.cause.is_(None)), _OLDEST.where(_A.cause == TOLD))
_TOLD = (
    sa.select(sa.func.count())
    .select_from(_SENT)
    .where(_ACCEPTED, _A.cause == TOLD, _D.destination_id == sa.bindparam("destination"))
)
_DELIVERIES = sa.select(_D.id).where(within(_D.allocation_id, "ids"), _D.original_id.is_(None))


def untold(tx: Tx, destination: str, before: int, limit: int) -> list[Unconfirmed]:
    """What the destination acknowledged before a time, is not proved to be posted, and nobody was told of; the oldest first."""
    numbers = tx.known_word_ids([destination])
    if destination not in numbers:
        return []
    rows = tx.read(_UNTOLD, destination=numbers[destination], before=before, amount=limit)
    return [Unconfirmed(row.id, row.delivery_id, row.amount_minor, row.currency) for row in rows]


def note_told(tx: Tx, allocation_ids: Iterable[int]) -> None:
    """A person was told of these: `untold` gives them no more."""
    tx.write_in(_TELL, "ids", allocation_ids)


def oldest_at(tx: Tx, destination_id: int) -> int:
    """When the oldest one was acknowledged; 0 where there is none."""
    rows = [tx.first(statement, destination=destination_id) for statement in _OLDEST_BY_CAUSE]
    return min((int(row.accepted_at) for row in rows if row is not None), default=0)


def told(tx: Tx, destination_id: int) -> int:
    """How many a person was told of, and nothing has proved or settled since."""
    row = tx.first(_TOLD, destination=destination_id)
    return int(row[0]) if row is not None else 0


def settled(tx: Tx, allocation_ids: Sequence[int], how: str) -> None:
    """Close the items of these, which stand otherwise now."""
    for row in tx.read_in(_DELIVERIES, "ids", allocation_ids):
        close_items(tx, ItemKind.UNCONFIRMED_POSTING, f"delivery:{row.id}", how, "engine")
