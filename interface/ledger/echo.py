"""The EHR's echo of money that HealthPay24 took: it carries our FT1-2, or names our payment in FT1-30.

An echo that agrees confirms the posting and books nothing, for we booked the money when it was taken. Taken back in full it is
the EHR's own reversal. Whatever else it says is for a person.
"""

from dataclasses import replace

from interface.ledger.entity import Entity
from interface.ledger.journal import PATIENT, EntryKind, MoneyMark, marked_lines
from interface.ledger.needs import PAYMENT_KINDS
from interface.ledger.noun import Noun
from interface.ledger.outcome import Cause, hold
from interface.ledger.payment import Allocation, AllocationKind
from interface.ledger.reading import MoneyKind, Transaction
from interface.ledger.telling import Telling
from interface.ledger.worklist import NOTICE, ItemKind, WorkItem

_TAKES_BACK = (AllocationKind.VOID, AllocationKind.REFUND)


def of_ours(telling: Telling, said: Transaction, account: Entity) -> list[Allocation]:
    """Our allocations that a payment, reversal or refund of the EHR's speaks of, best known first; mostly none.

    A wire id is ours alone. A reference (an authorisation or check number) is not: it counts on the same account only.
    """
    if said.kind not in PAYMENT_KINDS:
        return []
    named = telling.till.allocations_named(said.id, said.reference)
    by_wire_id = [a for a in named if a.wire_id in (said.id, said.reference)]
    return by_wire_id or [a for a in named if _is_on(telling, a, account)]


def confirms(telling: Telling, said: Transaction, account: Entity, ours: list[Allocation]) -> bool:
    """Note the confirmation if surviving account, kind and amount agree with one of ours."""
    kinds = (AllocationKind.PAYMENT,) if said.kind is MoneyKind.PAYMENT else _TAKES_BACK
    agreeing = [a for a in ours if a.kind in kinds and _agrees(telling, a, said, account)]
    if not agreeing:
        return False
    waiting = [a for a in agreeing if a.confirmed_at is None]
    if waiting:
        telling.till.confirm(waiting[0], telling.reading.event_at, telling.stamp)
        telling.changed = True
    return True


def reversal(
    telling: Telling, said: Transaction, account: Entity, ours: list[Allocation], mark: MoneyMark
) -> MoneyMark:
    """Book that the EHR took back one of our payments, and tell a person, for HealthPay24 still has the money."""
    taken = [a for a in ours if a.kind is AllocationKind.PAYMENT and _agrees(telling, a, said, account)]
    subject = f"payment:{telling.till.payment(ours[0].payment_id).public_id}"
    if said.kind is MoneyKind.PAYMENT or not taken:
        text = "the EHR echoes a payment of ours with another account, kind or amount"
        raise hold(
            ItemKind.ECHO,
            Cause.ECHO_DIFFERS,
            text,
            subject=subject,
            place=said.place,
            amount_minor=said.amount_minor,
            currency=said.currency,
        )
    payment = telling.till.payment(taken[0].payment_id)
    mark = replace(mark, responsibility=PATIENT)
    entry_id = telling.till.book(
        EntryKind.REVERSAL,
        said.occurred_at or telling.reading.event_at,
        telling.stamp,
        marked_lines(mark),
        payment_id=payment.id,
        reverses=payment.entry_id,
        memo_code=said.code,
    )
    stake = (said.amount_minor, said.currency)
    telling.tell_person(WorkItem(ItemKind.REVERSED, subject, Cause.PAYMENT_REVERSED_BY_EHR, NOTICE, *stake))
    return replace(mark, entry_id=entry_id)


def _agrees(telling: Telling, allocation: Allocation, said: Transaction, account: Entity) -> bool:
    same_money = (allocation.amount_minor, allocation.currency) == (said.amount_minor, said.currency)
    return same_money and _is_on(telling, allocation, account)


def _is_on(telling: Telling, allocation: Allocation, account: Entity) -> bool:
    return telling.rows.row(Noun.ACCOUNT, allocation.account_id) is account
