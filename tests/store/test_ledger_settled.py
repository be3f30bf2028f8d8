"""That a payment is settled stands in its row, the batch sealed with its card; all else stays as it was."""

from dataclasses import replace

from interface.ledger.change import LedgerChanges, Settled
from interface.store.store import SqlStore
from tests.store.given import START, allocation, payment
from tests.store.test_ledger import load, save, taken


def test_a_payment_settles_and_stays_what_it_is(store: SqlStore) -> None:
    taken(store)
    (known,) = load(store, transaction_ids={"tx_1"}).payments
    settled = replace(known, settled_at=START + 9, settlement_batch="B7")
    save(store, LedgerChanges(settlements=[Settled(settled, (allocation(),))]))
    assert load(store, transaction_ids={"tx_1"}).payments == [settled]


def test_a_settled_payment_comes_back_as_it_was_copied(store: SqlStore) -> None:
    taken(store)
    settled = replace(payment(1, 2), transaction_id="tx_9", settled_at=START + 9, settlement_batch="B7")
    save(store, LedgerChanges(payments=[settled], allocations=[allocation(9, payment_id=2, transaction_id="tx_9")]))
    assert load(store, transaction_ids={"tx_9"}).payments == [settled]
