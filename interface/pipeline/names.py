"""What people search the messages of a batch by: the identifiers that each names, or those of the accounts that its money is for.

HealthPay24 names accounts by public ids alone; people know them, and their patients, by the numbers that the EHR gave.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from interface.ledger.entity import Entity
from interface.ledger.noun import Identifier, Noun
from interface.ledger.reading import Reading
from interface.ledger.workset import Workset
from interface.ports import LedgerRows
from interface.row.message import NAMELESS, Names

_NUMBERS: Final = ("patient", "account", "visit")
SHOWN: Final = (*_NUMBERS, "family", "birth_date")
_SHOWN = {Noun.PATIENT: "patient", Noun.ACCOUNT: "account", Noun.ENCOUNTER: "visit"}


def names_by_message(said: Mapping[int, Sequence[Reading]], workset: Workset, rows: LedgerRows) -> dict[int, Names]:
    """The names of each message's readings, by message id. What HealthPay24 asks for is told of by itself."""
    paid = {
        number: workset.paid_accounts(readings[0]) for number, readings in said.items() if readings[0].is_of_healthpay24
    }
    accounts = {account.id for found in paid.values() for account in found}
    numbers = rows.names(Noun.ACCOUNT, accounts) if accounts else {}
    patients = {account.patient_id: workset.patient_of(account) for found in paid.values() for account in found}
    roots = {patient.id for patient in patients.values() if patient is not None}
    patient_numbers = rows.names(Noun.PATIENT, roots) if roots else {}
    return {
        number: _paid(paid[number], workset, numbers, patient_numbers) if number in paid else names_of_several(readings)
        for number, readings in said.items()
    }


def names_of_many(readings: Iterable[Reading]) -> Names:
    """What an HL7 batch is found by while it is held: whoever its messages are about. It is shown with none of them."""
    found: dict[tuple[str, str], None] = {}
    for reading in readings:
        said = _said(reading)
        found |= {(kind, value): None for kind in _NUMBERS if (value := getattr(said, kind))}
    return Names(also=tuple(found))


def names_of_several(readings: Sequence[Reading]) -> Names:
    """What a request of several entries is shown with and found by: the first of each kind shown, the others beside it."""
    if len(readings) == 1:
        return _said(readings[0])
    found: dict[tuple[str, str], None] = {}
    for said in map(_said, readings):
        found |= {(kind, value): None for kind in SHOWN if (value := getattr(said, kind))} | dict.fromkeys(said.also)
    return _shown(list(found))


def _said(reading: Reading) -> Names:
    patient = reading.patient
    account = _first(reading.account.ids if reading.account else ())
    names = Names(
        patient=_first(patient.ids if patient else ()),
        account=account or _first(one.account for one in reading.transactions if one.account),
        visit=_first(reading.encounter.ids if reading.encounter else ()),
        family=(patient.groups.get("name", {}).get("family") or "") if patient else "",
        birth_date=(patient.groups.get("birth", {}).get("birth_date") or "") if patient else "",
    )
    also = dict.fromkeys((_SHOWN[noun], one.value) for noun, one in reading.regrouped())
    return replace(names, also=tuple(one for one in also if one[1] != getattr(names, one[0]))) if also else names


def _first(ids: Iterable[Identifier]) -> str:
    return next((identifier.value for identifier in ids), "")


def _paid(
    accounts: Iterable[Entity],
    workset: Workset,
    numbers: Mapping[int, Identifier],
    patient_numbers: Mapping[int, Identifier],
) -> Names:
    found: dict[tuple[str, str], None] = {}
    for account in accounts:
        if account.id in numbers:
            found["account", numbers[account.id].value] = None
        patient = workset.patient_of(account)
        if patient is None:
            continue
        if patient.id in patient_numbers:
            found["patient", patient_numbers[patient.id].value] = None
        found["family", patient.value("name", "family") or ""] = None
        found["birth_date", patient.value("birth", "birth_date") or ""] = None
    return _shown([name for name in found if name[1]])


def _shown(found: list[tuple[str, str]]) -> Names:
    """The first of each kind is shown; a payment over several accounts is found by the others, too."""
    if not found:
        return NAMELESS
    first = dict(reversed(found))
    return Names(**first, also=tuple(name for name in found if first[name[0]] != name[1]))
