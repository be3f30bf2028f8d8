"""What HealthPay24 is told of our rows: one plain record for each, made from the ledger and nothing else.

A record holds what taking payments needs and no more: diagnoses, procedures and coverage details are not in it. Public ids name
rows on both sides; `merged_into` names the one that stands for a row since a merge. Times are UTC microseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from interface.ledger.due import BalancePolicy
from interface.ledger.entity import Entity
from interface.ledger.noun import PRIVACY, Identifier, Noun
from interface.row.mirror import Material, MirrorRow, Subject


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """A person who receives care."""

    public_id: str
    merged_into: str
    identifiers: tuple[Identifier, ...]
    family: str
    given: str
    middle: str
    suffix: str
    birth_date: str  # YYYY-MM-DD or its known prefix
    sex: str
    line: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str
    phone: str
    email: str
    language: str
    is_deceased: bool
    is_protected: bool  # no message to this person or about them that others could read
    is_active: bool  # false: the EHR removed the person
    same_person: tuple[str, ...]  # public ids of other records of the same person


@dataclass(frozen=True, slots=True)
class GuarantorRecord:
    """Who answers for an account: a person, or an organisation."""

    public_id: str
    merged_into: str
    identifiers: tuple[Identifier, ...]
    family: str
    given: str
    organisation: str
    birth_date: str
    line: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str
    phone: str
    email: str
    is_on_hold: bool  # no billing, says the EHR


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """What is billed together; `guarantors` are public ids by priority."""

    public_id: str
    merged_into: str
    identifiers: tuple[Identifier, ...]
    patient: str
    guarantors: tuple[str, ...]
    facility: str
    currency: str
    status: str
    type: str
    financial_class: str
    is_restricted: bool  # paid by the patient, and not to be disclosed to an insurer
    is_ended: bool  # no further charges, says the EHR; payments are still taken
    is_purged: bool  # archived by the EHR, and no money is left on it


@dataclass(frozen=True, slots=True)
class EncounterRecord:
    """One visit; `account` is empty while none is known."""

    public_id: str
    merged_into: str
    identifiers: tuple[Identifier, ...]
    patient: str
    account: str
    facility: str
    patient_class: str
    service: str  # empty for a confidential visit: the name of a ward may tell a diagnosis
    state: str
    admitted_at: int | None
    discharged_at: int | None
    is_confidential: bool


@dataclass(frozen=True, slots=True)
class BalanceRecord:
    """What the patient owes on an account, in minor units; an account that was merged owes nothing by itself."""

    public_id: str  # the account's
    amount_minor: int
    credit_minor: int
    currency: str
    as_of: int | None
    in_flight_minor: int
    is_estimated: bool


Record: TypeAlias = PatientRecord | GuarantorRecord | AccountRecord | EncounterRecord | BalanceRecord
_TYPES: Mapping[Subject, type[Record]] = {
    Subject.PATIENT: PatientRecord,
    Subject.GUARANTOR: GuarantorRecord,
    Subject.ACCOUNT: AccountRecord,
    Subject.ENCOUNTER: EncounterRecord,
    Subject.BALANCE: BalanceRecord,
}


def encode(record: Record) -> bytes:
    """The record as JSON; equal records give equal bytes."""
    return orjson.dumps(record, default=tuple)  # identifiers are tuples with names, which the writer does not know


def decode(subject: Subject, value: bytes) -> Record:
    """A record of this kind out of its JSON."""
    fields: dict[str, Any] = orjson.loads(value)
    if "identifiers" in fields:
        fields["identifiers"] = tuple(Identifier(*one) for one in fields["identifiers"])
    if "guarantors" in fields:
        fields["guarantors"] = tuple(fields["guarantors"])
    if "same_person" in fields:
        fields["same_person"] = tuple(fields["same_person"])
    return _TYPES[subject](**fields)


def build(row: MirrorRow, material: Material, rules: Mapping[str, BalancePolicy]) -> Record:
    """The record of one row as the ledger holds it now; `rules` are each facility's way of reckoning balances."""
    one = material.entities[row.subject.noun, row.entity_id]
    match row.subject:
        case Subject.PATIENT:
            return _patient(one, material)
        case Subject.GUARANTOR:
            return _guarantor(one, material)
        case Subject.ACCOUNT:
            return _account(one, material)
        case Subject.ENCOUNTER:
            return _encounter(one, material)
        case Subject.BALANCE:
            return _balance(one, material, rules)


def parents(row: MirrorRow, material: Material) -> list[tuple[Subject, int]]:
    """What HealthPay24 must know first, for the record names it."""
    one = material.entities[row.subject.noun, row.entity_id]
    if row.subject is Subject.BALANCE:
        return [(Subject.ACCOUNT, one.id)]
    found: list[tuple[Subject, int]] = []
    if (patient_id := material.owner(one)) is not None:
        found.append((Subject.PATIENT, material.standing(Noun.PATIENT, patient_id).id))
    if one.account_id is not None:
        found.append((Subject.ACCOUNT, material.standing(Noun.ACCOUNT, one.account_id).id))
    return found


