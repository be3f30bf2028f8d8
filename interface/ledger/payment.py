"""Payments that HealthPay24 took, how they are spread over accounts, and what is known of their way into the EHR.

The payment's own state and each allocation's posting state are separate facts: a voided payment may be posted, a taken
one rejected. Voids and refunds are allocations of their own kind that name the allocation they take back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from interface.message import PaymentState, PostingState


class Origin(StrEnum):
    """Who took the money."""

    HP24 = "hp24"
    EHR = "ehr"  # through the EHR's own till or gateway: it posts it itself, so we never post it back
    EXTERNAL = "external"  # somebody else, reported to the EHR by us


class AllocationKind(StrEnum):
    """What an allocation does to its account."""

    PAYMENT = "payment"
    VOID = "void"
    REFUND = "refund"


TENDERS = ("visa", "mastercard", "amex", "discover", "ach", "cash", "check")
"""Ways of paying that have a name; a site may give each a transaction code of its own."""
WIRE_ID_LENGTH = 12  # FT1-2, HL7 v2.5.1 section 6.5.1.2


@dataclass(frozen=True, slots=True)
class Payment:
    """Money taken once. `amount_minor` is the exact sum of its allocations of kind payment."""

    id: int
    public_id: str
    transaction_id: str  # HealthPay24's, unique
    origin: Origin
    tender: str
    token: str
    last4: str
    authorization: str
    facility: str
    currency: str
    amount_minor: int
    taken_at: int
    state: PaymentState
    entry_id: int
    message_id: int
    settled_at: int | None = None  # its money reached the merchant's bank
    settlement_batch: str = ""


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a payment, void or refund on one account: posted, rejected, refunded on its own. `amount_minor` > 0."""

    id: int
    payment_id: int
    kind: AllocationKind
    reverses: int | None  # the allocation that a void or refund takes back
    transaction_id: str  # HealthPay24's id of the payment, void or refund that this came with
    account_id: int
    visit_id: int | None
    amount_minor: int
    currency: str
    made_at: int
    wire_id: str  # FT1-2
    reference: str  # FT1-30
    posting: PostingState | None  # None: never to be posted
    accepted_at: int | None = None
    application_acked_at: int | None = None
    confirmed_at: int | None = None  # by the EHR's clock, as the balances that it states are
    posted_at: int | None = None  # all others by ours
    echo_message_id: int | None = None  # the EHR's message that confirmed it


@dataclass(frozen=True, slots=True)
class Posting:
    """An allocation that is to be delivered to the EHR, in order with what `ordered_by` was the account of."""

    allocation_id: int
    payment_id: int
    kind: AllocationKind
    ordered_by: int
    facility: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class PostingConfirmed:
    """The EHR echoed the allocation in a message: confirmed `at` its time, and posted when we learnt it, unless it was before."""

    allocation_id: int
    at: int
    learnt_at: int
    message_id: int


def remaining_minor(original: Allocation, allocations: Iterable[Allocation]) -> int:
    """What of `original` has been neither voided nor refunded."""
    return original.amount_minor - sum(a.amount_minor for a in allocations if a.reverses == original.id)


def state_of(allocations: Iterable[Allocation]) -> PaymentState:
    """The payment's state, as its allocations tell."""
    taken = refunded = 0
    for allocation in allocations:
        match allocation.kind:
            case AllocationKind.PAYMENT:
                taken += allocation.amount_minor
            case AllocationKind.VOID:
                return PaymentState.VOIDED
            case AllocationKind.REFUND:
                refunded += allocation.amount_minor
    if not refunded:
        return PaymentState.TAKEN
    return PaymentState.REFUNDED if refunded == taken else PaymentState.PARTLY_REFUNDED
