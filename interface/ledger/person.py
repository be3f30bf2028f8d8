"""Persons: known, no longer active, or found to be one. Nothing here makes a visit, moves money, or deletes anything.

Links between two records of one person stand on both rows, each pair with the time of the newest message that spoke of it.
"""

from typing import Any

from interface.ledger.entity import Entity
from interface.ledger.left import Left, left_on
from interface.ledger.noun import Noun
from interface.ledger.outcome import Cause, refuse
from interface.ledger.people import patient_named, tell_account, tell_guarantors, tell_patient
from interface.ledger.reading import Meaning
from interface.ledger.telling import Telling
from interface.ledger.worklist import NOTICE, ItemKind, WorkItem


def person(telling: Telling) -> None:
    """A28 and A31: the person and what hangs on it; never an encounter, nor an account that is not known."""
    patient = tell_patient(telling)
    said = telling.reading.account
    is_known = said is not None and telling.rows.resolve(Noun.ACCOUNT, said.ids) is not None
    links = tell_guarantors(telling)
    if is_known:
        tell_account(telling, patient, links)


def remove_person(telling: Telling) -> None:
    """A29: the person is no longer active. Its records stay, and money that is left goes to a person of flesh and blood."""
    patient = tell_patient(telling)
    was_active = patient.value("activity", "active")
    telling.say(patient, {"activity": {"active": False}})
    if was_active is False or patient.value("activity", "active"):
        return
    left = left_on(telling, telling.rows.estate(patient))
    if left:
        _tell(telling, patient, left)


def _tell(telling: Telling, patient: Entity, left: Left) -> None:
    subject = f"patient:{patient.public_id}"
    cause = Cause.PERSON_REMOVED_WITH_MONEY
    telling.tell_person(WorkItem(ItemKind.MONEY_LEFT, subject, cause, NOTICE, left.amount_minor, left.currency))


def link(telling: Telling) -> None:
    """A24 and A37: records that are one person, or are no longer taken to be; both stay as they are."""
    reading = telling.reading
    tell_patient(telling)
    if len(reading.linked) < 2:
        raise refuse("101", Cause.LINK_MISSING, "the message names fewer than two patients", place="linked")
    is_linked = reading.meaning is Meaning.LINK_PATIENTS
    roots = [patient_named(telling, each) for each in reading.linked]
    # Rows as they were named, and not those that stand for them today: so that a repeat says the same.
    named = [telling.rows.find(Noun.PATIENT, each) for each in reading.linked]
    for one in roots:
        for other, other_root in zip(named, roots, strict=True):
            if other is not None and other_root is not one:
                _note(telling, one, other.id, is_linked=is_linked)


def _note(telling: Telling, one: Entity, other_id: int, *, is_linked: bool) -> None:
    told = {"patient": other_id, "at": telling.reading.event_at, "linked": is_linked}
    telling.conclude(one, "linked", {"patients": newest_links([*linked(one), told])})


def linked(one: Entity) -> list[dict[str, Any]]:
    """What is known of other records of the same person: `patient`, `at`, `linked`."""
    return list(one.value("linked", "patients") or ())


def newest_links(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each pair what the newest event says; of two at one time the later one."""
    newest: dict[int, dict[str, Any]] = {}
    for each in told:
        known = newest.get(each["patient"])
        if known is None or each["at"] >= known["at"]:
            newest[each["patient"]] = each
    return [newest[number] for number in sorted(newest)]


def inherit_links(survivor: Entity, retired: Entity) -> list[dict[str, Any]]:
    """The links of a survivor together with those of the record that it now stands for."""
    return newest_links([*linked(retired), *linked(survivor)])
