"""Patients by the names that people know, and by their lanes."""

from collections.abc import Iterable

import sqlalchemy as sa

from interface.ledger.noun import Noun
from interface.store import schema_ledger as t
from interface.store import schema_message as m
from interface.store.account_story import names_of, the_one
from interface.store.dialect import within
from interface.store.lane import lane_roots
from interface.store.ledger_load import Row, entities
from interface.store.standing import merged_into
from interface.store.tx import Tx
from interface.view.patient import PatientStory

_ACCOUNTS = sa.select(t.account.c.public_id).where(within(t.account.c.patient_id, "ids")).order_by(t.account.c.id)
_ROOTED = sa.select(m.lane_join.c.lane, m.lane_join.c.root).where(within(m.lane_join.c.root, "roots"))
_LIVING = (
    sa.select(t.patient.c.lane, t.patient.c.public_id)
    .where(within(t.patient.c.lane, "lanes"), t.patient.c.survivor_id.is_(None))
    .order_by(t.patient.c.id)
)


def patient(tx: Tx, name: str) -> PatientStory | None:
    """The patient with this public id or identifier value, seen through merges; None where none or several fit."""
    number = the_one(tx, Noun.PATIENT, name)
    if number is None:
        return None
    found = entities(tx, {Row(Noun.PATIENT, number)})[Row(Noun.PATIENT, number)]
    root_of = {number: number} | merged_into(tx, Noun.PATIENT, [number])
    return PatientStory(
        public_id=found.public_id,
        lane=lane_roots(tx, [found.lane]).get(found.lane, found.lane),
        names=tuple(names_of(tx, Noun.PATIENT, root_of).get(number, ())),
        account_ids=tuple(row.public_id for row in tx.read_in(_ACCOUNTS, "ids", root_of)),
    )


def patients_of_lanes(tx: Tx, lanes: Iterable[int]) -> dict[int, str]:
    """The public id of the patient whose lane this is now, after merges; a lane whose patient is not known is left out."""
    roots = {lane: lane for lane in lanes}
    roots |= lane_roots(tx, roots)
    root_of = {root: root for root in roots.values()}
    root_of |= {row.lane: row.root for row in tx.read_in(_ROOTED, "roots", list(root_of))}
    named = {root_of[row.lane]: row.public_id for row in tx.read_in(_LIVING, "lanes", root_of)}
    return {lane: named[root] for lane, root in roots.items() if root in named}
