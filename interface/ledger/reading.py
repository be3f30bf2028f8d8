"""What one message says, in the ledger's words: made by a mapping (or by a HealthPay24 payment), applied by `apply`.

A field that is absent from a group's mapping was not spoken of; `None` means that the sender clears it.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from interface.ledger.noun import Identifier
from interface.ledger.payment import Origin


class Meaning(StrEnum):
    """What an event does to the billing picture; mappings translate trigger events into these."""

    ADMIT = "admit"  # A01
    REGISTER = "register"  # A04
    PREADMIT = "preadmit"  # A05
    TRANSFER = "transfer"  # A02
    DISCHARGE = "discharge"  # A03
    UPDATE = "update"  # A08: a snapshot that may create what it does not find
    CANCEL_VISIT = "cancel-visit"  # A11
    CANCEL_DISCHARGE = "cancel-discharge"  # A13
    ADD_PERSON = "add-person"  # A28: never an encounter
    UPDATE_PERSON = "update-person"  # A31
    MERGE_PATIENT = "merge-patient"  # A40
    TRANSACTIONS = "transactions"  # DFT^P03
    BALANCE = "balance"  # BAR: account-level update with stated balances
    PAYMENT = "payment"  # HealthPay24 took money
    VOID = "void"  # HealthPay24 voided a payment before settlement
    REFUND = "refund"  # HealthPay24 gave money back after settlement


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about one noun: its identifiers and its fields, group by group.

    The first identifier that is known finds the row, the others are given to it: every one must name this row alone.
    Identifiers that several rows may share (an enterprise number) belong into a field.
    """

    ids: tuple[Identifier, ...]
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)  # plain columns: facility, currency


@dataclass(frozen=True, slots=True)
class Merge:
    """`retired` is gone for ever, `survivor` stands for both. One message may carry several: all or none."""

    survivor: Identifier
    retired: Identifier


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
class Reading:
    """One message, understood. Times are UTC microseconds."""

    meaning: Meaning
    event_at: int
    facility: str = ""
    currency: str = "USD"
    patient: Said | None = None
    account: Said | None = None
    encounter: Said | None = None
    guarantors: tuple[Said, ...] = ()
    merges: tuple[Merge, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    balances: tuple[StatedBalance, ...] = ()
    payment: PaymentSaid | None = None
    warnings: tuple[str, ...] = ()  # code and place, never a value

    def money_parts(self) -> tuple[Transaction | PaymentAllocation, ...]:
        """Everything in here that names an account or visit for money."""
        return (*self.transactions, *(self.payment.allocations if self.payment else ()))


@dataclass(frozen=True, slots=True)
class Filtered:
    """The mapping or the channel knows the event and says that it is of no concern."""

    reason: str
