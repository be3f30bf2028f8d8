"""Moves (A43, A44, A45): a record keeps its number and gets another parent. Money stays where it is, and so moves with its account.

An account's owner and a visit's account compete by event time like everything that is said, so that a move that comes again, or
late, changes nothing. Whose a moved record was before is remembered: messages of that time still name its former owner.
"""

from interface.ledger.noun import Identifier, Noun
from interface.ledger.number import renumber_one
from interface.ledger.outcome import Cause, Caution, hold, refuse
from interface.ledger.people import (
    new_account,
    new_encounter,
    note_owners,
    own,
    owned_once,
    patient_named,
    somebody_elses,
    tell_patient,
)
from interface.ledger.reading import Meaning, Move
from interface.ledger.telling import Telling
from interface.ledger.visits import link_to, settle
from interface.ledger.worklist import NOTICE, ItemKind, WorkItem


def move(telling: Telling) -> None:
    """Every move of the message, or none."""
    reading = telling.reading
    if not reading.moves:
        raise refuse("101", Cause.MOVE_MISSING, "the message names nothing to move", place="move")
    if reading.meaning is Meaning.MOVE_PATIENT:
        for number, one in enumerate(reading.moves, start=1):
            _require_same_patient(telling, one, f"move[{number}]")
    tell_patient(telling)
    for number, one in enumerate(reading.moves, start=1):
        match one.noun:
            case Noun.ACCOUNT:
                _move_account(telling, one, f"move[{number}]")
            case Noun.ENCOUNTER:
                _move_visit(telling, one, f"move[{number}]")
            case Noun.PATIENT | Noun.GUARANTOR:
                pass  # to another person, which is no row of ours: what the message says of the patient is all
    for number, renumber in enumerate(reading.renumbers, start=1):
        renumber_one(telling, renumber, f"renumber[{number}]")


def _require_same_patient(telling: Telling, one: Move, place: str) -> None:
    rows = telling.rows
    former, present = rows.resolve(Noun.PATIENT, (one.row,)), rows.resolve(Noun.PATIENT, (one.to,))
    if one.row != one.to and (former is None or former is not present):
        known = present or former
        raise hold(
            ItemKind.MERGE,
            Cause.MOVE_UNCLEAR,
            "a patient is moved to another number; it may be meant as a merge",
            subject=f"patient:{known.public_id}" if known is not None else "patient:unknown",
            place=place,
        )


def _move_account(telling: Telling, one: Move, place: str) -> None:
    rows, at = telling.rows, telling.reading.event_at
    target = patient_named(telling, one.to)
    source = patient_named(telling, one.source) if one.source is not None else None
    account = rows.resolve(Noun.ACCOUNT, (one.row,))
    if account is None:
        account = new_account(telling, (one.row,), target)
        telling.warn(Caution.ACCOUNT_CREATED, place)
    owner = rows.owner(account)
    if owner not in (None, target, source) and not owned_once(telling, account, [one.source] if one.source else []):
        raise somebody_elses(account)
    # Rows as they were named, and not those that stand for them today: so that a repeat says the same.
    target_id = _row_id(telling, one.to)
    telling.say(account, {"owner": {"patient": target_id}})
    note_owners(telling, account, [_row_id(telling, each) for each in (one.source, one.to) if each is not None], at)
    patient_id = account.value("owner", "patient")
    if patient_id != target_id:
        telling.warn(Caution.MOVE_OUTDATED, place)
    if rows.row(Noun.PATIENT, patient_id) is owner:
        return
    telling.set(account, "patient_id", patient_id)
    if account.value("guarantors", "guarantors"):
        subject = f"account:{account.public_id}"
        telling.tell_person(WorkItem(ItemKind.GUARANTOR, subject, Cause.GUARANTOR_MAY_CHANGE, NOTICE))


def _move_visit(telling: Telling, one: Move, place: str) -> None:
    rows, at = telling.rows, telling.reading.event_at
    patient = patient_named(telling, one.patient) if one.patient is not None else None
    target = rows.resolve(Noun.ACCOUNT, (one.to,))
    if target is None:
        target = new_account(telling, (one.to,), patient)
        telling.warn(Caution.ACCOUNT_CREATED, place)
    else:
        own(telling, target, patient, (one.patient,) if one.patient is not None else ())
    encounter = rows.resolve(Noun.ENCOUNTER, (one.row,))
    if encounter is None:
        encounter = new_encounter(telling, (one.row,), patient)
        telling.warn(Caution.VISIT_UNKNOWN, place)
    former = patient_named(telling, one.source_patient) if one.source_patient is not None else None
    owner = rows.owner(encounter)
    if owner not in (None, patient, former) and not owned_once(
        telling, encounter, (one.patient,) if one.patient is not None else ()
    ):
        raise somebody_elses(encounter)
    named = [_row_id(telling, each) for each in (one.source_patient, one.patient) if each is not None]
    if encounter.patient_id is not None:
        named.append(
            encounter.patient_id
        )  # the message may be wrong about whose it was; earlier ones still name that one
    note_owners(telling, encounter, named, at)
    telling.say(encounter, {"link": link_to(telling, encounter, target)})
    if rows.row(Noun.ACCOUNT, encounter.value("link", "account")) is not target:
        telling.warn(Caution.MOVE_OUTDATED, place)
    settle(telling, encounter)


def _row_id(telling: Telling, patient: Identifier) -> int:
    row = telling.rows.find(Noun.PATIENT, patient)
    assert row is not None, "it was created when unknown"
    return row.id
