"""Identifiers of patients that are no keys (an enterprise number): each record's own list, and those of records merged into it.

What a message lists is of the record whose number it names, also where that was merged since. So the list stays with its row and
competes there; the survivor shows it beside its own, which the EHR goes on to replace whole. A merge loses no number of either.
"""

from collections.abc import Iterable
from typing import Any

from interface.ledger.entity import Entity
from interface.ledger.noun import Noun
from interface.ledger.reading import Said
from interface.ledger.telling import Telling

_OTHERS, _FORMER = "others", "former"


def of_present_record(telling: Telling, patient: Entity, said: Said) -> dict[str, dict[str, Any]]:
    """What is said of the patient; a list under a retired number is put aside and kept with that record."""
    listed = said.groups.get(_OTHERS)
    if not listed:
        return said.groups
    found = (telling.rows.find(Noun.PATIENT, one) for one in said.ids)
    named = next((one for one in found if one is not None), patient)
    if named is patient:
        return said.groups
    telling.say(named, {_OTHERS: listed})
    _note(telling, patient, named)
    return {name: values for name, values in said.groups.items() if name != _OTHERS}


def inherit_other_ids(telling: Telling, root: Entity, retired: Entity) -> None:
    """Show what the record that is merged now listed, and what it showed of others, with its survivor."""
    if not {_OTHERS, _FORMER}.isdisjoint(retired.groups):
        _note(telling, root, retired, retired.value(_FORMER, "former_ids") or ())


def _note(telling: Telling, root: Entity, record: Entity, further: Iterable[dict[str, Any]] = ()) -> None:
    kept = [*(root.value(_FORMER, "former_ids") or ()), *further]
    told = [one for one in kept if one["patient"] != record.id]
    told += [{"patient": record.id, **one} for one in record.value(_OTHERS, "other_ids") or ()]
    telling.conclude(root, _FORMER, {"former_ids": sorted(told, key=lambda one: one["patient"])})
