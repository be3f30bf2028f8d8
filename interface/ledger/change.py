"""What goes between the ledger and its store: rows loaded for a batch, and everything that the batch changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from interface.ledger.entity import Confirmed, Entity, KnownIdentifier
from interface.ledger.journal import Balance, Entry, MoneyMark, Observation
from interface.ledger.noun import Identifier, Noun
from interface.ledger.payment import Allocation, Payment, Posting, PostingConfirmed
from interface.ledger.worklist import WorkItem
from interface.message import PaymentState


@dataclass(slots=True)
class Loaded:
    """What the store holds of some `Needs`. Rows may come twice; missing ones are unknown.

    `entities` holds every row named by an identifier, a public id, a money mark or an allocation, and from each of them
    the rows that it links to (survivor, patient, account), transitively. `allocations` holds all of every payment loaded.
    """

    entities: list[Entity] = field(default_factory=list)
    identifiers: list[KnownIdentifier] = field(default_factory=list)
    money: list[MoneyMark] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A row whose groups a newer message repeated unchanged: its new `Entity.confirmed`, and nothing else of it."""

    noun: Noun
    entity_id: int
    confirmed: Confirmed


@dataclass(frozen=True, slots=True)
class Retirement:
    """An identifier that a merge or another number retired, or (None) that names its row again.

    Its row in the store gets `retired_at`; it leads to the same entity all the time.
    """

    noun: Noun
    identifier: Identifier
    retired_at: int | None


@dataclass(frozen=True, slots=True)
class LaneJoin:
    """From now on `lane` and everything joined to it is ordered as one with `root`."""

    lane: int
    root: int


@dataclass(frozen=True, slots=True)
class PaymentMoved:
    """A payment's new state."""

    payment_id: int
    state: PaymentState


@dataclass(frozen=True, slots=True)
class Settled:
    """A payment that is settled now, as it is with that, and its parts that HealthPay24 took (no voids, no refunds)."""

    payment: Payment
    parts: tuple[Allocation, ...]


@dataclass(slots=True)
class LedgerChanges:
    """Everything that a batch changed, to be written in one transaction."""

    created: list[Entity] = field(default_factory=list)
    changed: list[Entity] = field(default_factory=list)  # whole rows, `confirmed` included
    renamed: set[tuple[Noun, int]] = field(default_factory=set)  # of the changed rows those of people with another name
    confirmations: list[Confirmation] = field(default_factory=list)  # rows that are in neither list above
    identifiers: list[KnownIdentifier] = field(default_factory=list)
    retirements: list[Retirement] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    balance_deltas: list[Balance] = field(default_factory=list)  # to be added, one per key
    observations: list[Observation] = field(default_factory=list)  # replace the account's former one
    money: list[MoneyMark] = field(default_factory=list)  # replace one of the same message and ordinal
    payments: list[Payment] = field(default_factory=list)  # new ones
    allocations: list[Allocation] = field(default_factory=list)  # new ones, also of payments that exist
    payment_moves: list[PaymentMoved] = field(default_factory=list)
    settlements: list[Settled] = field(default_factory=list)  # after `payments`, which they may be among
    confirmed_postings: list[PostingConfirmed] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    work_items: list[WorkItem] = field(default_factory=list)
    lane_joins: Sequence[LaneJoin] = ()  # from the sequencer, which joins before a merge is applied

    def __bool__(self) -> bool:
        return any(getattr(self, member.name) for member in fields(self))
