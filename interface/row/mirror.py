"""The mirror: what HealthPay24 is known to hold of our rows, what it has still to be told, and what telling it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from interface.ledger.entity import Entity
from interface.ledger.journal import Balance, Observation
from interface.ledger.noun import Identifier, Noun
from interface.ledger.payment import Allocation
from interface.message import MirrorState


class Subject(StrEnum):
    """What HealthPay24 is told of, each after what it names: a patient before the accounts, an account before its balance."""

    PATIENT = "patient"
    GUARANTOR = "guarantor"
    ACCOUNT = "account"
    ENCOUNTER = "encounter"
    BALANCE = "balance"  # of the account with the same row id

    @property
    def noun(self) -> Noun:
        """The ledger's rows that it is made from."""
        return Noun.ACCOUNT if self is Subject.BALANCE else Noun(self.value)


@dataclass(frozen=True, slots=True)
class MirrorMark:
    """A row changed: HealthPay24 is to be told. `is_merged` marks also what names the row, for it has a new owner."""

    subject: Subject
    entity_id: int
    is_merged: bool = False


@dataclass(frozen=True, slots=True)
class MirrorRow:
    """One row's standing. `marked` counts its changes; `version` and `digest` are of what HealthPay24 was last told."""

    subject: Subject
    entity_id: int
    marked: int
    attempts: int
    state: MirrorState
    version: int
    digest: bytes | None
    reference: str  # what HealthPay24 calls it, or calls the request that is pending
    key: str  # the idempotency key of what it was last told


@dataclass(frozen=True, slots=True)
class MirrorOutcome:
    """How telling a row ended. `due_at` 0: nothing more to tell, unless it was marked again meanwhile."""

    row: MirrorRow
    state: MirrorState
    version: int
    digest: bytes | None
    reference: str = ""
    key: str = ""
    cause: str = ""
    due_at: int = 0


@dataclass(slots=True)
class Material:
    """What records are made from. Books stand under the account that stands for all that were merged into it."""

    entities: Mapping[tuple[Noun, int], Entity] = field(default_factory=dict)
    identifiers: Mapping[tuple[Noun, int], tuple[Identifier, ...]] = field(default_factory=dict)
    observations: Mapping[int, Sequence[Observation]] = field(default_factory=dict)
    balances: Mapping[int, Sequence[Balance]] = field(default_factory=dict)
    allocations: Mapping[int, Sequence[Allocation]] = field(default_factory=dict)

    def owner(self, one: Entity) -> int | None:
        """The patient of an account or visit; a visit is whose its account is, for that may have been moved."""
        account = None if one.account_id is None else self.standing(Noun.ACCOUNT, one.account_id)
        return (account and account.patient_id) or one.patient_id

    def standing(self, noun: Noun, row_id: int) -> Entity:
        """The row that stands for this one since a merge."""
        one = self.entities[noun, row_id]
        while one.survivor_id is not None:
            one = self.entities[noun, one.survivor_id]
        return one


@dataclass(frozen=True, slots=True)
class MirrorCount:
    """How far HealthPay24 follows: `due` rows are still to be told, the oldest since `oldest_due_at`."""

    due: int
    states: Mapping[MirrorState, int]
    oldest_due_at: int = 0


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record as the embedded HealthPay24 holds it: the key under which it was put, its JSON, and when."""

    public_id: str
    key: str
    value: bytes
    at: int
