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
    account = tell_account(telling, patient, only_if_new=is_transfer)
    if not is_transfer:
        tell_guarantors(telling, account)
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
    match telling.reading.meaning:
        case Meaning.TRANSFER if not is_new:
            telling.say(encounter, {"place": said.groups.get("place", {})})
        case Meaning.CANCEL_DISCHARGE:
            telling.say(encounter, said.groups | _UNSAID_DISCHARGE)
        case _:
            telling.say(encounter, said.groups)
    if account is not None:
        _link(telling, encounter, account, said)
    _tell_state(telling, encounter, is_new=is_new)


def _link(telling: Telling, encounter: Entity, account: Entity, said: Said) -> None:
    """The newest event says to which account a visit belongs (A06 and A07 may change it)."""
    telling.say(encounter, {"link": {"account": account.id}})
    account_id = encounter.value("link", "account")
    if encounter.account_id != account_id:
        if encounter.account_id is None:
            for identifier in said.ids:
                telling.rows.undo.add(telling.rows.appeared, identifier)
        telling.set(encounter, "account_id", account_id)


def _tell_state(telling: Telling, encounter: Entity, *, is_new: bool) -> None:
    before = encounter.value("state", "state")
    event = _STATE.get(telling.reading.meaning)
    if event is not None:
        telling.say(encounter, {"event": {"state": event.value}})
    elif is_new:
        telling.warn(Caution.CREATED_BY_UPDATE, "encounter")
        is_planned = encounter.value("class", "class") == _PREADMITTED
        event = EncounterState.PLANNED if is_planned else EncounterState.IN_PROGRESS
        telling.say(encounter, {"event": {"state": event.value, "created_by_update": True}}, at=_INFERRED)
    state = _state(encounter)
    telling.conclude(encounter, "state", state)
    if state["state"] == EncounterState.CANCELLED != before:
        _notice_deposit(telling, encounter)


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
    credit_minor = telling.till.credit_minor(account.id)
    if credit_minor:
        subject = f"account:{account.public_id}"
        telling.tell_person(WorkItem(ItemKind.DEPOSIT, subject, Cause.DEPOSIT_ON_CANCELLED_VISIT, credit_minor, NOTICE))
