"""In which lanes a reading keeps its order: the patients that it touches, whatever identifier leads to them.

A patient who is not known yet has the lane that follows from the identifier, which is the lane that the row will get when it is
created; so order holds from the first message on. Moves and links have all lanes that they touch. Merges of patients, too, and the
sequencer joins those: what is merged is one for ever.
"""

from collections.abc import Iterable

from interface.ledger.entity import Entity
from interface.ledger.noun import Identifier, Noun
from interface.ledger.reading import PaymentAllocation, Reading
from interface.ledger.rows import Rows
from interface.ledger.till import Till

_Named = tuple[Noun, tuple[Identifier, ...]]


def lanes(reading: Reading, rows: Rows, till: Till) -> tuple[int, ...]:
    """The lanes of a reading, each once, in order. Lanes that were joined are given as they are, not by their root."""
    found: set[int] = set()
    if reading.patient is not None:
        found.update(_of_patient(rows, reading.patient.ids))
    regrouped: list[_Named] = [(noun, (identifier,)) for noun, identifier in reading.regrouped()]
    for noun, ids in regrouped:
        if noun is Noun.PATIENT:
            found.update(_of_patient(rows, ids))
    named = [*_accounts_and_visits(reading), *(one for one in regrouped if one[0] is not Noun.PATIENT)]
    for noun, ids in named:
        row = rows.resolve(noun, ids)
        owner = rows.owner(row) if row is not None else None
        if owner is not None:
            found.add(owner.lane)
    for account in paid_accounts(reading, rows, till):
        owner = rows.owner(account)
        if owner is not None:
            found.add(owner.lane)
    if not found:
        found.update(rows.lane_of(identifier) for _, ids in named for identifier in ids)
    if not found:
        found.update(rows.lane_of(one.ids[0]) for one in reading.guarantors if one.ids)
    return tuple(sorted(found))


def _of_patient(rows: Rows, ids: Iterable[Identifier]) -> Iterable[int]:
    patient = rows.resolve(Noun.PATIENT, ids)
    return (patient.lane,) if patient is not None else [rows.lane_of(identifier) for identifier in ids]


def paid_accounts(reading: Reading, rows: Rows, till: Till) -> list[Entity]:
    """The known accounts that a payment of HealthPay24's goes to, or that what it takes back or settles went to; each once."""
    told = reading.payment.allocations if reading.payment is not None else ()
    named = [_account_of(rows, part) for part in told]
    named += [rows.row(Noun.ACCOUNT, one.account_id) for one in till.allocations_named(reading.earlier_payment)]
    return list({account.id: account for account in named if account is not None}.values())


def _account_of(rows: Rows, part: PaymentAllocation) -> Entity | None:
    if part.account_public_id:
        return rows.account_named(part.account_public_id)
    return rows.resolve(Noun.ACCOUNT, (part.account,)) if part.account else None


def _accounts_and_visits(reading: Reading) -> Iterable[_Named]:
    if reading.account is not None:
        yield Noun.ACCOUNT, reading.account.ids
    for visit in (reading.encounter, *reading.further_encounters):
        if visit is not None:
            yield Noun.ENCOUNTER, visit.ids
    for balance in reading.balances:
        yield Noun.ACCOUNT, (balance.account,)
    for part in reading.money_parts():
        if part.account is not None:
            yield Noun.ACCOUNT, (part.account,)
        if part.visit is not None:
            yield Noun.ENCOUNTER, (part.visit,)
