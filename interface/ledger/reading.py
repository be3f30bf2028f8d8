"""What one message says, in the ledger's words: made by a mapping (or by a HealthPay24 payment), applied by `apply`.

A field that is absent from a group's mapping was not spoken of; `None` means that the sender clears it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from interface.ledger.noun import Identifier, Noun
from interface.ledger.payment import Origin


class Meaning(StrEnum):
    """What an event does to the billing picture; mappings translate trigger events into these."""

    ADMIT = "admit"  # A01
    REGISTER = "register"  # A04
    PREADMIT = "preadmit"  # A05
    TRANSFER = "transfer"  # A02
    DISCHARGE = "discharge"  # A03
    UPDATE = "update"  # A08: a snapshot that may create what it does not find
    CHANGE_CLASS = "change-class"  # A06, A07: may renumber account and visit
    CANCEL_VISIT = "cancel-visit"  # A11
    CANCEL_TRANSFER = "cancel-transfer"  # A12
    CANCEL_DISCHARGE = "cancel-discharge"  # A13
    CANCEL_PREADMIT = "cancel-preadmit"  # A38
    REMOVE_VISIT = "remove-visit"  # A23: the record of a visit; its money stays
    ADD_PERSON = "add-person"  # A28: never an encounter
    UPDATE_PERSON = "update-person"  # A31
    REMOVE_PERSON = "remove-person"  # A29: no longer active; nothing is deleted
    LINK_PATIENTS = "link-patients"  # A24: two records, one person; no money moves
    UNLINK_PATIENTS = "unlink-patients"  # A37
    MERGE_PATIENT = "merge-patient"  # A40, A34
    MERGE_ACCOUNT = "merge-account"  # A41, A35
    MERGE_VISIT = "merge-visit"  # A42
    MERGE_NAMED = "merge-named"  # A18, A30, A36: whatever prior numbers the message names
    MOVE_PATIENT = "move-patient"  # A43: to another person; the number stays
    MOVE_ACCOUNT = "move-account"  # A44: to another patient, with its visits
    MOVE_VISIT = "move-visit"  # A45: to another account
    RENUMBER_PATIENT = "renumber-patient"  # A47
    RENUMBER_ACCOUNT = "renumber-account"  # A49
    RENUMBER_VISIT = "renumber-visit"  # A50
    RENUMBER_ALTERNATE_VISIT = "renumber-alternate-visit"  # A51
    TRANSACTIONS = "transactions"  # DFT^P03, DFT^P11
    OPEN_ACCOUNT = "open-account"  # BAR^P01: an account with its visits
    UPDATE_ACCOUNT = "update-account"  # BAR^P05
    END_ACCOUNT = "end-account"  # BAR^P06: no further charges, payments still possible
    PURGE_ACCOUNT = "purge-account"  # BAR^P02: archived by the EHR
    UPDATE_GUARANTOR = "update-guarantor"  # who answers for accounts, alone
    BALANCE = "balance"  # an account and what is stated of it; no visit
    PAYMENT = "payment"  # HealthPay24 took money
    VOID = "void"  # HealthPay24 voided a payment before settlement
    REFUND = "refund"  # HealthPay24 gave money back after settlement
    SETTLEMENT = "settlement"  # a payment's money has reached the merchant's bank


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about one noun: its identifiers and its fields, group by group.

    The first identifier that is known finds the row, the others are given to it: every one must name this row alone.
    Identifiers that several rows may share (an enterprise number) belong into a field. `aliases` never find the row: those that
    nothing has yet lead to it from then on.
    """

    ids: tuple[Identifier, ...]
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)  # plain columns: facility, currency
    aliases: tuple[Identifier, ...] = ()  # of a visit: its alternate numbers


@dataclass(frozen=True, slots=True)
class Merge:
    """`retired` is gone for ever, `survivor` stands for both. One message may carry several: all or none."""

    survivor: Identifier
    retired: Identifier
    noun: Noun = Noun.PATIENT
    patient: Identifier | None = None  # whose accounts or visits they are


@dataclass(frozen=True, slots=True)
class Renumber:
    """The same row under another number, which nothing else may have."""

    noun: Noun
    new: Identifier
    old: Identifier
    patient: Identifier | None = None  # whose account or visit it is


@dataclass(frozen=True, slots=True)
class Move:
    """A row that keeps its number and gets another parent: an account another patient, a visit another account.

    A patient (A43) gets another person, which is no row of ours; there `to` is the same patient under its present number.
    """

    noun: Noun
    row: Identifier
    to: Identifier
    source: Identifier | None = None  # the former parent
    patient: Identifier | None = None  # of a visit: whose account `to` is
    source_patient: Identifier | None = None  # of a visit: whose account `source` is


@dataclass(frozen=True, slots=True)
class AccountNamed:
    """An account that a message closes, and whose it is."""

    account: Identifier
    patient: Identifier | None = None


class MoneyKind(StrEnum):
    """What a transaction is; the amount beside it is positive, the effect follows from the kind."""

    CHARGE = "charge"
    CREDIT = "credit"  # takes back charges
    PAYMENT = "payment"
    REVERSAL = "reversal"  # takes back a payment (void, NSF, take-back)
    REFUND = "refund"
    ADJUSTMENT = "adjustment"  # lowers what is owed


@dataclass(frozen=True, slots=True)
class Transaction:
    """One FT1 (DFT^P03) in the ledger's words. `amount_minor` >= 0 in `currency` (ISO 4217)."""

    kind: MoneyKind
    amount_minor: int
    currency: str
    id: str = ""  # FT1-2, empty when the sender gives none
    type_code: str = ""  # FT1-6 as sent
    sign: int = 1  # sign as sent: part of the key under which a repeat is recognised
    code: str = ""  # FT1-7.1
    occurred_at: int = 0
    occurred_on: str = ""  # FT1-4 date as sent, YYYY-MM-DD
    reference: str = ""  # FT1-30, or what the channel declares
    account: Identifier | None = None
    visit: Identifier | None = None
    responsibility: str = "unknown"  # patient, insurance, unknown
    guarantor: Identifier | None = None  # who answers for this one, where the message says so (DFT^P11)
    place: str = ""  # e.g. FT1[2], for errors


