"""Visits: what an event says about the state of an encounter, whatever the order in which the events come.

The newest event that opens or cancels a visit is kept in a group of its own, `event`; that it ended, or that its patient came
under another class, in `ended` and `conversion`, which only go on from an open visit: a cancelled one comes back by being opened
again. A snapshot (A08, A02) speaks of none of them: what a visit's first snapshot lets us infer is stamped with the beginning of
time, so that any event beats it, early or late. The encounter's `state` follows from these and from the discharge time.
"""

from collections.abc import Iterator
from typing import Any

from interface.ledger.entity import Entity
from interface.ledger.left import reckon
from interface.ledger.needs import CANCELS_VISIT
from interface.ledger.noun import EncounterState, Identifier, Noun
from interface.ledger.number import renumber_one
from interface.ledger.outcome import Cause, Caution
from interface.ledger.people import new_encounter, note_owners, own, tell_account, tell_guarantors, tell_patient
from interface.ledger.precedence import newest
from interface.ledger.reading import Meaning, Said
from interface.ledger.telling import Telling
from interface.ledger.worklist import NOTICE, ItemKind, WorkItem

_STATE = {
    Meaning.ADMIT: EncounterState.IN_PROGRESS,
    Meaning.REGISTER: EncounterState.IN_PROGRESS,
    Meaning.PREADMIT: EncounterState.PLANNED,
    Meaning.CANCEL_VISIT: EncounterState.CANCELLED,
    Meaning.CANCEL_PREADMIT: EncounterState.CANCELLED,
    Meaning.CANCEL_DISCHARGE: EncounterState.IN_PROGRESS,
    Meaning.REMOVE_VISIT: EncounterState.REMOVED,
}
_GONE = (EncounterState.CANCELLED, EncounterState.REMOVED)
_TRANSFERS = frozenset({Meaning.TRANSFER, Meaning.CANCEL_TRANSFER})
_INFERRED = 0  # an event time older than any
_PREADMITTED = "P"  # HL7 table 0004
_UNSAID_DISCHARGE = {"discharge": {"discharged_at": None, "disposition": None}}


def visit(telling: Telling) -> None:
    """An event of a visit: patient, account, guarantors and the encounter itself."""
    reading = telling.reading
    is_transfer = reading.meaning in _TRANSFERS
    patient = tell_patient(telling, only_if_new=is_transfer)
    for number, one in enumerate(reading.renumbers, start=1):
        renumber_one(telling, one, f"renumber[{number}]")
    links = [] if is_transfer else tell_guarantors(telling)
    account = tell_account(telling, patient, links, only_if_new=is_transfer)
    said = reading.encounter
    if said is not None and said.ids:
        tell_encounter(telling, said, patient, account)
    elif reading.meaning is Meaning.REMOVE_VISIT:
        subject = f"patient:{patient.public_id}"
        telling.tell_person(WorkItem(ItemKind.IDENTITY, subject, Cause.VISIT_NOT_NAMED, NOTICE))


def tell_encounter(telling: Telling, said: Said, patient: Entity, account: Entity | None) -> None:
    """One visit, created when unknown; held when its number belongs to another patient."""
    encounter = telling.rows.resolve(Noun.ENCOUNTER, said.ids)
    is_new = encounter is None
    if encounter is None:
        encounter = new_encounter(telling, said.ids, patient)
    else:
        own(telling, encounter, patient)
        telling.identify(encounter, said.ids)
    groups = _groups(telling.reading.meaning, said, is_new=is_new)
    if account is not None:
        groups["link"] = link_to(telling, encounter, account)  # the newest event says to which account a visit belongs
    telling.say(encounter, groups)
    settle(telling, encounter)
    for alias in said.aliases:
        _alias(telling, encounter, alias)


def _alias(telling: Telling, encounter: Entity, alias: Identifier) -> None:
    rows = telling.rows
    if rows.find(Noun.ENCOUNTER, alias) is not None:
        return
    rows.give(encounter, alias, telling.reading.event_at)
    if encounter.account_id is not None:
        rows.undo.add(rows.appeared, alias)  # money may wait for it
    telling.changed = True


def link_to(telling: Telling, encounter: Entity, account: Entity) -> dict[str, Any]:
    """That a visit belongs to an account; one that was merged into it says the same."""
    known = encounter.account_id
    is_same = known is not None and telling.rows.row(Noun.ACCOUNT, known) is account
    return {"account": known if is_same else account.id}


