"""Merges of patients (A40): the retired row stays, and leads to its survivor from then on.

Nothing that hangs on the retired patient is rewritten: accounts and visits are found through it. What was said of it counts as
said of the survivor, which is the same person; the newer statement stays. A retired identifier that was never seen gets a row of
its own, so that what still arrives under it finds the survivor.
"""

from interface.ledger.entity import Entity
from interface.ledger.noun import Identifier, Noun
from interface.ledger.outcome import Cause, Caution, hold, refuse
from interface.ledger.people import tell_patient
from interface.ledger.precedence import inherit
from interface.ledger.reading import Merge
from interface.ledger.telling import Telling
from interface.ledger.worklist import ItemKind


def merge_patients(telling: Telling) -> None:
    """Every group of the message, or none; then what it says of the survivor."""
    if not telling.reading.merges:
        raise refuse("101", Cause.MERGE_MISSING, "the message names no patient to merge", place="merge")
    for number, merge in enumerate(telling.reading.merges, start=1):
        _merge(telling, merge, f"merge[{number}]")
    if telling.reading.patient is not None:
        tell_patient(telling)


def _merge(telling: Telling, merge: Merge, place: str) -> None:
    if merge.survivor == merge.retired:
        telling.warn(Caution.MERGE_INTO_ITSELF, place)
        return
    rows = telling.rows
    retired = rows.find(Noun.PATIENT, merge.retired)
    survivor = rows.find(Noun.PATIENT, merge.survivor)
    if survivor is None:
        survivor = _new_patient(telling, merge.survivor)
        telling.warn(Caution.SURVIVOR_UNKNOWN, place)
    if retired is None:
        retired = _new_patient(telling, merge.retired)
        telling.warn(Caution.RETIRED_UNKNOWN, place)
    if retired is not survivor and retired in rows.chain(survivor):
        raise _contradiction(
            survivor, Cause.MERGE_LOOP, "the survivor was itself merged into the retired patient", place
        )
    if rows.root(retired) is not rows.root(survivor):
        if retired.survivor_id is not None:
            raise _contradiction(
                survivor, Cause.MERGED_ELSEWHERE, "the retired patient was merged into another one before", place
            )
        telling.set(retired, "survivor_id", survivor.id)
        inherit(rows, rows.root(survivor), retired, telling.stamp.recorded_at)
    rows.retire(Noun.PATIENT, merge.retired, telling.reading.event_at)


def _new_patient(telling: Telling, identifier: Identifier) -> Entity:
    patient = telling.create(Noun.PATIENT, (identifier,))
    patient.lane = telling.rows.lane_of(identifier)
    return patient


def _contradiction(survivor: Entity, cause: Cause, text: str, place: str) -> Exception:
    return hold(ItemKind.MERGE, cause, text, subject=f"{survivor.noun}:{survivor.public_id}", place=place)
