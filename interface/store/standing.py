"""Who stands for whom since merges."""

from collections.abc import Iterable

import sqlalchemy as sa

from interface.ledger.entity import Entity
from interface.ledger.noun import Noun
from interface.store import schema_ledger as t
from interface.store.dialect import within
from interface.store.ledger_load import Row
from interface.store.tx import Tx

_MERGED = {
    noun: sa.select(table.c.id, table.c.survivor_id).where(within(table.c.survivor_id, "ids"))
    for noun, table in t.ENTITIES.items()
}


def survivor(found: dict[Row, Entity], one: Entity) -> Entity:
    """The row that stands for this one. Merges never make a circle; the ledger refuses it."""
    while one.survivor_id is not None:
        one = found[Row(one.noun, one.survivor_id)]
    return one


def merged_into(tx: Tx, noun: Noun, ids: Iterable[int]) -> dict[int, int]:
    """Every row that these stand for since a merge, with the one that stands for it."""
    standing = {number: number for number in ids}
    fresh = set(standing)
    while fresh:
        rows = tx.read_in(_MERGED[noun], "ids", fresh)
        fresh = {row.id for row in rows} - standing.keys()
        standing |= {row.id: standing[row.survivor_id] for row in rows}
    return {number: root for number, root in standing.items() if number != root}
