"""What the ledger keeps of a patient, a guarantor, an account or an encounter, and under which identifiers it is known.

A row holds links and plain columns, and its fields in groups. A group carries the stamp of the message that last said it;
the store keeps all groups of a row as one sealed JSON object, so every value here is plain JSON.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from interface.ledger.noun import Identifier, Noun


class Group(NamedTuple):
    """Fields that win or lose together. In `values`, `None` is a clear: it competes by its time like any other value."""

    at: int  # event time of the newest message that said so, microseconds UTC
    seq: int  # arrival order of that message
    message_id: int  # the message whose values these are
    config_id: int
    values: dict[str, Any]


class Confirmed(NamedTuple):
    """A newer message repeated these groups unchanged: their stamps moved on, their values did not.

    Most traffic repeats what is known. Kept beside the sealed groups, the new stamp costs three small columns and not a new
    row; without it an older message that arrives late would beat the value that a newer one had just repeated.
    """

    at: int
    seq: int
    groups: frozenset[str]


@dataclass(slots=True, eq=False)
class Entity:
    """One row. `survivor_id` names the row that stands for this one since a merge; links may name retired rows.

    An encounter's `patient_id` is of the message that brought it; where an account is known, its patient is the encounter's.
    """

    noun: Noun
    id: int
    public_id: str
    created_at: int
    updated_at: int
    survivor_id: int | None = None
    patient_id: int | None = None  # accounts and encounters
    account_id: int | None = None  # encounters
    lane: int = 0  # patients: the order key, 63 bits
    facility: str = ""  # accounts and encounters
    currency: str = ""  # accounts
    groups: dict[str, Group] = field(default_factory=dict)
    confirmed: Confirmed | None = None

    def links(self) -> Iterator[tuple[Noun, int]]:
        """The rows that this one names: its survivor, patient, account, and the guarantors of an account."""
        if self.survivor_id is not None:
            yield self.noun, self.survivor_id
        if self.patient_id is not None:
            yield Noun.PATIENT, self.patient_id
        if self.account_id is not None:
            yield Noun.ACCOUNT, self.account_id
        if self.noun is Noun.ACCOUNT:
            yield from ((Noun.GUARANTOR, one["guarantor"]) for one in self.value("guarantors", "guarantors") or ())

    def value(self, group: str, name: str) -> Any:
        """One field's value, `None` where it is unknown or cleared."""
        held = self.groups.get(group)
        return None if held is None else held.values.get(name)


@dataclass(frozen=True, slots=True)
class KnownIdentifier:
    """An identifier and the row that it was given to. A retired one still leads there, and on to the survivor."""

    noun: Noun
    identifier: Identifier
    entity_id: int
    valid_from: int  # event time
    retired_at: int | None = None  # event time of the merge that retired it
