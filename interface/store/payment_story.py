"""Payments as people see them."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from interface.ledger.payment import Allocation
from interface.store import schema_ledger as t
from interface.store.dialect import within
from interface.store.ledger_load import payments
from interface.store.tx import Tx
from interface.view.money import PaymentStory

_BY_NAME = sa.union(
    sa.select(t.payment.c.id).where(t.payment.c.public_id == sa.bindparam("name")),
    sa.select(t.allocation.c.payment_id).where(t.allocation.c.transaction_id == sa.bindparam("name")),
    sa.select(t.allocation.c.payment_id).where(t.allocation.c.wire_id == sa.bindparam("name")),
)
_OF_ALLOCATIONS = sa.select(t.allocation.c.payment_id).where(within(t.allocation.c.id, "ids")).distinct()
_PUBLIC_IDS = sa.select(t.account.c.id, t.account.c.public_id).where(within(t.account.c.id, "ids"))
_CAUSES = sa.select(t.allocation.c.id, t.allocation.c.cause).where(
    within(t.allocation.c.payment_id, "ids"), t.allocation.c.cause.is_not(None)
)
_PAGE = (
    sa.select(t.payment.c.id)
    .where(t.payment.c.id > sa.bindparam("beyond"))
    .order_by(t.payment.c.id)
    .limit(sa.bindparam("amount"))
)
_COUNT = sa.select(sa.func.count()).select_from(t.payment)


def payment(tx: Tx, name: str) -> PaymentStory | None:
    """A payment by public id, transaction id or the wire id of one of its allocations; None where none or several fit."""
    found = stories(tx, [row[0] for row in tx.read(_BY_NAME, name=name)])
    return found[0] if len(found) == 1 else None


def payments_of_allocations(tx: Tx, allocation_ids: Sequence[int]) -> list[PaymentStory]:
    """The payments that these allocations belong to, each once, in the order of ids."""
    return stories(tx, [row.payment_id for row in tx.read_in(_OF_ALLOCATIONS, "ids", allocation_ids)])


def page(tx: Tx, beyond_id: int, limit: int) -> list[PaymentStory]:
    """One page of all payments in the order of ids."""
    return stories(tx, [row.id for row in tx.read(_PAGE, beyond=beyond_id, amount=limit)])


def count(tx: Tx) -> int:
    """How many payments there are."""
    return int(tx.connection.execute(_COUNT).scalar_one())


def stories(tx: Tx, ids: Iterable[int]) -> list[PaymentStory]:
    """Payments with their allocations and what is told of their accounts."""
    wanted = set(ids)
    found, parts = payments(tx, wanted)
    of_payment: dict[int, list[Allocation]] = {}
    for part in parts:
        of_payment.setdefault(part.payment_id, []).append(part)
    named = {row.id: row.public_id for row in tx.read_in(_PUBLIC_IDS, "ids", {part.account_id for part in parts})}
    causes = {row.id: row.cause for row in tx.read_in(_CAUSES, "ids", wanted)}
    return [
        PaymentStory(
            payment=one,
            allocations=tuple(of_payment[one.id]),
            account_public_ids={part.account_id: named[part.account_id] for part in of_payment[one.id]},
            causes={part.id: causes[part.id] for part in of_payment[one.id] if part.id in causes},
        )
        for one in sorted(found, key=lambda one: one.id)
    ]
