"""In which lanes a reading keeps its order: the patients that it touches, whatever identifier leads to them.

A patient who is not known yet has the lane that follows from the identifier, which is the lane that the row will get when it is
created; so order holds from the first message on. Merges have both lanes: the sequencer joins them.
"""

from collections.abc import Iterable

from interface.ledger.entity import Entity
from interface.ledger.noun import Identifier, Noun
from interface.ledger.reading import Reading
from interface.ledger.rows import Rows
from interface.ledger.till import Till


def lanes(reading: Reading, rows: Rows, till: Till) -> tuple[int, ...]:
    """The lanes of a reading, each once, in order. Lanes that were joined are given as they are, not by their root."""
    found: set[int] = set()
    if reading.patient is not None:
        found.update(_of_patient(rows, reading.patient.ids))
    for merge in reading.merges:
        found.update(_of_patient(rows, (merge.survivor,)))
        found.update(_of_patient(rows, (merge.retired,)))
    named = list(_accounts_and_visits(reading))
    for noun, ids in named:
        owner = _owner(rows, rows.resolve(noun, ids))
        if owner is not None:
            found.add(owner.lane)
    if reading.payment is not None:
        for part in reading.payment.allocations:
            _add_owner(found, rows, rows.account_named(part.account_public_id) if part.account_public_id else None)
        for allocation in till.allocations_named(reading.payment.original):
            _add_owner(found, rows, rows.row(Noun.ACCOUNT, allocation.account_id))
    if not found:
        found.update(rows.lane_of(identifier) for _, ids in named for identifier in ids)
    return tuple(sorted(found))


def _of_patient(rows: Rows, ids: Iterable[Identifier]) -> Iterable[int]:
    patient = rows.resolve(Noun.PATIENT, ids)
    return (patient.lane,) if patient is not None else [rows.lane_of(identifier) for identifier in ids]


def _owner(rows: Rows, row: Entity | None) -> Entity | None:
    if row is None or row.patient_id is None:
        return None
    return rows.row(Noun.PATIENT, row.patient_id)


def _add_owner(found: set[int], rows: Rows, row: Entity | None) -> None:
    owner = _owner(rows, row)
    if owner is not None:
        found.add(owner.lane)


def _accounts_and_visits(reading: Reading) -> Iterable[tuple[Noun, tuple[Identifier, ...]]]:
    if reading.account is not None:
        yield Noun.ACCOUNT, reading.account.ids
    if reading.encounter is not None:
        yield Noun.ENCOUNTER, reading.encounter.ids
    for balance in reading.balances:
        yield Noun.ACCOUNT, (balance.account,)
    for part in reading.money_parts():
        if part.account is not None:
            yield Noun.ACCOUNT, (part.account,)
        if part.visit is not None:
            yield Noun.ENCOUNTER, (part.visit,)
