"""The embedded HealthPay24: idempotent, refuses what must not be taken, hands money to the engine as messages."""

from dataclasses import replace

import pytest

from interface.errors import MessageError
from interface.healthpay24 import payload
from interface.healthpay24.protocol import Done, PaymentOrder, Rejected, ReturnOrder, Share
from interface.ledger.reading import Meaning
from interface.message import MessageState
from tests.healthpay24.house import House


@pytest.fixture
def order(house: House) -> PaymentOrder:
    """Money for two accounts."""
    shares = (Share(house.account("A1"), 1500), Share(house.account("A2", "2"), 500))
    return PaymentOrder(shares, "USD", "visa", "tok_abc", "4242")


def test_a_payment_is_stored_as_a_message_in_the_same_commit(house: House, order: PaymentOrder) -> None:
    answer = house.hp24.pay(order, key="k1", actor="desk")
    assert isinstance(answer, Done)
    with house.store.snapshot() as reader:
        story, body = reader.message(answer.message_id), reader.body(answer.message_id)
    assert story is not None and body is not None
    assert (story.row.channel, story.row.state) == (payload.SOURCE, MessageState.WAITING)
    reading = payload.read(body)
    assert reading.meaning is Meaning.PAYMENT
    assert reading.payment is not None
    assert (reading.payment.amount_minor, reading.payment.transaction_id) == (2000, answer.reference)


def test_the_same_key_gives_the_first_answer_and_takes_nothing_more(house: House, order: PaymentOrder) -> None:
    first = house.hp24.pay(order, key="k1", actor="desk")
    again = house.hp24.pay(order, key="k1", actor="desk")
    assert isinstance(first, Done) and isinstance(again, Done)
    assert (again.reference, again.is_repeat) == (first.reference, True)
    assert house.asked() == 1


def test_the_same_key_for_another_request_is_rejected(house: House, order: PaymentOrder) -> None:
    house.hp24.pay(order, key="k1", actor="desk")
    other = house.hp24.pay(replace(order, shares=order.shares[:1]), key="k1", actor="desk")
    assert isinstance(other, Rejected) and other.code == "idempotency-key-reused"


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (PaymentOrder((), "USD", "visa", "tok_abc"), "amount-not-positive"),
        (PaymentOrder((Share("ac_1", 0),), "USD", "visa", "tok_abc"), "amount-not-positive"),
        (PaymentOrder((Share("ac_1", -5),), "USD", "visa", "tok_abc"), "amount-not-positive"),
        (PaymentOrder((Share("ac_1", 5),), "USD", "gold", "tok_abc"), "tender-unknown"),
        (PaymentOrder((Share("ac_1", 5),), "USD", "visa", "4111 1111 1111 1111"), "card-number"),
    ],
)
def test_what_must_not_be_taken_is_refused_and_leaves_nothing(house: House, order: PaymentOrder, code: str) -> None:
    answer = house.hp24.pay(order, key="k1", actor="desk")
    assert isinstance(answer, Rejected) and answer.code == code
    assert house.asked() == 0


def test_lookup_tells_what_became_of_a_key(house: House, order: PaymentOrder) -> None:
    assert isinstance(house.hp24.lookup("k1"), Rejected)
    done = house.hp24.pay(order, key="k1", actor="desk")
    found = house.hp24.lookup("k1")
    assert isinstance(done, Done) and isinstance(found, Done)
    assert found.reference == done.reference


def test_a_void_and_a_refund_name_their_payment(house: House, order: PaymentOrder) -> None:
    paid = house.hp24.pay(order, key="k1", actor="desk")
    assert isinstance(paid, Done)
    void = house.hp24.void(ReturnOrder(paid.reference, "USD", order.shares), key="k2", actor="desk")
    refund = house.hp24.refund(
        ReturnOrder(paid.reference, "USD", (Share(order.shares[0].account, 100),)), key="k3", actor="desk"
    )
    for answer, meaning in ((void, Meaning.VOID), (refund, Meaning.REFUND)):
        assert isinstance(answer, Done)
        with house.store.snapshot() as reader:
            body = reader.body(answer.message_id)
        assert body is not None
        reading = payload.read(body)
        assert reading.meaning is meaning
        assert reading.payment is not None and reading.payment.original == paid.reference


def test_what_is_left_of_an_unknown_payment_cannot_be_given_back(house: House, order: PaymentOrder) -> None:
    answer = house.hp24.refund(ReturnOrder("tx_none", "USD"), key="k1", actor="desk")
    assert isinstance(answer, Rejected) and answer.code == "payment-unknown"


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"type": "gift"}', b"MSH|^~\\&|"])
def test_what_is_no_payment_message_is_refused_without_quoting_it(raw: bytes) -> None:
    with pytest.raises(MessageError, match="payment-unreadable"):
        payload.read(raw)