def settle(telling: Telling, encounter: Entity) -> None:
    """Let follow what follows from what was said: the account, the state, and what becomes of money on a visit that is gone."""
    before = encounter.value("state", "state")
    _follow_link(telling, encounter)
    if "event" not in encounter.groups:
        _infer_event(telling, encounter)
    telling.conclude(encounter, "state", _state(encounter))
    is_gone = encounter.value("state", "state") in _GONE
    if is_gone and before not in _GONE and telling.reading.meaning in CANCELS_VISIT:
        _notice_deposit(telling, encounter)


def _groups(meaning: Meaning, said: Said, *, is_new: bool) -> dict[str, dict[str, Any]]:
    """What the event says about the encounter."""
    event = _STATE.get(meaning)
    if meaning in _TRANSFERS and not is_new:
        return {"place": said.groups.get("place", {})}
    groups = said.groups | _UNSAID_DISCHARGE if meaning is Meaning.CANCEL_DISCHARGE else dict(said.groups)
    if event is not None:
        groups["event"] = {"state": event.value}
    if meaning is Meaning.CHANGE_CLASS:
        groups["conversion"] = {"converted": True}
    if meaning is Meaning.DISCHARGE:
        groups["ended"] = {"ended": True}
    return groups


def _follow_link(telling: Telling, encounter: Entity) -> None:
    account_id, before = encounter.value("link", "account"), encounter.account_id
    if before == account_id:
        return
    if before is None:
        for identifier in _named(telling):
            telling.rows.undo.add(telling.rows.appeared, identifier)
    else:
        # Whose the account was that it leaves, the visit was, too.
        owners = telling.rows.row(Noun.ACCOUNT, before).groups.get("owners")
        patients, until = (owners.values["patients"], owners.values["until"]) if owners is not None else ((), 0)
        note_owners(telling, encounter, patients, until, (before, account_id))
    telling.set(encounter, "account_id", account_id)


def _named(telling: Telling) -> Iterator[Identifier]:
    """The visits that the message names: money may have waited for one that has an account now."""
    reading = telling.reading
    for said in (reading.encounter, *reading.further_encounters):
        if said is not None:
            yield from said.ids
    yield from (identifier for noun, identifier in reading.regrouped() if noun is Noun.ENCOUNTER)


def _infer_event(telling: Telling, encounter: Entity) -> None:
    is_planned = encounter.value("class", "class") == _PREADMITTED
    inferred: dict[str, Any] = {"state": (EncounterState.PLANNED if is_planned else EncounterState.IN_PROGRESS).value}
    # An account is added with its visits (BAR^P01): nothing was missed.
    if "ended" not in encounter.groups and telling.reading.meaning is not Meaning.OPEN_ACCOUNT:
        telling.warn(Caution.CREATED_BY_UPDATE, "encounter")
        inferred["created_by_update"] = True
    telling.say(encounter, {"event": inferred}, at=_INFERRED)


def _state(encounter: Entity) -> dict[str, Any]:
    state = encounter.groups["event"].values
    if state["state"] in _GONE:
        return state
    opened = newest(encounter, "event")
    if newest(encounter, "ended") > opened:
        return {"state": EncounterState.FINISHED.value}
    # A snapshot that is newer than the event shows a discharge: the event of it was lost or is still to come.
    if encounter.value("discharge", "discharged_at") is not None and newest(encounter, "discharge") > opened:
        return {**state, "state": EncounterState.FINISHED.value}
    if newest(encounter, "conversion") > opened:
        return {**state, "state": EncounterState.IN_PROGRESS.value}  # who was planned has come
    return state


def _notice_deposit(telling: Telling, encounter: Entity) -> None:
    """What is in credit on the account of a cancelled visit stays there, and a person decides what becomes of it."""
    if encounter.account_id is None:
        return
    account = telling.rows.row(Noun.ACCOUNT, encounter.account_id)
    credit_minor = reckon(telling, account).credit_minor
    if credit_minor:
        subject = f"account:{account.public_id}"
        stake = (credit_minor, account.currency)
        telling.tell_person(WorkItem(ItemKind.DEPOSIT, subject, Cause.DEPOSIT_ON_CANCELLED_VISIT, NOTICE, *stake))
