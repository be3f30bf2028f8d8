"""Payments that no channel took when they were made, as their open work items name them."""

import sqlalchemy as sa

from interface.ledger.noun import Noun
from interface.ledger.worklist import ItemKind
from interface.message import PostingState
from interface.row.delivery import Homeless
from interface.store import schema_ledger as t
from interface.store.dialect import within
from interface.store.ledger_load import Row, entities
from interface.store.schema_operation import OPEN, work_item
from interface.store.standing import survivor
from interface.store.tx import Tx

_ITEMS = (
    sa.select(work_item.c.id, work_item.c.subject)
    .where(work_item.c.kind == sa.bindparam("of_kind"), OPEN, work_item.c.id > sa.bindparam("beyond"))
    .order_by(work_item.c.id)
    .limit(sa.bindparam("amount"))
)
_ALLOCATIONS = (
    sa.select(t.allocation, t.payment.c.facility)
    .join(t.payment, t.payment.c.id == t.allocation.c.payment_id)
    .where(within(t.allocation.c.id, "ids"))
)


def homeless(tx: Tx, beyond_id: int, limit: int) -> list[Homeless]:
    """One page, in the order of the work items' ids."""
    items = tx.read(_ITEMS, of_kind=ItemKind.NO_DESTINATION.value, beyond=beyond_id, amount=limit)
    of_item = {row.id: int(row.subject.partition(":")[2]) for row in items}
    known = {row.id: row for row in tx.read_in(_ALLOCATIONS, "ids", of_item.values())}
    accounts = entities(tx, {Row(Noun.ACCOUNT, row.account_id) for row in known.values()})
    return [
        Homeless(
            item_id=item_id,
            allocation_id=number,
            kind=known[number].kind,
            account_id=survivor(accounts, accounts[Row(Noun.ACCOUNT, known[number].account_id)]).id,
            facility=known[number].facility,
            posting=PostingState(known[number].posting) if known[number].posting else None,
        )
        for item_id, number in of_item.items()
    ]
