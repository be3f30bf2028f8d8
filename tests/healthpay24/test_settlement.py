"""HealthPay24 tells that money has reached the bank: once, of payments that are booked, by a message like any other."""

import pytest

from interface.healthpay24.protocol import Answered, Done, Settlement, Share
from tests.healthpay24.house import House
from tests.healthpay24.test_impossible import code, items, pay, refund, void
from tests.pipeline.spoken import SECOND


def settle(house: House, settlement: Settlement, key: str = "s1") -> Answered:
    answered = house.hp24.settle(settlement, key=key, actor="desk")
    house.run()
    return answered


def paid(house: House) -> str:
    """A payment of 5.00; its reference."""
    return pay(house, Share(house.account(), 500))


def test_a_payment_settles_by_a_message_that_is_found_by_its_account(house: House) -> None:
    reference = paid(house)
    settled_at = house.clock.now()
    done = settle(house, Settlement(reference, settled_at, "B-2025-17"))
    assert isinstance(done, Done)
    assert house.states([done.message_id]) == ["processed"]
    with house.store.snapshot() as reader:
        story, message = reader.payment(reference), reader.message(done.message_id)
    assert story is not None and message is not None
    assert (story.payment.settled_at, story.payment.settlement_batch) == (settled_at, "B-2025-17")
    assert (message.row.type, message.row.account, message.row.patient) == ("HP24^settlement", "A1", "1")


def test_the_same_key_tells_it_once(house: House) -> None:
    told = Settlement(paid(house))
    first, again = settle(house, told), settle(house, told)
    assert isinstance(first, Done) and isinstance(again, Done)
    assert (again.message_id, again.is_repeat) == (first.message_id, True)


def test_another_key_may_repeat_it_and_not_change_it(house: House) -> None:
    told = Settlement(paid(house), house.clock.now(), "B1")
    settle(house, told)
    assert isinstance(settle(house, told, "s2"), Done)
    assert code(settle(house, Settlement(told.original, told.settled_at, "B2"), "s3")) == "settled-otherwise"
    assert items(house) == []


def test_the_same_key_for_another_settlement_is_rejected(house: House) -> None:
    reference = paid(house)
    settle(house, Settlement(reference))
    assert code(settle(house, Settlement(reference, batch="B2"))) == "idempotency-key-reused"


def test_a_settled_payment_is_refunded_and_not_voided(house: House) -> None:
    reference = paid(house)
    settle(house, Settlement(reference))
    assert code(void(house, reference)) == "payment-settled"
    assert isinstance(refund(house, reference), Done)


def test_a_voided_payment_does_not_settle(house: House) -> None:
    reference = paid(house)
    void(house, reference)
    house.run()
    assert code(settle(house, Settlement(reference))) == "payment-voided"


def test_what_is_not_booked_does_not_settle(house: House) -> None:
    assert code(settle(house, Settlement("tx_none"))) == "payment-unknown"


@pytest.mark.parametrize("secs", [-3600, 1])
def test_a_settlement_before_its_payment_or_in_the_future_is_rejected(house: House, secs: int) -> None:
    reference = paid(house)
    assert code(settle(house, Settlement(reference, house.clock.now() + secs * SECOND))) == "settlement-time"


@pytest.mark.parametrize(
    ("batch", "cause"),
    [("x" * 41, "batch-id-unfit"), ("B\n1", "batch-id-unfit"), ("4111 1111 1111 1111", "card-number")],
)
def test_what_is_no_batch_id_is_rejected_and_leaves_nothing(house: House, batch: str, cause: str) -> None:
    reference = paid(house)
    assert code(settle(house, Settlement(reference, batch=batch))) == cause
    assert house.asked() == 1