@dataclass(frozen=True, slots=True)
class StatedBalance:
    """What the EHR says the patient owes on an account: an observation, never an entry. A credit is negative."""

    account: Identifier
    amount_minor: int
    currency: str
    as_of: int


@dataclass(frozen=True, slots=True)
class PaymentAllocation:
    """A part of a HealthPay24 payment, for one account (and visit)."""

    account: Identifier | None
    account_public_id: str
    amount_minor: int
    visit: Identifier | None = None


@dataclass(frozen=True, slots=True)
class PaymentSaid:
    """What HealthPay24 tells of a payment, a void or a refund; `original` names the payment that the latter take back.

    A void or refund without allocations takes back all that is left.
    """

    transaction_id: str
    amount_minor: int
    currency: str
    allocations: tuple[PaymentAllocation, ...]
    tender: str  # visa, mastercard, ach, cash, check ...
    token: str = ""
    last4: str = ""
    authorization: str = ""
    taken_at: int = 0
    original: str = ""
    origin: Origin = Origin.HP24


@dataclass(frozen=True, slots=True)
class SettlementSaid:
    """HealthPay24 tells that a payment's money has reached the merchant's bank; `original` is the payment's transaction id."""

    original: str
    settled_at: int  # UTC microseconds
    batch: str = ""  # HealthPay24's id of the settlement batch


class Demand(StrEnum):
    """What must be so of the row that a request is about, or nothing of the request is applied."""

    NOTHING = ""
    NEW = "new"  # where there is one, that one stays as it is, and the request is done (R4 section 3.1.0.8.1)
    ABSENT = "absent"  # where there is one, the request is refused
    KNOWN = "known"  # where there is none, the request is refused


@dataclass(frozen=True, slots=True)
class Target:
    """The row that a request is about: its answer names it. `ids` lead to it, best first; `version` 0: whichever it has."""

    noun: Noun
    ids: tuple[Identifier, ...]
    demand: Demand = Demand.NOTHING
    version: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """One message, understood. Times are UTC microseconds."""

    meaning: Meaning
    event_at: int
    facility: str = ""
    currency: str = "USD"
    patient: Said | None = None
    account: Said | None = None
    encounter: Said | None = None
    further_encounters: tuple[Said, ...] = ()  # BAR: an account with several visits
    guarantors: tuple[Said, ...] = ()
    merges: tuple[Merge, ...] = ()
    renumbers: tuple[Renumber, ...] = ()
    moves: tuple[Move, ...] = ()
    linked: tuple[Identifier, ...] = ()  # patients that are one person, or are no longer
    closed: tuple[AccountNamed, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    balances: tuple[StatedBalance, ...] = ()
    payment: PaymentSaid | None = None
    settlement: SettlementSaid | None = None
    target: Target | None = None  # of a request that is about a row
    is_request: bool = False  # whose answer names what it has written
    warnings: tuple[str, ...] = ()  # code and place, never a value

    def money_parts(self) -> tuple[Transaction | PaymentAllocation, ...]:
        """Everything in here that names an account or visit for money."""
        return (*self.transactions, *(self.payment.allocations if self.payment else ()))

    @property
    def is_of_healthpay24(self) -> bool:
        """Whether HealthPay24 asks for it, or tells it, and no sender."""
        return self.payment is not None or self.settlement is not None

    @property
    def earlier_payment(self) -> str:
        """The transaction id of the payment that HealthPay24 takes back, or tells to be settled; empty where there is none."""
        if self.settlement is not None:
            return self.settlement.original
        return self.payment.original if self.payment is not None else ""

    @property
    def joins_lanes(self) -> bool:
        """Whether patients become one, and are ordered as one from now on."""
        return any(one.noun is Noun.PATIENT for one in self.merges)

    def regrouped(self) -> Iterator[tuple[Noun, Identifier]]:
        """Every number that is merged, moved, changed, linked or closed, and those beside them."""
        for merge in self.merges:
            yield merge.noun, merge.survivor
            yield merge.noun, merge.retired
            yield from _patient(merge.patient)
        for renumber in self.renumbers:
            yield renumber.noun, renumber.new
            yield renumber.noun, renumber.old
            yield from _patient(renumber.patient)
        for move in self.moves:
            yield move.noun, move.row
            yield _PARENT[move.noun], move.to
            if move.source is not None:
                yield _PARENT[move.noun], move.source
            yield from _patient(move.patient)
            yield from _patient(move.source_patient)
        for patient in self.linked:
            yield Noun.PATIENT, patient
        for one in self.closed:
            yield Noun.ACCOUNT, one.account
            yield from _patient(one.patient)

    def named(self) -> Iterator[tuple[Noun, Identifier]]:
        """Every number that the row which it is about is looked for by."""
        if self.target is not None:
            yield from ((self.target.noun, identifier) for identifier in self.target.ids)


_PARENT = {Noun.PATIENT: Noun.PATIENT, Noun.ACCOUNT: Noun.PATIENT, Noun.ENCOUNTER: Noun.ACCOUNT}


def _patient(identifier: Identifier | None) -> Iterator[tuple[Noun, Identifier]]:
    if identifier is not None:
        yield Noun.PATIENT, identifier


@dataclass(frozen=True, slots=True)
class Filtered:
    """The mapping or the channel knows the event and says that it is of no concern."""

    reason: str