def _patient(one: Entity, material: Material) -> PatientRecord:
    return PatientRecord(
        **_identity(one, material),
        **_texts(one, "name", "family", "given", "middle", "suffix"),
        birth_date=_text(one, "birth", "birth_date"),
        sex=_text(one, "sex", "sex"),
        **_place(one),
        language=_text(one, "language", "language"),
        is_deceased=bool(one.value("death", "deceased")),
        is_protected=bool(one.value(PRIVACY, "protected")),
        is_active=one.value("activity", "active") is not False,
        same_person=_same_person(one, material),
    )


def _same_person(one: Entity, material: Material) -> tuple[str, ...]:
    listed = (each["patient"] for each in one.value("linked", "patients") or () if each["linked"])
    others = {material.standing(Noun.PATIENT, number).public_id for number in listed}
    return tuple(sorted(others - {one.public_id}))


def _guarantor(one: Entity, material: Material) -> GuarantorRecord:
    return GuarantorRecord(
        **_identity(one, material),
        **_texts(one, "name", "family", "given"),
        organisation=_text(one, "organisation", "organisation"),
        birth_date=_text(one, "birth", "birth_date"),
        **_place(one),
        is_on_hold=bool(one.value("hold", "billing_hold")),
    )


def _account(one: Entity, material: Material) -> AccountRecord:
    listed = sorted(one.value("guarantors", "guarantors") or (), key=lambda each: each.get("priority") or 0)
    guarantors = (material.standing(Noun.GUARANTOR, each["guarantor"]).public_id for each in listed)
    return AccountRecord(
        **_identity(one, material),
        patient=_public_id(Noun.PATIENT, one.patient_id, material),
        guarantors=tuple(dict.fromkeys(guarantors)),
        facility=one.facility,
        currency=one.currency,
        status=_text(one, "status", "status"),
        type=_text(one, "class", "type"),
        financial_class=_text(one, "class", "financial_class"),
        is_restricted=bool(one.value(PRIVACY, "restricted")),
        is_ended=bool(one.value("ending", "ended")),
        is_purged=bool(one.value("purge", "purged")),
    )


def _encounter(one: Entity, material: Material) -> EncounterRecord:
    is_confidential = bool(one.value(PRIVACY, "confidential"))
    return EncounterRecord(
        **_identity(one, material),
        patient=_public_id(Noun.PATIENT, material.owner(one), material),
        account=_public_id(Noun.ACCOUNT, one.account_id, material),
        facility=one.facility,
        patient_class=_text(one, "class", "class"),
        service="" if is_confidential else _text(one, "class", "service"),
        state=_text(one, "state", "state"),
        admitted_at=one.value("admission", "admitted_at"),
        discharged_at=one.value("discharge", "discharged_at"),
        is_confidential=is_confidential,
    )


def _balance(one: Entity, material: Material, rules: Mapping[str, BalancePolicy]) -> BalanceRecord:
    if one.survivor_id is not None:
        return BalanceRecord(one.public_id, 0, 0, one.currency, None, 0, is_estimated=False)
    due = rules.get(one.facility, BalancePolicy()).due(
        material.observations.get(one.id, ()),
        material.allocations.get(one.id, ()),
        material.balances.get(one.id, ()),
        currency=one.currency,
    )
    return BalanceRecord(
        public_id=one.public_id,
        amount_minor=due.amount_minor,
        credit_minor=due.credit_minor,
        currency=due.currency,
        as_of=due.as_of,
        in_flight_minor=due.in_flight_minor,
        is_estimated=due.is_estimated,
    )


def _identity(one: Entity, material: Material) -> dict[str, Any]:
    standing = material.standing(one.noun, one.id)
    return {
        "public_id": one.public_id,
        "merged_into": "" if standing is one else standing.public_id,
        "identifiers": material.identifiers.get((one.noun, one.id), ()),
    }


def _place(one: Entity) -> dict[str, Any]:
    address = _texts(one, "address", "line", "line2", "city", "state", "postal_code", "country")
    return address | _texts(one, "phone", "phone") | _texts(one, "email", "email")


def _texts(one: Entity, group: str, *names: str) -> dict[str, Any]:
    return {name: _text(one, group, name) for name in names}


def _text(one: Entity, group: str, name: str) -> str:
    return str(one.value(group, name) or "")


def _public_id(noun: Noun, row_id: int | None, material: Material) -> str:
    return "" if row_id is None else material.standing(noun, row_id).public_id
