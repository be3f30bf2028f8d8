"""Money that HealthPay24 took: booked at once, spread over accounts, to be posted to the EHR."""

from collections.abc import Iterable

from interface.ledger.entity import Entity
from interface.ledger.journal import PATIENT, Book, EntryKind, Line, lines_of
from interface.ledger.noun import Noun
from interface.ledger.outcome import Cause, Caution, refuse
from interface.ledger.payment import Allocation, AllocationKind, Origin, Payment
from interface.ledger.reading import MoneyKind, PaymentAllocation, PaymentSaid
from interface.ledger.telling import Telling
from interface.ledger.transactions import locate
from interface.message import PaymentState, PostingState


def account_of(telling: Telling, part: PaymentAllocation) -> Entity:
    """The account that a part of a payment names."""
    if part.account_public_id:
        account = telling.rows.account_named(part.account_public_id)
        if account is None:
            text = "no account has this public id"
            raise refuse("204", Cause.ACCOUNT_UNKNOWN, text, place="payment.allocation")
        return account
    return locate(telling, part.account, part.visit, "payment.allocation")


def collected_lines(kind: MoneyKind, allocations: Iterable[Allocation]) -> tuple[Line, ...]:
    """Both sides of what HealthPay24 took or gave back, part by part."""
    return tuple(
        line
        for part in allocations
        for line in lines_of(
            kind, Book.COLLECTED, part.account_id, PATIENT, amount_minor=part.amount_minor, currency=part.currency
        )
    )


def take(telling: Telling, said: PaymentSaid) -> None:
    """Book a payment and its parts; their sum is exact."""
    if not said.allocations or sum(part.amount_minor for part in said.allocations) != said.amount_minor:
        text = "the parts of a payment add up to its amount exactly"
        raise refuse("102", Cause.ALLOCATION_SUM, text, place="payment.allocation")
    till = telling.till
    payment_id = till.new_id("payment")
    accounts = [account_of(telling, part) for part in said.allocations]
    parts = [
        _allocation(telling, said, payment_id, account, part)
        for account, part in zip(accounts, said.allocations, strict=True)
    ]
    entry_id = till.book(
        EntryKind.PAYMENT,
        said.taken_at or telling.reading.event_at,
        telling.stamp,
        collected_lines(MoneyKind.PAYMENT, parts),
        payment_id=payment_id,
        memo_code=said.tender,
    )
    till.take(
        Payment(
            id=payment_id,
            public_id=till.new_public_id(),
            transaction_id=said.transaction_id,
            origin=said.origin,
            tender=said.tender,
            token=said.token,
            last4=said.last4,
            authorization=said.authorization,
            facility=telling.reading.facility or accounts[0].facility,
            currency=said.currency,
            amount_minor=said.amount_minor,
            taken_at=said.taken_at or telling.reading.event_at,
            state=PaymentState.TAKEN,
            entry_id=entry_id,
            message_id=telling.stamp.message_id,
        )
    )
    for part in parts:
        till.allocate(part)


def _allocation(
    telling: Telling, said: PaymentSaid, payment_id: int, account: Entity, part: PaymentAllocation
) -> Allocation:
    visit = telling.rows.resolve(Noun.ENCOUNTER, (part.visit,)) if part.visit else None
    if part.visit and visit is None:
        telling.warn(Caution.VISIT_UNKNOWN, "payment.allocation")
    return Allocation(
        id=telling.till.new_id("allocation"),
        payment_id=payment_id,
        kind=AllocationKind.PAYMENT,
        reverses=None,
        transaction_id=said.transaction_id,
        account_id=account.id,
        visit_id=visit.id if visit else None,
        amount_minor=part.amount_minor,
        currency=said.currency,
        made_at=said.taken_at or telling.reading.event_at,
        wire_id=telling.till.new_wire_id(),
        reference=said.authorization,
        posting=None if said.origin is Origin.EHR else PostingState.PENDING,
    )
