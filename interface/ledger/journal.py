"""Money that moved: double entry, immutable, integer minor units. Nothing else stores it.

Every entry sums to zero in each currency: what an account's receivable gains, a contra book of the same account loses.
Balances are sums of lines, kept up to date by adding, and provable from the lines at any time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from interface.ledger.reading import MoneyKind


class Book(StrEnum):
    """Where a line stands."""

    RECEIVABLE = "receivable"  # what the account owes; a debit is positive
    CHARGES = "charges"
    ADJUSTMENTS = "adjustments"
    PAYMENTS = "payments"  # money that the EHR says it took, or gave back
    COLLECTED = "collected"  # money that HealthPay24 took


PATIENT = "patient"  # the responsibility that makes an amount the patient's to pay


class EntryKind(StrEnum):
    """Why an entry was made."""

    CHARGE = "charge"
    CREDIT = "credit"
    PAYMENT = "payment"
    REVERSAL = "reversal"
    VOID = "void"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"
    CORRECTION = "correction"  # takes back an entry before the same message is booked anew


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an entry; `amount_minor` is signed."""

    book: Book
    account_id: int
    responsibility: str  # patient, insurance, unknown
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement. `reverses` names the entry that it takes back, wholly or in part."""

    id: int
    public_id: str
    kind: EntryKind
    at: int
    message_id: int
    config_id: int
    payment_id: int | None
    reverses: int | None
    memo_code: str  # the sender's transaction code, or the tender
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """The sum of an account's lines in one book, responsibility and currency; as a change, what to add to it."""

    account_id: int
    book: Book
    responsibility: str
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Observation:
    """What the EHR last said that the patient owes on an account: one per account, the newest as-of; never an entry.

    `merged_at`, `merged_into`: when and into which account it was merged; statements of that one speak of it, too, from then on.
    """

    account_id: int
    amount_minor: int  # signed: a credit is negative
    currency: str
    as_of: int
    seq: int
    message_id: int
    merged_at: int | None = None
    merged_into: int | None = None


@dataclass(frozen=True, slots=True)
class MoneyMark:
    """That a transaction was booked, kept for ever so that a repeat is recognised.

    `look_up` holds what a message tells before any row is loaded (`money_key.look_up`); source and surviving account
    complete the key. `message_id` with `ordinal` (0-based place among the message's transactions) is unique; writing it
    again replaces it.
    """

    look_up: str
    source: str
    account_id: int
    message_id: int
    ordinal: int
    entry_id: int | None  # None: nothing to book (an amount of zero, an echo of our own payment)
    kind: MoneyKind
    amount_minor: int
    currency: str
    responsibility: str
    code: str
    occurred_on: str


# The sign of a kind's effect on the receivable, and the book that takes the other side.
_EFFECT: dict[MoneyKind, tuple[int, Book]] = {
    MoneyKind.CHARGE: (1, Book.CHARGES),
    MoneyKind.CREDIT: (-1, Book.CHARGES),
    MoneyKind.PAYMENT: (-1, Book.PAYMENTS),
    MoneyKind.REVERSAL: (1, Book.PAYMENTS),
    MoneyKind.REFUND: (1, Book.PAYMENTS),
    MoneyKind.ADJUSTMENT: (-1, Book.ADJUSTMENTS),
}


def lines_of(
    kind: MoneyKind, book: Book, account_id: int, responsibility: str, *, amount_minor: int, currency: str
) -> tuple[Line, Line]:
    """Both sides of a movement of `amount_minor` (> 0): the receivable and its contra `book`."""
    signed = _EFFECT[kind][0] * amount_minor
    return (
        Line(Book.RECEIVABLE, account_id, responsibility, signed, currency),
        Line(book, account_id, responsibility, -signed, currency),
    )


def marked_lines(mark: MoneyMark) -> tuple[Line, ...]:
    """Both sides of the movement, reported by the EHR, that a mark remembers."""
    return lines_of(
        mark.kind,
        _EFFECT[mark.kind][1],
        mark.account_id,
        mark.responsibility,
        amount_minor=mark.amount_minor,
        currency=mark.currency,
    )


def negated(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines that take these back."""
    return tuple(replace(line, amount_minor=-line.amount_minor) for line in lines)


def is_balanced(lines: Sequence[Line]) -> bool:
    """Whether the lines sum to zero in each currency."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.currency] = sums.get(line.currency, 0) + line.amount_minor
    return not any(sums.values())


def sum_lines(entries: Iterable[Entry]) -> list[Balance]:
    """The balances that these entries add up to, zero sums left out."""
    sums: dict[tuple[int, Book, str, str], int] = {}
    for entry in entries:
        for line in entry.lines:
            key = (line.account_id, line.book, line.responsibility, line.currency)
            sums[key] = sums.get(key, 0) + line.amount_minor
    return [Balance(*key, amount) for key, amount in sums.items() if amount]
