"""What HealthPay24 tells of money: each payment, void or refund counts once, however often it is told."""

from collections.abc import Iterable

from interface.ledger.entity import Entity
from interface.ledger.giving_back import give_back
from interface.ledger.noun import Noun
from interface.ledger.outcome import Cause, hold, refuse
from interface.ledger.payment import Allocation, AllocationKind
from interface.ledger.reading import Meaning, PaymentAllocation, PaymentSaid
from interface.ledger.taking import account_of, take
from interface.ledger.telling import Telling
from interface.ledger.worklist import ItemKind

_KIND = {
    Meaning.PAYMENT: AllocationKind.PAYMENT,
    Meaning.VOID: AllocationKind.VOID,
    Meaning.REFUND: AllocationKind.REFUND,
}


def take_or_give_back(telling: Telling) -> None:
    """A payment, void or refund of HealthPay24's, known by its transaction id: told twice it counts once."""
    said = telling.reading.payment
    if said is None or not said.transaction_id:
        raise refuse("101", Cause.PAYMENT_MISSING, "the message names no payment", place="payment")
    if said.amount_minor <= 0 or any(part.amount_minor <= 0 for part in said.allocations):
        raise refuse("102", Cause.AMOUNT_NOT_POSITIVE, "a payment and its parts are above zero", place="payment.amount")
    if _is_repeat(telling, said):
        return
    if telling.reading.meaning is Meaning.PAYMENT:
        take(telling, said)
    else:
        give_back(telling, said)
    telling.changed = True


def _is_repeat(telling: Telling, said: PaymentSaid) -> bool:
    named = telling.till.allocations_named(said.transaction_id)
    parts = [a for a in named if a.transaction_id == said.transaction_id]
    if not parts:
        return False
    kind = _KIND[telling.reading.meaning]
    told = (sum(a.amount_minor for a in parts), parts[0].currency, parts[0].kind)
    if told == (said.amount_minor, said.currency, kind) and _same_parts(telling, said.allocations, parts):
        return True
    raise hold(
        ItemKind.MONEY,
        Cause.TRANSACTION_REUSED,
        "the transaction id is known with another kind, amount or account",
        subject=f"payment:{telling.till.payment(parts[0].payment_id).public_id}",
        place="payment.transaction_id",
        amount_minor=said.amount_minor,
        currency=said.currency,
    )


def _same_parts(telling: Telling, said: Iterable[PaymentAllocation], parts: Iterable[Allocation]) -> bool:
    told = _by_account((account_of(telling, part), part.amount_minor) for part in said)
    return not told or told == _by_account(
        (telling.rows.row(Noun.ACCOUNT, a.account_id), a.amount_minor) for a in parts
    )


def _by_account(parts: Iterable[tuple[Entity, int]]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for account, amount_minor in parts:
        sums[account.id] = sums.get(account.id, 0) + amount_minor
    return sums
