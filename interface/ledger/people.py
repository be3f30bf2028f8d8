"""Patients, guarantors and accounts: found or created, and told what the message says about them."""

from typing import Any

from interface.ledger.entity import Entity
from interface.ledger.likeness import notice_alike
from interface.ledger.noun import Noun
from interface.ledger.outcome import Cause, Caution, hold, refuse
from interface.ledger.telling import Telling
from interface.ledger.worklist import ItemKind


def person(telling: Telling) -> None:
    """A28 and A31: the person and what hangs on it; never an encounter, nor an account that is not known."""
    patient = tell_patient(telling)
    said = telling.reading.account
    is_known = said is not None and telling.rows.resolve(Noun.ACCOUNT, said.ids) is not None
    links = tell_guarantors(telling)
    if is_known:
        tell_account(telling, patient, links)


def tell_patient(telling: Telling, *, only_if_new: bool = False) -> Entity:
    """The patient of the message, created when unknown."""
    said = telling.reading.patient
    if said is None or not said.ids:
        raise refuse("101", Cause.PATIENT_MISSING, "the message names no patient", place="patient")
    patient = telling.rows.resolve(Noun.PATIENT, said.ids)
    if patient is None:
        patient = telling.create(Noun.PATIENT, said.ids)
        patient.lane = telling.rows.lane_of(said.ids[0])
    elif only_if_new:
        return patient
    else:
        telling.identify(patient, said.ids)
    telling.say(patient, said.groups)
    return patient


def tell_account(
    telling: Telling, patient: Entity | None, links: list[dict[str, Any]], *, only_if_new: bool = False
) -> Entity | None:
    """The account of the message, created when unknown; held when its number belongs to another patient.

    `links` are its guarantors; none is no statement.
    """
    said = telling.reading.account
    if said is None or not said.ids:
        return None
    account = telling.rows.resolve(Noun.ACCOUNT, said.ids)
    if account is None:
        account = telling.create(Noun.ACCOUNT, said.ids)
        account.patient_id = patient.id if patient is not None else None
        account.facility = said.attributes.get("facility", telling.reading.facility)
        account.currency = said.attributes.get("currency", telling.reading.currency)
    else:
        own(telling, account, patient)
        if only_if_new:
            return account
        telling.identify(account, said.ids)
    telling.say(account, said.groups | {"guarantors": {"guarantors": links}} if links else said.groups)
    return account


def own(telling: Telling, row: Entity, patient: Entity | None) -> None:
    """See that an account or visit is this patient's: numbers are reused, and nobody may see another's bill."""
    if patient is None:
        return
    if row.patient_id is None:
        telling.set(row, "patient_id", patient.id)
    elif row.patient_id != patient.id and telling.rows.row(Noun.PATIENT, row.patient_id) is not patient:
        raise somebody_elses(row)


def somebody_elses(row: Entity) -> Exception:
    """The hold for a number that belongs to another patient."""
    is_account = row.noun is Noun.ACCOUNT
    return hold(
        ItemKind.IDENTITY,
        Cause.ACCOUNT_OF_ANOTHER_PATIENT if is_account else Cause.VISIT_OF_ANOTHER_PATIENT,
        f"the {'account' if is_account else 'visit'} number belongs to another patient",
        subject=f"{row.noun}:{row.public_id}",
        place=row.noun,
    )


def tell_guarantors(telling: Telling) -> list[dict[str, Any]]:
    """The guarantors of the message, shared between patients; gives the links for the account, in the order given."""
    links: list[dict[str, Any]] = []
    for place, said in enumerate(telling.reading.guarantors, start=1):
        if not said.ids:
            telling.warn(Caution.GUARANTOR_WITHOUT_NUMBER, f"guarantor[{place}]")
            continue
        guarantor = telling.rows.resolve(Noun.GUARANTOR, said.ids)
        if guarantor is None:
            guarantor = telling.create(Noun.GUARANTOR, said.ids)
        elif any(link["guarantor"] == guarantor.id for link in links):
            telling.warn(Caution.GUARANTOR_REPEATED, f"guarantor[{place}]")
            continue
        else:
            telling.identify(guarantor, said.ids)
        telling.say(guarantor, {name: values for name, values in said.groups.items() if name != "relation"})
        links.append({"guarantor": guarantor.id, "priority": len(links) + 1, **said.groups.get("relation", {})})
    notice_alike(telling, links)
    return links
