"""Visits: what an event says about the state of an encounter, whatever the order in which the events come.

The newest event that speaks of the state is kept in a group of its own, `event`. A snapshot (A08, A02) does not speak of it:
what a visit's first snapshot lets us infer is stamped with the beginning of time, so that any event beats it, early or late.
The encounter's `state` follows from `event` and from the discharge time, and from nothing else.
"""

from typing import Any

from interface.ledger.entity import Entity
from interface.ledger.noun import EncounterState, Noun
from interface.ledger.outcome import Cause, Caution
from interface.ledger.people import own, tell_account, tell_guarantors, tell_patient
from interface.ledger.precedence import newest
from interface.ledger.reading import Meaning, Said
from interface.ledger.telling import Telling
from interface.ledger.worklist import NOTICE, ItemKind, WorkItem

_STATE = {
    Meaning.ADMIT: EncounterState.IN_PROGRESS,
    Meaning.REGISTER: EncounterState.IN_PROGRESS,
    Meaning.PREADMIT: EncounterState.PLANNED,
    Meaning.DISCHARGE: EncounterState.FINISHED,
    Meaning.CANCEL_VISIT: EncounterState.CANCELLED,
    Meaning.CANCEL_DISCHARGE: EncounterState.IN_PROGRESS,
}
_INFERRED = 0  # an event time older than any
_PREADMITTED = "P"  # HL7 table 0004
_UNSAID_DISCHARGE = {"discharge": {"discharged_at": None, "disposition": None}}


def visit(telling: Telling) -> None:
    """An event of a visit: patient, account, guarantors and the encounter itself."""
    is_transfer = telling.reading.meaning is Meaning.TRANSFER
    patient = tell_patient(telling, only_if_new=is_transfer)
    links = [] if is_transfer else tell_guarantors(telling)
    account = tell_account(telling, patient, links, only_if_new=is_transfer)
    said = telling.reading.encounter
    if said is not None and said.ids:
        _tell_encounter(telling, said, patient, account)


def _tell_encounter(telling: Telling, said: Said, patient: Entity, account: Entity | None) -> None:
    encounter = telling.rows.resolve(Noun.ENCOUNTER, said.ids)
    is_new = encounter is None
    if encounter is None:
        encounter = telling.create(Noun.ENCOUNTER, said.ids)
        encounter.patient_id = patient.id
        encounter.facility = said.attributes.get("facility", telling.reading.facility)
    else:
        own(telling, encounter, patient)
        telling.identify(encounter, said.ids)
    before = encounter.value("state", "state")
    groups = _groups(telling.reading.meaning, said, is_new=is_new)
    if account is not None:
        groups["link"] = {"account": account.id}  # the newest event says to which account a visit belongs (A06, A07)
    telling.say(encounter, groups)
    _follow_link(telling, encounter, said)
    if "event" not in encounter.groups:
        _infer_event(telling, encounter)
    telling.conclude(encounter, "state", _state(encounter))
    if before != EncounterState.CANCELLED == encounter.value("state", "state"):
        _notice_deposit(telling, encounter)


def _groups(meaning: Meaning, said: Said, *, is_new: bool) -> dict[str, dict[str, Any]]:
    """What the event says about the encounter."""
    event = _STATE.get(meaning)
    if meaning is Meaning.TRANSFER and not is_new:
        return {"place": said.groups.get("place", {})}
    groups = said.groups | _UNSAID_DISCHARGE if meaning is Meaning.CANCEL_DISCHARGE else dict(said.groups)
    if event is not None:
        groups["event"] = {"state": event.value}
    return groups


def _follow_link(telling: Telling, encounter: Entity, said: Said) -> None:
    account_id = encounter.value("link", "account")
    if encounter.account_id != account_id:
        if encounter.account_id is None:
            for identifier in said.ids:
                telling.rows.undo.add(telling.rows.appeared, identifier)
        telling.set(encounter, "account_id", account_id)


def _infer_event(telling: Telling, encounter: Entity) -> None:
    telling.warn(Caution.CREATED_BY_UPDATE, "encounter")
    is_planned = encounter.value("class", "class") == _PREADMITTED
    state = EncounterState.PLANNED if is_planned else EncounterState.IN_PROGRESS
    telling.say(encounter, {"event": {"state": state.value, "created_by_update": True}}, at=_INFERRED)


def _state(encounter: Entity) -> dict[str, Any]:
    state = encounter.groups["event"].values
    is_open = state["state"] in (EncounterState.PLANNED, EncounterState.IN_PROGRESS)
    is_discharged = encounter.value("discharge", "discharged_at") is not None
    # A snapshot that is newer than the event shows a discharge: the event of it was lost or is still to come.
    if is_open and is_discharged and newest(encounter, "discharge") > newest(encounter, "event"):
        return {**state, "state": EncounterState.FINISHED.value}
    return state


def _notice_deposit(telling: Telling, encounter: Entity) -> None:
    """Money on the account of a cancelled visit stays there, and a person decides what becomes of it."""
    if encounter.account_id is None:
        return
    account = telling.rows.row(Noun.ACCOUNT, encounter.account_id)
    credit_minor = telling.till.credit_minor(account.id, account.currency)
    if credit_minor:
        subject = f"account:{account.public_id}"
        stake = (credit_minor, account.currency)
        telling.tell_person(WorkItem(ItemKind.DEPOSIT, subject, Cause.DEPOSIT_ON_CANCELLED_VISIT, NOTICE, *stake))
