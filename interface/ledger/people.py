"""Patients, guarantors and accounts: found or created, and told what the message says about them."""

from collections.abc import Iterable
from typing import Any

from interface.ledger.entity import Entity
from interface.ledger.likeness import notice_alike
from interface.ledger.noun import Identifier, Noun
from interface.ledger.other_ids import of_present_record
from interface.ledger.outcome import Cause, Caution, hold, refuse
from interface.ledger.precedence import OF_THE_MERGED
from interface.ledger.reading import Meaning
from interface.ledger.rows import Rows
from interface.ledger.telling import Telling
from interface.ledger.worklist import ItemKind

# Who is registered or added is somebody whom the EHR knows (again): see `REMOVE_PERSON`.
_BRINGS_BACK = frozenset({Meaning.ADD_PERSON, Meaning.ADMIT, Meaning.REGISTER, Meaning.PREADMIT})
_ACTIVE = {"activity": {"active": True}}


def tell_patient(telling: Telling, *, only_if_new: bool = False) -> Entity:
    """The patient of the message, created when unknown."""
    said = telling.reading.patient
    if said is None or not said.ids:
        raise refuse("101", Cause.PATIENT_MISSING, "the message names no patient", place="patient")
    patient = telling.rows.resolve(Noun.PATIENT, said.ids)
    if patient is None:
        patient = new_patient(telling, said.ids)
    elif only_if_new:
        return patient
    else:
        telling.identify(patient, said.ids)
    groups = of_present_record(telling, patient, said)
    telling.say(patient, groups | _ACTIVE if telling.reading.meaning in _BRINGS_BACK else groups)
    return patient


def new_patient(telling: Telling, ids: tuple[Identifier, ...]) -> Entity:
    """A patient who was not known."""
    patient = telling.create(Noun.PATIENT, ids)
    patient.lane = telling.rows.lane_of(ids[0])
    return patient


def patient_named(telling: Telling, identifier: Identifier) -> Entity:
    """The patient with this number, created when unknown."""
    return telling.rows.resolve(Noun.PATIENT, (identifier,)) or new_patient(telling, (identifier,))


def new_account(telling: Telling, ids: tuple[Identifier, ...], patient: Entity | None) -> Entity:
    """An account that was not known."""
    said = telling.reading.account
    attributes = said.attributes if said is not None else {}
    account = telling.create(Noun.ACCOUNT, ids)
    account.patient_id = patient.id if patient is not None else None
    account.facility = attributes.get("facility", telling.reading.facility)
    account.currency = attributes.get("currency", telling.reading.currency)
    return account


def new_encounter(telling: Telling, ids: tuple[Identifier, ...], patient: Entity | None) -> Entity:
    """A visit that was not known."""
    said = telling.reading.encounter
    encounter = telling.create(Noun.ENCOUNTER, ids)
    encounter.patient_id = patient.id if patient is not None else None
    encounter.facility = (said.attributes if said is not None else {}).get("facility", telling.reading.facility)
    return encounter


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
        account = new_account(telling, said.ids, patient)
    else:
        own(telling, account, patient)
        if only_if_new:
            return account
        telling.identify(account, said.ids)
    groups = said.groups | {"guarantors": {"guarantors": links}} if links else said.groups
    if not OF_THE_MERGED.isdisjoint(groups) and is_of_merged(telling, said.ids):
        groups = {name: values for name, values in groups.items() if name not in OF_THE_MERGED}
    telling.say(account, groups)
    return account


def is_of_merged(telling: Telling, ids: Iterable[Identifier]) -> bool:
    """Whether the message is of a time before the account that it names was merged.

    Who answered and paid for that account then, and whether it had ended, is not so of its survivor.
    """
    found = (telling.rows.find(Noun.ACCOUNT, identifier) for identifier in ids)
    named = next((one for one in found if one is not None), None)
    if named is None or named.survivor_id is None:
        return False
    return telling.reading.event_at <= merged_at(telling.rows.chain(named))


def merged_at(chain: Iterable[Entity]) -> int:
    """The latest merge on the way from a row to the one that stands for it."""
    return max((one.value("merged", "at") for one in chain if "merged" in one.groups), default=-1)


def own(telling: Telling, row: Entity, patient: Entity | None, ids: Iterable[Identifier] = ()) -> None:
    """See that an account or visit is this patient's: numbers are reused, and nobody may see another's bill.

    `ids`: under which the message names the patient, where it is not the patient of the whole message.
    """
    if patient is None or (row.account_id is None and row.patient_id == patient.id):
        return
    owner = telling.rows.owner(row)
    if owner is None:
        telling.set(row, "patient_id", patient.id)
    elif owner is not patient and not owned_once(telling, row, ids):
        raise somebody_elses(row)


def owned_once(telling: Telling, row: Entity, ids: Iterable[Identifier] = ()) -> bool:
    """Whether the message is of a time when an account or visit that was moved since was its patient's (or of these `ids`).

    That is: it happened before the move, or came before it and is run again.
    """
    reading, rows = telling.reading, telling.rows
    told = [one for one in (row, _account_of(rows, row)) if one is not None and "owners" in one.groups]
    asked = [*ids, *(reading.patient.ids if reading.patient is not None else ())] if told else []
    named = [patient for patient in (rows.find(Noun.PATIENT, one) for one in asked) if patient is not None]
    steps = {step.id for patient in named for step in rows.chain(patient)}
    return any(
        (reading.event_at <= one.value("owners", "until") or telling.stamp.seq <= one.value("owners", "seq"))
        and not steps.isdisjoint(one.value("owners", "patients"))
        for one in told
    )


def _account_of(rows: Rows, row: Entity) -> Entity | None:
    return None if row.account_id is None else rows.row(Noun.ACCOUNT, row.account_id)


def note_owners(
    telling: Telling, row: Entity, patients: Iterable[int], until: int, accounts: Iterable[int] = ()
) -> None:
    """Remember whose an account or visit was, up to when: messages of that time still name them.

    `patients`: rows as they were named. Who stands for them is noted with them, once: a repeat finds all noted, whoever stands
    for them by then.
    """
    nothing: dict[str, Any] = {"patients": [], "accounts": [], "until": 0, "seq": 0}
    known = row.groups["owners"].values if "owners" in row.groups else nothing
    named, linked = set(patients), {*known["accounts"], *accounts}
    is_noted = named <= set(known["patients"]) and linked == set(known["accounts"]) and until <= known["until"]
    if is_noted:
        return
    roots = {telling.rows.row(Noun.PATIENT, one).id for one in named if telling.rows.has(Noun.PATIENT, one)}
    told = {
        "patients": sorted({*known["patients"], *named, *roots}),
        "accounts": sorted(linked),
        "until": max(until, known["until"]),
        "seq": max(telling.stamp.seq, known["seq"]),
    }
    telling.conclude(row, "owners", told)


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
