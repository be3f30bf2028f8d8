"""The whole ledger and the whole history, in pages by id: what a proof compares with another ledger, and replays."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from interface.ledger.compare import Image
from interface.ledger.entity import Entity, KnownIdentifier
from interface.ledger.journal import Entry, MoneyMark, Observation
from interface.ledger.noun import Noun
from interface.store import schema_baseline
from interface.store import schema_ledger as t
from interface.store import schema_message as m
from interface.store.account_story import entries
from interface.store.dialect import within
from interface.store.ledger_load import allocation, balance, entity, identifier_of, money_mark, payment
from interface.store.story import run_rows
from interface.store.tx import Tx
from interface.view.message import RunRow

V = TypeVar("V")
_PAGE = 1_000
_RUNS = sa.select(m.run).where(m.run.c.id > sa.bindparam("beyond")).order_by(m.run.c.id).limit(sa.bindparam("amount"))


@dataclass(frozen=True, slots=True)
class Tables:
    """Where a ledger stands: the present one, or the copy that a proof begins from."""

    of: Callable[[sa.Table], sa.Table]

    def entries(self) -> sa.Select[Any]:
        """Entries with their lines."""
        entry, line = self.of(t.journal_entry), self.of(t.journal_line)
        joined = sa.select(entry, line).join(line, line.c.entry_id == entry.c.id).where(within(entry.c.id, "ids"))
        return joined.order_by(entry.c.id, line.c.line)


LIVE = Tables(lambda table: table)
BASE = Tables(lambda table: schema_baseline.BASE[table.name])


def pages(rows: Iterable[V]) -> Iterator[list[V]]:
    """Rows in lists of some hundreds."""
    left = iter(rows)
    while page := list(islice(left, _PAGE)):
        yield page


def _each(tx: Tx, table: sa.Table, key: str, build: Callable[[sa.Row[Any]], V]) -> Iterator[V]:
    """The rows of a table in pages, by a rising key that is unique."""
    column = table.c[key]
    query = sa.select(table).where(column > sa.bindparam("beyond")).order_by(column).limit(_PAGE)
    beyond = -1
    while page := tx.read(query, beyond=beyond):
        for row in page:
            yield build(row)
        beyond = getattr(page[-1], key)


def image(tx: Tx, tables: Tables = LIVE) -> Image:
    """The whole ledger. Each part is read when it is iterated, page by page, as long as the snapshot lives."""
    return Image(
        entities=_entities(tx, tables),
        identifiers=_identifiers(tx, tables),
        entries=_entries(tx, tables),
        balances=_streamed(tx, tables.of(t.balance), balance),
        observations=_each(tx, tables.of(t.observation), "account_id", lambda row: Observation(**row._mapping)),
        payments=_each(tx, tables.of(t.payment), "id", lambda row: payment(tx.vault, row)),
        allocations=_each(tx, tables.of(t.allocation), "id", allocation),
    )


def marks(tx: Tx, tables: Tables = LIVE) -> Iterator[MoneyMark]:
    """Every booked transaction."""
    return _streamed(tx, tables.of(t.money_key), lambda row: money_mark(tx.vault, row))


def _entities(tx: Tx, tables: Tables) -> Iterator[Entity]:
    for noun, table in t.ENTITIES.items():
        yield from _each(tx, tables.of(table), "id", partial(entity, tx.vault, noun))


def _identifiers(tx: Tx, tables: Tables) -> Iterator[KnownIdentifier]:
    def build(row: sa.Row[Any]) -> KnownIdentifier:
        return KnownIdentifier(
            Noun(row.noun), identifier_of(tx.vault, row), row.entity_id, row.valid_from, row.retired_at or None
        )

    return _streamed(tx, tables.of(t.identifier), build)


def _streamed(tx: Tx, table: sa.Table, build: Callable[[sa.Row[Any]], V]) -> Iterator[V]:
    """The rows of a table without a number to page by, off one cursor."""
    for row in tx.connection.execute(sa.select(table).execution_options(yield_per=_PAGE)):
        yield build(row)


def _entries(tx: Tx, tables: Tables) -> Iterator[Entry]:
    query = tables.entries()
    for numbers in pages(_each(tx, tables.of(t.journal_entry), "id", lambda row: int(row.id))):
        yield from entries(tx.read_in(query, "ids", numbers))


def runs(tx: Tx, beyond_id: int, limit: int) -> list[RunRow]:
    """One page of all runs in the order in which they were committed by their part."""
    return run_rows(tx, tx.read(_RUNS, beyond=beyond_id, amount=limit))
