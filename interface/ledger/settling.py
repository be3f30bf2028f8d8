"""HealthPay24's word that a payment's money has reached the merchant's bank: a fact of the payment, kept once. No money moves.

From then on a payment is refunded, and not voided. What was given back before is settled by itself, and says nothing against it.
"""

from dataclasses import replace

from interface.ledger.outcome import Cause, refuse
from interface.ledger.telling import Telling
from interface.message import PaymentState


def settle(telling: Telling) -> None:
    """Keep when a payment settled, and in which batch; told again it changes nothing."""
    said = telling.reading.settlement
    payment = telling.till.payment_of_transaction(said.original) if said is not None else None
    if said is None or payment is None:
        raise refuse("204", Cause.PAYMENT_UNKNOWN, "the payment that settled is not known", place="settlement.original")
    if payment.settled_at is not None:
        if (payment.settled_at, payment.settlement_batch) == (said.settled_at, said.batch):
            return
        text = "the payment is settled already, at another time or in another batch"
        raise refuse("205", Cause.SETTLED_OTHERWISE, text, place="settlement.settled_at")
    if payment.state is PaymentState.VOIDED:
        text = "the payment was voided: its money never reaches the bank"
        raise refuse("102", Cause.PAYMENT_VOIDED, text, place="settlement.original")
    if said.settled_at < payment.taken_at:
        text = "a payment settles after it was taken"
        raise refuse("102", Cause.SETTLEMENT_TIME, text, place="settlement.settled_at")
    telling.till.settle(replace(payment, settled_at=said.settled_at, settlement_batch=said.batch))
    telling.changed = True
