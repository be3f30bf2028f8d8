"""Which accounts are in question when a patient, an account or a visit is: its own, and all that were merged into them."""

from collections.abc import Iterable, Mapping

from interface.ledger.entity import Entity
from interface.ledger.noun import Noun

RowKey = tuple[Noun, int]


def estate(entities: Iterable[Entity], wanted: Iterable[RowKey]) -> set[int]:
    """Ids of the accounts of these patients, accounts and visits, merged ones included; rows that are not there have none."""
    rows = {(one.noun, one.id): one for one in entities}
    roots = [_root(rows, rows[key]) for key in wanted if key in rows]
    patients = {one.id for one in roots if one.noun is Noun.PATIENT}
    accounts = {one.id for one in roots if one.noun is Noun.ACCOUNT}
    accounts |= {
        _root(rows, rows[Noun.ACCOUNT, one.account_id]).id
        for one in roots
        if one.noun is Noun.ENCOUNTER and one.account_id is not None
    }
    found = set()
    for (noun, number), row in rows.items():
        if noun is Noun.ACCOUNT:
            root = _root(rows, row)
            if root.id in accounts or (root.patient_id is not None and _owner(rows, root) in patients):
                found.add(number)
    return found


def _owner(rows: Mapping[RowKey, Entity], account: Entity) -> int | None:
    patient = rows.get((Noun.PATIENT, account.patient_id or 0))
    return None if patient is None else _root(rows, patient).id


def _root(rows: Mapping[RowKey, Entity], one: Entity) -> Entity:
    while one.survivor_id is not None:
        one = rows[one.noun, one.survivor_id]
    return one
