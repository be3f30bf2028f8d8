"""Visits: what an event says about the state of an encounter, whatever the order in which the events come.

The state is a group of its own, so the newest event decides it. A state that a mere snapshot (A08, A02) lets us infer is stamped
with the beginning of time: any event that speaks of the state beats it, early or late.
"""

from interface.ledger.entity import Entity
from interface.ledger.noun import EncounterState, Noun
from interface.ledger.outcome import Cause, Caution
from interface.ledger.people import own, tell_account, tell_guarantors, tell_patient
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
    _tell_state(telling, encounter, said, is_new=is_new)


def _link(telling: Telling, encounter: Entity, account: Entity, said: Said) -> None:
    """The newest event says to which account a visit belongs (A06 and A07 may change it)."""
    telling.say(encounter, {"link": {"account": account.id}})
    account_id = encounter.value("link", "account")
    if encounter.account_id != account_id:
        if encounter.account_id is None:
            for identifier in said.ids:
                telling.rows.undo.add(telling.rows.appeared, identifier)
        telling.set(encounter, "account_id", account_id)


def _tell_state(telling: Telling, encounter: Entity, said: Said, *, is_new: bool) -> None:
    meaning = telling.reading.meaning
    state = _STATE.get(meaning)
    if state is None:
        _infer_state(telling, encounter, said, is_new=is_new)
        return
    before = encounter.value("state", "state")
    telling.say(encounter, {"state": {"state": state.value}})
    if meaning is Meaning.CANCEL_VISIT and before != state and encounter.value("state", "state") == state:
        _notice_deposit(telling, encounter)


def _infer_state(telling: Telling, encounter: Entity, said: Said, *, is_new: bool) -> None:
    if is_new:
        telling.warn(Caution.CREATED_BY_UPDATE, "encounter")
        is_planned = encounter.value("class", "class") == _PREADMITTED
        state = EncounterState.PLANNED if is_planned else EncounterState.IN_PROGRESS
        telling.say(encounter, {"state": {"state": state.value, "created_by_update": True}}, at=_INFERRED)
    discharged_at = said.groups.get("discharge", {}).get("discharged_at")
    if discharged_at is None or encounter.value("discharge", "discharged_at") != discharged_at:
        return
    # The snapshot shows a discharge whose event was lost. A cancelled visit stays cancelled.
    if encounter.value("state", "state") in (EncounterState.PLANNED, EncounterState.IN_PROGRESS):
        flag = {"created_by_update": True} if is_new else {}
        telling.say(encounter, {"state": {"state": EncounterState.FINISHED.value, **flag}})


def _notice_deposit(telling: Telling, encounter: Entity) -> None:
    """Money on the account of a cancelled visit stays there, and a person decides what becomes of it."""
    if encounter.account_id is None:
        return
    account = telling.rows.row(Noun.ACCOUNT, encounter.account_id)
    credit_minor = telling.till.credit_minor(account.id)
    if credit_minor:
        subject = f"account:{account.public_id}"
        telling.tell_person(WorkItem(ItemKind.DEPOSIT, subject, Cause.DEPOSIT_ON_CANCELLED_VISIT, credit_minor, NOTICE))
