"""That a payment's money has reached the bank: a fact of the payment, kept once; voids come before it."""

from dataclasses import replace

import pytest

from interface.ledger.compare import Image, compare
from interface.ledger.lane import lanes
from interface.ledger.outcome import Applied, Cause, Outcome, Refusal
from interface.ledger.payment import AllocationKind, Payment
from interface.ledger.reading import Meaning, Reading, SettlementSaid
from interface.message import PaymentState
from tests.ledger.memory import MemoryStore, Told
from tests.ledger.saying import SECOND, adt, paid


def settled(at: int, transaction_id: str = "T1", batch: str = "B7") -> Reading:
    """The bank's word on a payment."""
    said = SettlementSaid(transaction_id, at * SECOND, batch)
    return Reading(Meaning.SETTLEMENT, at * SECOND, settlement=said)


def taken() -> MemoryStore:
    """25.00 on one account."""
    store = MemoryStore()
    store.tell(adt(Meaning.ADMIT, 1, 1, 1))
    store.tell(paid(2, "T1", 2500, (1, 2500)))
    return store


def payment(store: MemoryStore) -> Payment:
    (one,) = store.payments.values()
    return one


def cause(outcome: Outcome) -> Cause:
    assert isinstance(outcome, Refusal)
    return outcome.code


def given_back(at: int, meaning: Meaning, amount_minor: int = 2500) -> Reading:
    return paid(at, f"R{at}", amount_minor, (1, amount_minor), meaning=meaning, original="T1")


def test_a_settled_payment_says_when_and_in_which_batch() -> None:
    store = taken()
    assert store.tell(settled(9)) == Applied(True)
    assert (payment(store).settled_at, payment(store).settlement_batch) == (9 * SECOND, "B7")


def test_no_money_moves_by_a_settlement() -> None:
    store = taken()
    before = list(store.entries)
    store.tell(settled(9))
    assert (store.entries, payment(store).state) == (before, PaymentState.TAKEN)


def test_a_settlement_is_told_with_the_parts_that_were_taken() -> None:
    store = taken()
    store.tell(given_back(3, Meaning.REFUND, 500))
    store.tell(settled(9))
    (told,) = store.saved[-1].settlements
    assert told.payment == payment(store)
    assert [(one.kind, one.amount_minor) for one in told.parts] == [(AllocationKind.PAYMENT, 2500)]


def test_a_settlement_told_again_changes_nothing() -> None:
    store = taken()
    store.tell(settled(9))
    assert store.tell(settled(9)) == Applied(False)
    assert store.saved[-1].settlements == []


@pytest.mark.parametrize("other", [settled(10), settled(9, batch="B8")])
def test_a_settlement_with_another_time_or_batch_is_refused(other: Reading) -> None:
    store = taken()
    store.tell(settled(9))
    assert cause(store.tell(other)) is Cause.SETTLED_OTHERWISE
    assert payment(store).settled_at == 9 * SECOND


def test_a_settled_payment_is_not_voided() -> None:
    store = taken()
    store.tell(settled(9))
    assert cause(store.tell(given_back(10, Meaning.VOID))) is Cause.PAYMENT_SETTLED
    assert payment(store).state is PaymentState.TAKEN


def test_a_settled_payment_is_refunded() -> None:
    store = taken()
    store.tell(settled(9))
    assert store.tell(given_back(10, Meaning.REFUND)) == Applied(True)
    assert (payment(store).state, payment(store).settled_at) == (PaymentState.REFUNDED, 9 * SECOND)


def test_a_voided_payment_does_not_settle() -> None:
    store = taken()
    store.tell(given_back(3, Meaning.VOID))
    assert cause(store.tell(settled(9))) is Cause.PAYMENT_VOIDED


def test_nothing_settles_before_it_was_taken() -> None:
    assert cause(taken().tell(settled(1))) is Cause.SETTLEMENT_TIME


@pytest.mark.parametrize("unknown", ["T2", ""])
def test_what_was_not_taken_does_not_settle(unknown: str) -> None:
    assert cause(taken().tell(settled(9, unknown))) is Cause.PAYMENT_UNKNOWN


def test_a_payment_settles_in_the_batch_of_messages_that_takes_it() -> None:
    store = MemoryStore()
    store.tell(adt(Meaning.ADMIT, 1, 1, 1))
    outcomes = store.run([Told(901, paid(2, "T1", 2500, (1, 2500))), Told(902, settled(9))])
    assert outcomes == [Applied(True), Applied(True)]
    assert payment(store).settled_at == 9 * SECOND


def test_a_settlement_keeps_its_place_in_the_patients_lane() -> None:
    store = taken()
    told, back = settled(9), given_back(9, Meaning.REFUND)
    workset = store.workset([told, back])
    assert lanes(told, workset.rows, workset.till) == lanes(back, workset.rows, workset.till) != ()


@pytest.mark.parametrize(("settled_at", "batch"), [(10 * SECOND, "B7"), (9 * SECOND, "B8"), (None, "B7")])
def test_two_ledgers_that_differ_in_a_settlement_are_told_apart(settled_at: int | None, batch: str) -> None:
    store = taken()
    store.tell(settled(9))
    known = payment(store)
    other = replace(known, settled_at=settled_at, settlement_batch=batch)
    left, right = (Image([], [], payments=[one]) for one in (known, other))
    assert [one.public_id for one in compare(left, right)] == [known.public_id]
    assert compare(left, left) == []
