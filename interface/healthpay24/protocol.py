"""What HealthPay24 can do for the engine, split by subject; every adapter keeps these promises.

Every mutation takes an idempotency key and answers in one of four ways: done, rejected, pending, unknown. Unknown means
that the far side may have acted: ask `lookup` before anything else. An adapter that cannot reach HealthPay24 raises a WireError
(nothing was done) or an UnansweredError (nobody knows). Nothing here carries a card number: methods are tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from interface.healthpay24.record import (
    AccountRecord,
    BalanceRecord,
    EncounterRecord,
    GuarantorRecord,
    PatientRecord,
)

R = TypeVar("R", bound=PatientRecord | GuarantorRecord | AccountRecord | EncounterRecord | BalanceRecord)


@dataclass(frozen=True, slots=True)
class Done:
    """It happened. `reference` is HealthPay24's own id of it; `is_repeat`: it had happened before, under the same key."""

    reference: str
    message_id: int = 0  # the message that payments, voids, refunds and settlements are stored as
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """It did not happen and will not under this key. `code` is an error code, `text` names the rule."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Pending:
    """It was taken and is not finished; ask `lookup` later."""

    reference: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have happened; `lookup` tells, or a person."""

    reference: str


Answered = Done | Rejected | Pending | Unknown


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a payment for one account. `account` is a public id (acc_...); `amount_minor` > 0."""

    account: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """Money to be taken. `token` stands for a tokenised method; `last4` may be shown to people."""

    shares: tuple[Share, ...]
    currency: str
    tender: str  # visa, mastercard, amex, discover, ach, cash, check
    token: str
    last4: str = ""
    within_due: bool = False  # refused where it is more than is due, whoever else pays at the same moment


@dataclass(frozen=True, slots=True)
class ReturnOrder:
    """Money to be given back: a void (whole, before settlement) or a refund of `shares` (empty: all that is left)."""

    original: str  # HealthPay24's reference of the payment
    currency: str
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """The money of a payment has reached the merchant's bank. `settled_at`: UTC microseconds; None: now."""

    original: str  # HealthPay24's reference of the payment
    settled_at: int | None = None
    batch: str = ""  # id of the settlement batch, 40 characters at most


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter can do for one facility."""

    facility: str
    takes_payments: bool
    voids: bool
    refunds: bool
    tenders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Put(Generic[R]):
    """A record to be held from now on, and the idempotency key of this very change: another content has another key."""

    record: R
    key: str


@dataclass(frozen=True, slots=True)
class Seen(Generic[R]):
    """A record as HealthPay24 held it at `observed_at` (UTC microseconds)."""

    record: R
    observed_at: int


class Patients(Protocol):
    """Whom HealthPay24 shows balances to."""

    def put_patients(self, puts: Sequence[Put[PatientRecord]]) -> list[Answered]:
        """Hold these; one answer for each, in their order."""

    def put_guarantors(self, puts: Sequence[Put[GuarantorRecord]]) -> list[Answered]:
        """Hold these; one answer for each, in their order."""

    def patient(self, public_id: str) -> Seen[PatientRecord] | None:
        """One patient as HealthPay24 holds it; None where it holds none."""

    def guarantor(self, public_id: str) -> Seen[GuarantorRecord] | None:
        """One guarantor as HealthPay24 holds it; None where it holds none."""


class Accounts(Protocol):
    """What is billed together, the visits behind it, and what is owed on it."""

    def put_accounts(self, puts: Sequence[Put[AccountRecord]]) -> list[Answered]:
        """Hold these; their patients are known. One answer for each, in their order."""

    def put_encounters(self, puts: Sequence[Put[EncounterRecord]]) -> list[Answered]:
        """Hold these; their patients and accounts are known. One answer for each, in their order."""

    def put_balances(self, puts: Sequence[Put[BalanceRecord]]) -> list[Answered]:
        """Hold these; their accounts are known. One answer for each, in their order."""

    def account(self, public_id: str) -> Seen[AccountRecord] | None:
        """One account as HealthPay24 holds it; None where it holds none."""

    def encounter(self, public_id: str) -> Seen[EncounterRecord] | None:
        """One visit as HealthPay24 holds it; None where it holds none."""

    def balances(self, accounts: Sequence[str]) -> dict[str, Seen[BalanceRecord]]:
        """What HealthPay24 shows as owed on these accounts; unknown ones are left out."""


class Payments(Protocol):
    """Taking money, giving it back, and the word that it has reached the bank."""

    def pay(self, order: PaymentOrder, *, key: str, actor: str) -> Answered:
        """Take a payment."""

    def void(self, order: ReturnOrder, *, key: str, actor: str) -> Answered:
        """Take back a whole payment before it is settled."""

    def refund(self, order: ReturnOrder, *, key: str, actor: str) -> Answered:
        """Give back money after settlement."""

    def settle(self, settlement: Settlement, *, key: str, actor: str) -> Answered:
        """Tell that a payment settled. From then on it is refunded and not voided."""


class HealthPay24(Patients, Accounts, Payments, Protocol):
    """The other side, whole."""

    def lookup(self, key: str) -> Answered:
        """What became of the mutation under this key; Rejected with `key-unknown` where there was none."""

    def capabilities(self, facility: str) -> Capabilities:
        """What can be done for a facility."""
