"""What the records that HealthPay24 is told are made from, read for many rows at once."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from interface.ledger.entity import Entity
from interface.ledger.noun import Identifier, Noun
from interface.ledger.payment import Allocation
from interface.row.mirror import Material, MirrorRow, Subject
from interface.store import schema_ledger as t
from interface.store.dialect import within
from interface.store.ledger_load import Row, allocation, balances_by_root, entities, living, observations_by_root
from interface.store.standing import merged_into, survivor
from interface.store.tx import Tx

_ALLOCATIONS = sa.select(t.allocation).where(within(t.allocation.c.account_id, "ids")).order_by(t.allocation.c.id)


def material(tx: Tx, rows: Sequence[MirrorRow]) -> Material:
    """All that the records of these rows need, in a few statements whatever their number."""
    found = entities(tx, {Row(row.subject.noun, row.entity_id) for row in rows})
    found |= entities(tx, _linked(found, rows) - found.keys())
    books = [found[Row(Noun.ACCOUNT, row.entity_id)] for row in rows if row.subject is Subject.BALANCE]
    roots = {survivor(found, one).id for one in books}
    root_of = {number: number for number in roots} | merged_into(tx, Noun.ACCOUNT, roots)
    return Material(
        entities={(row.noun, row.id): one for row, one in found.items()},
        identifiers=_identifiers(tx, rows),
        observations=observations_by_root(tx, root_of),
        balances=balances_by_root(tx, root_of),
        allocations=_allocations(tx, root_of),
    )


def _linked(found: dict[Row, Entity], rows: Iterable[MirrorRow]) -> set[Row]:
    patients = (found[Row(Noun.PATIENT, row.entity_id)] for row in rows if row.subject is Subject.PATIENT)
    listed = (one for patient in patients for one in patient.value("linked", "patients") or ())
    return {Row(Noun.PATIENT, one["patient"]) for one in listed}


def _identifiers(tx: Tx, rows: Iterable[MirrorRow]) -> dict[tuple[Noun, int], tuple[Identifier, ...]]:
    found: dict[tuple[Noun, int], tuple[Identifier, ...]] = {}
    ids: dict[Noun, set[int]] = {}
    for row in rows:
        if row.subject is not Subject.BALANCE:
            ids.setdefault(row.subject.noun, set()).add(row.entity_id)
    for noun, numbers in ids.items():
        for number, _since, known in living(tx, noun, numbers):
            found[noun, number] = (*found.get((noun, number), ()), known)
    return found


def _allocations(tx: Tx, root_of: dict[int, int]) -> dict[int, list[Allocation]]:
    found: dict[int, list[Allocation]] = {}
    for row in tx.read_in(_ALLOCATIONS, "ids", root_of):
        found.setdefault(root_of[row.account_id], []).append(allocation(row))
    return found
