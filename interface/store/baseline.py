"""A baseline of the ledger: copied when the code that reads and applies messages changes, so that a proof need not run older
messages through newer code.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa

from interface.ledger.change import LedgerChanges
from interface.row.baseline import Baseline
from interface.store import export
from interface.store import schema_baseline as t
from interface.store import schema_message as m
from interface.store.tx import Tx

CHUNK = 2_000  # rows copied in one turn: a few milliseconds
_NEWEST = sa.select(t.baseline).order_by(t.baseline.c.id.desc()).limit(1)
_LAST_RUN = sa.select(sa.func.coalesce(sa.func.max(m.run.c.id), 0))
_LAST_ALLOCATION = sa.select(sa.func.coalesce(sa.func.max(t.BASE["allocation"].c.id), 0))
Turns = Callable[[], AbstractContextManager[Tx]]


def baseline(tx: Tx) -> Baseline | None:
    """The newest one; None where none was taken."""
    row = tx.first(_NEWEST)
    if row is None:
        return None
    (beyond,) = tx.read(_LAST_ALLOCATION)[0]
    return Baseline(row.at, row.beyond_run, beyond, row.functions)


def take(turns: Turns, functions: str) -> None:
    """Copy the ledger, many rows a turn; nothing may be processed meanwhile. What is broken off leaves no baseline."""
    with turns() as tx:
        tx.connection.execute(sa.delete(t.baseline))
        (last_run,) = tx.read(_LAST_RUN)[0]
    for table in t.COPIED:
        with turns() as tx:
            tx.connection.execute(sa.delete(t.BASE[table.name]))
        beyond: Any = None
        is_left = True
        while is_left:
            with turns() as tx:
                beyond, is_left = _copy(tx, table, beyond)
    with turns() as tx:
        row = {"at": tx.now, "beyond_run": last_run, "functions": functions}
        tx.connection.execute(sa.insert(t.baseline), row)


def _copy(tx: Tx, table: sa.Table, beyond: Any) -> tuple[Any, bool]:
    """The next rows by the first column of the key; gives where they end, and whether more may follow."""
    key = next(iter(table.primary_key.columns))
    rest = sa.select(key).order_by(key)
    if beyond is not None:
        rest = rest.where(key > beyond)
    end = tx.connection.execute(rest.offset(CHUNK).limit(1)).scalar()
    chosen = sa.select(*table.columns)
    if beyond is not None:
        chosen = chosen.where(key > beyond)
    if end is not None:
        chosen = chosen.where(key <= end)
    names = [column.name for column in table.columns]
    tx.connection.execute(sa.insert(t.BASE[table.name]).from_select(names, chosen))
    return end, end is not None


def changes(tx: Tx) -> Iterator[LedgerChanges]:
    """The baseline's rows as changes that make the same ledger of an empty one, some hundreds at a time."""
    image = export.image(tx, export.BASE)
    for entities in export.pages(image.entities):
        yield LedgerChanges(created=entities)
    for known in export.pages(image.identifiers):
        yield LedgerChanges(identifiers=known)
    for entries in export.pages(image.entries):
        yield LedgerChanges(entries=entries)
    for balances in export.pages(image.balances):
        yield LedgerChanges(balance_deltas=balances)
    for observations in export.pages(image.observations):
        yield LedgerChanges(observations=observations)
    for marks in export.pages(export.marks(tx, export.BASE)):
        yield LedgerChanges(money=marks)
    for payments in export.pages(image.payments):
        yield LedgerChanges(payments=payments)
    for parts in export.pages(image.allocations):
        yield LedgerChanges(allocations=parts)
