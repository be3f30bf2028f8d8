"""Merges of patients, accounts and visits: the retired row stays, and leads to its survivor from then on.

Nothing that hangs on the retired row is rewritten: it is found through it. What was said of it counts as said of the survivor,
which is the same person, account or visit; the newer statement stays. A retired identifier that was never seen gets a row of its
own, so that what still arrives under it finds the survivor.
"""

from collections.abc import Callable

from interface.ledger.balances import inherit_observation
from interface.ledger.entity import Entity
from interface.ledger.noun import Identifier, Noun
from interface.ledger.number import renumber_one
from interface.ledger.other_ids import inherit_other_ids
from interface.ledger.outcome import Cause, Caution, hold, refuse
from interface.ledger.people import (
    merged_at,
    new_account,
    new_encounter,
    new_patient,
    note_owners,
    own,
    patient_named,
    somebody_elses,
    tell_account,
    tell_patient,
)
from interface.ledger.person import inherit_links
from interface.ledger.precedence import inherit
from interface.ledger.reading import Merge, Renumber
from interface.ledger.telling import Telling
from interface.ledger.visits import settle, tell_encounter
from interface.ledger.worklist import NOTICE, ItemKind, WorkItem


def merge(telling: Telling) -> None:
    """Every group of the message, or none; patients before accounts before visits. Then what it says of the survivors."""
    reading = telling.reading
    if not reading.merges:
        raise refuse("101", Cause.MERGE_MISSING, "the message names nothing to merge", place="merge")
    _merge_all(telling, Noun.PATIENT)
    patient = tell_patient(telling) if reading.patient is not None else None
    _merge_all(telling, Noun.ACCOUNT)
    account = tell_account(telling, patient, []) if reading.account is not None else None
    _merge_all(telling, Noun.ENCOUNTER)
    if reading.encounter is not None and reading.encounter.ids and patient is not None:
        tell_encounter(telling, reading.encounter, patient, account)


def _merge_all(telling: Telling, noun: Noun) -> None:
    for number, one in enumerate(telling.reading.merges, start=1):
        if one.noun is noun:
            _merge(telling, one, f"merge[{number}]")


def _merge(telling: Telling, one: Merge, place: str) -> None:
    if one.survivor == one.retired:
        telling.warn(Caution.MERGE_INTO_ITSELF, place)
        return
    rows = telling.rows
    retired, survivor = rows.find(one.noun, one.retired), rows.find(one.noun, one.survivor)
    if survivor is None:
        survivor = _new(telling, one, one.survivor)
        telling.warn(Caution.SURVIVOR_UNKNOWN, place)
    if retired is None:
        retired = _new(telling, one, one.retired)
        telling.warn(Caution.RETIRED_UNKNOWN, place)
    if retired is survivor:
        # Two numbers of one row: the merge only says which of them it keeps.
        renumber_one(telling, Renumber(one.noun, one.survivor, one.retired), place)
        return
    if retired in rows.chain(survivor):
        text = f"the survivor was itself merged into the retired {one.noun}"
        raise _contradiction(survivor, Cause.MERGE_LOOP, text, place)
    if rows.root(retired) is not rows.root(survivor):
        if retired.survivor_id is not None:
            text = f"the retired {one.noun} was merged into another one before"
            raise _contradiction(survivor, Cause.MERGED_ELSEWHERE, text, place)
        _require_one_owner(telling, one, retired, survivor)
        _join(telling, retired, survivor, place)
    rows.retire(one.noun, one.retired, telling.reading.event_at)
    _let_money_go_on(telling, one)


def _new(telling: Telling, one: Merge, identifier: Identifier) -> Entity:
    patient = patient_named(telling, one.patient) if one.patient is not None else None
    match one.noun:
        case Noun.ACCOUNT:
            return new_account(telling, (identifier,), patient)
        case Noun.ENCOUNTER:
            return new_encounter(telling, (identifier,), patient)
        case Noun.PATIENT | Noun.GUARANTOR:
            return new_patient(telling, (identifier,))


def _require_one_owner(telling: Telling, one: Merge, retired: Entity, survivor: Entity) -> None:
    """An account or visit is merged into another one of the same patient; anything else is a move, or an error."""
    if one.noun is Noun.PATIENT:
        return
    rows = telling.rows
    patient = patient_named(telling, one.patient) if one.patient is not None else None
    for row in (rows.root(survivor), retired):
        own(telling, row, patient or rows.owner(rows.root(survivor)), (one.patient,) if one.patient is not None else ())
    owners = {owner.id for owner in (rows.owner(rows.root(survivor)), rows.owner(retired)) if owner is not None}
    if len(owners) > 1:
        raise somebody_elses(retired)


def _join(telling: Telling, retired: Entity, survivor: Entity, place: str) -> None:
    rows, at = telling.rows, telling.reading.event_at
    root = rows.root(survivor)
    if retired.noun is Noun.ACCOUNT:
        if retired.currency != root.currency and retired.currency and root.currency:
            raise _contradiction(survivor, Cause.CURRENCY_DIFFERS, "the two accounts have different currencies", place)
        _compare_guarantors(telling, retired, root)
    telling.set(retired, "survivor_id", survivor.id)
    telling.conclude(retired, "merged", {"at": at})
    if retired.noun is Noun.ACCOUNT:
        inherit_observation(telling, retired)
    inherit(rows, root, retired, telling.stamp.recorded_at, merged_at=merged_at(rows.chain(retired)))
    _LISTS[retired.noun](telling, root, retired)
    rows.touch(root, telling.stamp.recorded_at)  # HealthPay24 is told: its balance holds both from now on
    if retired.noun is Noun.ENCOUNTER:
        settle(telling, root)


def _inherit_of_patient(telling: Telling, root: Entity, retired: Entity) -> None:
    inherit_other_ids(telling, root, retired)
    if "linked" in retired.groups:
        telling.conclude(root, "linked", {"patients": inherit_links(root, retired)})


def _inherit_owners(telling: Telling, root: Entity, retired: Entity) -> None:
    held = retired.groups.get("owners")
    if held is not None:
        note_owners(telling, root, held.values["patients"], held.values["until"], held.values["accounts"])


_LISTS: dict[Noun, Callable[[Telling, Entity, Entity], None]] = {
    Noun.PATIENT: _inherit_of_patient,
    Noun.ACCOUNT: _inherit_owners,
    Noun.ENCOUNTER: _inherit_owners,
}


def _compare_guarantors(telling: Telling, retired: Entity, root: Entity) -> None:
    """Who answers for the survivor answers for both; where somebody else answered for the retired account, a person is told."""
    before, now = (
        {link["guarantor"] for link in one.value("guarantors", "guarantors") or ()} for one in (retired, root)
    )
    if before and before != now:
        subject = f"account:{root.public_id}"
        telling.tell_person(WorkItem(ItemKind.GUARANTOR, subject, Cause.GUARANTOR_DIFFERS, NOTICE))


def _let_money_go_on(telling: Telling, one: Merge) -> None:
    """Money may wait for a visit that was not known, and that leads to an account now."""
    if one.noun is Noun.ENCOUNTER:
        root = telling.rows.resolve(Noun.ENCOUNTER, (one.retired,))
        if root is not None and root.account_id is not None:
            telling.rows.undo.add(telling.rows.appeared, one.retired)


def _contradiction(survivor: Entity, cause: Cause, text: str, place: str) -> Exception:
    return hold(ItemKind.MERGE, cause, text, subject=f"{survivor.noun}:{survivor.public_id}", place=place)
