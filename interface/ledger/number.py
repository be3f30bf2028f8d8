"""New numbers for known rows: the old number is retired, and leads to the same row as before.

The new number must be nobody else's. One that the row itself had before names it again, if the message is newer than the one that
took it away.
"""

from interface.ledger.entity import Entity
from interface.ledger.noun import Noun
from interface.ledger.outcome import Cause, Caution, hold
from interface.ledger.people import new_account, new_encounter, new_patient, own, patient_named
from interface.ledger.reading import Meaning, Renumber
from interface.ledger.telling import Telling
from interface.ledger.worklist import ItemKind


def renumber_one(telling: Telling, one: Renumber, place: str) -> None:
    """Give one row its new number."""
    if one.new == one.old:
        return
    rows, at = telling.rows, telling.reading.event_at
    had, has = rows.find(one.noun, one.old), rows.find(one.noun, one.new)
    if had is None and has is None:
        telling.warn(Caution.OLD_NUMBER_UNKNOWN, place)
        has = _row(telling, one)
        _give(telling, has, one)
    elif had is None:
        assert has is not None
        _require_owner(telling, has, one)
        telling.warn(Caution.OLD_NUMBER_UNKNOWN, place)
        # Nothing was known under the old number: it says nothing of which number the row has today.
        rows.give(has, one.old, at)
        rows.retire(one.noun, one.old, at)
        telling.changed = True
        return
    elif has is None:
        _require_owner(telling, had, one)
        has = rows.root(had)
        _give(telling, has, one)
    elif had is not has:
        _require_merged(telling, had, has, place)
        return
    _settle(telling, one, is_merged=has.survivor_id is not None)


def _settle(telling: Telling, one: Renumber, *, is_merged: bool) -> None:
    """Both numbers lead to one row: which of them it has is what the newest change says."""
    rows, at = telling.rows, telling.reading.event_at
    if rows.retired_at(one.noun, one.old) is not None:
        return
    gone_at = rows.retired_at(one.noun, one.new)
    if gone_at is not None:
        if at <= gone_at:
            return
        if not is_merged:
            rows.revive(one.noun, one.new)
    rows.retire(one.noun, one.old, at)
    telling.changed = True


def _row(telling: Telling, one: Renumber) -> Entity:
    """Where neither number is known: an alternate number's visit is known by its own, anything else is new."""
    said = telling.reading.encounter
    if telling.reading.meaning is Meaning.RENUMBER_ALTERNATE_VISIT and said is not None:
        known = telling.rows.resolve(Noun.ENCOUNTER, said.ids)
        if known is not None:
            telling.rows.give(known, one.old, telling.reading.event_at)
            return known
    patient = patient_named(telling, one.patient) if one.patient is not None else None
    match one.noun:
        case Noun.ACCOUNT:
            return new_account(telling, (one.old,), patient)
        case Noun.ENCOUNTER:
            return new_encounter(telling, (one.old,), patient)
        case Noun.PATIENT | Noun.GUARANTOR:
            return new_patient(telling, (one.old,))


def _give(telling: Telling, row: Entity, one: Renumber) -> None:
    telling.rows.give(row, one.new, telling.reading.event_at)
    if row.noun is Noun.ENCOUNTER and row.account_id is not None:
        telling.rows.undo.add(telling.rows.appeared, one.new)  # money may wait for it
    telling.rows.touch(row, telling.stamp.recorded_at)
    telling.changed = True


def _require_owner(telling: Telling, row: Entity, one: Renumber) -> None:
    if one.noun is not Noun.PATIENT and one.patient is not None:
        own(telling, telling.rows.root(row), patient_named(telling, one.patient), (one.patient,))


def _require_merged(telling: Telling, had: Entity, has: Entity, place: str) -> None:
    """A number that something else has is an error, or a merge in disguise; unless the two were merged before."""
    if has in telling.rows.chain(had):
        return
    raise hold(
        ItemKind.MERGE,
        Cause.NUMBER_TAKEN,
        f"the new number is that of another {has.noun}",
        subject=f"{has.noun}:{has.public_id}",
        place=place,
    )
