"""The whole ledger and the whole history, in pages by id: what a proof compares with another ledger, and replays."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from interface.ledger.compare import Image
from interface.ledger.entity import Entity, KnownIdentifier
from interface.ledger.journal import Balance, Entry, Observation
from interface.ledger.noun import Identifier, Noun
from interface.store import schema_ledger as t
from interface.store import schema_message as m
from interface.store.account_story import ENTRIES, entries
from interface.store.ledger_load import allocation, balance, entity, payment
from interface.store.story import run_rows
from interface.store.tx import Tx
from interface.store.vault import scope_of
from interface.view.message import RunRow

V = TypeVar("V")
_PAGE = 1_000
_ALL_IDENTIFIERS = sa.select(t.identifier).execution_options(yield_per=_PAGE)
_ALL_BALANCES = sa.select(t.balance).execution_options(yield_per=_PAGE)
_RUNS = sa.select(m.run).where(m.run.c.id > sa.bindparam("beyond")).order_by(m.run.c.id).limit(sa.bindparam("amount"))


def _pages(tx: Tx, query: sa.Select[Any], key: sa.Column[int]) -> Iterator[Sequence[sa.Row[Any]]]:
    """The rows of a query in pages, by a rising key."""
    paged = query.where(key > sa.bindparam("beyond")).order_by(key).limit(_PAGE)
    beyond = -1
    while page := tx.read(paged, beyond=beyond):
        yield page
        beyond = getattr(page[-1], key.name)


def _each(tx: Tx, table: sa.Table, build: Callable[[sa.Row[Any]], V]) -> Iterator[V]:
    for page in _pages(tx, sa.select(table), table.c.id):
        for row in page:
            yield build(row)


def image(tx: Tx) -> Image:
    """The whole ledger. Each part is read when it is iterated, page by page, as long as the snapshot lives."""
    return Image(
        entities=_entities(tx),
        identifiers=_identifiers(tx),
        entries=_entries(tx),
        balances=_balances(tx),
        observations=_observations(tx),
        payments=_each(tx, t.payment, lambda row: payment(tx.vault, row)),
        allocations=_each(tx, t.allocation, allocation),
    )


def _entities(tx: Tx) -> Iterator[Entity]:
    for noun, table in t.ENTITIES.items():
        for page in _pages(tx, sa.select(table), table.c.id):
            for row in page:
                yield entity(tx.vault, noun, row)


def _identifiers(tx: Tx) -> Iterator[KnownIdentifier]:
    # The key is a hash: there is no order to page by but its own, and no two pages may share one.
    for row in tx.connection.execute(_ALL_IDENTIFIERS):
        name = Identifier(*tx.vault.open_json(row.sealed, scope_of("identifier", row.key)))
        yield KnownIdentifier(Noun(row.noun), name, row.entity_id, row.valid_from, row.retired_at or None)


def _entries(tx: Tx) -> Iterator[Entry]:
    for page in _pages(tx, sa.select(t.journal_entry.c.id), t.journal_entry.c.id):
        yield from entries(tx.read_in(ENTRIES, "ids", [row.id for row in page]))


def _balances(tx: Tx) -> Iterator[Balance]:
    for row in tx.connection.execute(_ALL_BALANCES):
        yield balance(row)


def _observations(tx: Tx) -> Iterator[Observation]:
    for page in _pages(tx, sa.select(t.observation), t.observation.c.account_id):
        for row in page:
            yield Observation(**row._mapping)


def runs(tx: Tx, beyond_id: int, limit: int) -> list[RunRow]:
    """One page of all runs in the order in which they were committed by their part."""
    return run_rows(tx, tx.read(_RUNS, beyond=beyond_id, amount=limit))
