"""Voids and refunds of HealthPay24's: parts of their own kind that take back named parts of a payment, never more than taken."""

from interface.ledger.entity import Entity
from interface.ledger.journal import EntryKind
from interface.ledger.noun import Noun
from interface.ledger.outcome import Cause, refuse
from interface.ledger.payment import Allocation, AllocationKind, Origin, Payment, remaining_minor, state_of
from interface.ledger.reading import Meaning, MoneyKind, PaymentAllocation, PaymentSaid
from interface.ledger.taking import account_of, collected_lines
from interface.ledger.telling import Telling
from interface.message import PostingState

Shares = list[tuple[Allocation, int]]  # an original part, and how much of it is taken back


def give_back(telling: Telling, said: PaymentSaid) -> None:
    """Book a void (a whole payment, before settlement) or a refund (any part of it, after)."""
    till, stamp = telling.till, telling.stamp
    at = said.taken_at or telling.reading.event_at
    is_void = telling.reading.meaning is Meaning.VOID
    payment = _original(telling, said)
    known = till.allocations_of(payment.id)
    if is_void and payment.settled_at is not None:
        text = "the payment's money has reached the bank: it is refunded, and not voided any more"
        raise refuse("102", Cause.PAYMENT_SETTLED, text, place="payment.original")
    if is_void and (said.amount_minor != payment.amount_minor or any(a.reverses is not None for a in known)):
        text = "a void takes back a whole payment, of which nothing was given back before"
        raise refuse("102", Cause.VOID_NOT_WHOLE, text, place="payment.amount")
    kind = AllocationKind.VOID if is_void else AllocationKind.REFUND
    parts = [_part(telling, said, payment, kind, share) for share in _shares(telling, said, known)]
    till.book(
        EntryKind.VOID if is_void else EntryKind.REFUND,
        at,
        stamp,
        collected_lines(MoneyKind.REVERSAL if is_void else MoneyKind.REFUND, parts),
        payment_id=payment.id,
        reverses=payment.entry_id,
        memo_code=said.tender or payment.tender,
    )
    for part in parts:
        till.allocate(part)
    till.move_payment(payment.id, state_of(till.allocations_of(payment.id)))


def _original(telling: Telling, said: PaymentSaid) -> Payment:
    payment = telling.till.payment_of_transaction(said.original)
    if payment is not None and payment.currency == said.currency:
        return payment
    text = "the payment to take back is not known in this currency"
    raise refuse("204", Cause.PAYMENT_UNKNOWN, text, place="payment.original")


def _part(
    telling: Telling, said: PaymentSaid, payment: Payment, kind: AllocationKind, share: tuple[Allocation, int]
) -> Allocation:
    original, amount_minor = share
    return Allocation(
        id=telling.till.new_id("allocation"),
        payment_id=payment.id,
        kind=kind,
        reverses=original.id,
        transaction_id=said.transaction_id,
        account_id=telling.rows.row(Noun.ACCOUNT, original.account_id).id,
        visit_id=original.visit_id,
        amount_minor=amount_minor,
        currency=original.currency,
        made_at=said.taken_at or telling.reading.event_at,
        wire_id=telling.till.new_wire_id(),
        reference=said.authorization or original.reference,
        posting=None if payment.origin is Origin.EHR else PostingState.PENDING,
    )


def _shares(telling: Telling, said: PaymentSaid, known: list[Allocation]) -> Shares:
    """How much of which part is taken back: as told by account, else all that is left, or some of the only part."""
    left = {a.id: remaining_minor(a, known) for a in known if a.kind is AllocationKind.PAYMENT}
    if said.amount_minor > sum(left.values()):
        raise _too_much()
    if said.allocations:
        return _told_shares(telling, said, [a for a in known if a.id in left], left)
    originals = [a for a in known if left.get(a.id)]
    if len(originals) == 1:
        return [(originals[0], said.amount_minor)]
    if said.amount_minor == sum(left.values()):
        return [(original, left[original.id]) for original in originals]
    text = "a refund of some of a payment over several accounts says from which of them"
    raise refuse("102", Cause.REFUND_NOT_ALLOCATED, text, place="payment.allocation")


def _told_shares(telling: Telling, said: PaymentSaid, originals: list[Allocation], left: dict[int, int]) -> Shares:
    if sum(part.amount_minor for part in said.allocations) != said.amount_minor:
        text = "the parts of what is taken back add up to its amount exactly"
        raise refuse("102", Cause.ALLOCATION_SUM, text, place="payment.allocation")
    shares: Shares = []
    for part in said.allocations:
        wanted = part.amount_minor
        here = _on_account(telling, account_of(telling, part), part, originals)
        if not here:
            text = "the payment to take back has no part on this account"
            raise refuse("204", Cause.ALLOCATION_UNKNOWN, text, place="payment.allocation")
        for original in here:
            amount_minor = min(wanted, left[original.id])
            if amount_minor:
                shares.append((original, amount_minor))
                left[original.id] -= amount_minor
                wanted -= amount_minor
        if wanted:
            raise _too_much()
    return shares


def _on_account(
    telling: Telling, account: Entity, part: PaymentAllocation, originals: list[Allocation]
) -> list[Allocation]:
    rows = telling.rows
    here = [a for a in originals if rows.row(Noun.ACCOUNT, a.account_id) is account]
    visit = rows.resolve(Noun.ENCOUNTER, (part.visit,)) if part.visit else None
    return [a for a in here if a.visit_id == visit.id] if visit is not None else here


def _too_much() -> Exception:
    return refuse("102", Cause.MORE_THAN_TAKEN, "more would be given back than was taken", place="payment.amount")
