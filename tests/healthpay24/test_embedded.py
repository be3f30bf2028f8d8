"""The embedded HealthPay24: idempotent, refuses what must not be taken, hands money to the engine as messages."""

from collections.abc import Iterator

import pytest

from interface.errors import MessageError
from interface.healthpay24 import payload
from interface.healthpay24.embedded import EmbeddedHealthPay24
from interface.healthpay24.protocol import Done, HealthPay24, PaymentOrder, Rejected, ReturnOrder, Share
from interface.ledger.reading import Meaning
from interface.message import MessageState
from interface.store.store import SqlStore, open_store
from tests.made import MadeDatabase
from tests.pipeline.spoken import HandClock

ORDER = PaymentOrder((Share("ac_1", 1500), Share("ac_2", 500)), "USD", "visa", "tok_abc", "4242")


@pytest.fixture
def store(made_database: MadeDatabase) -> Iterator[SqlStore]:
    opened = open_store(made_database.url, HandClock(), made_database.environ)
    yield opened
    opened.close()


@pytest.fixture
def healthpay24(store: SqlStore) -> HealthPay24:
    return EmbeddedHealthPay24(store, HandClock())


def test_a_payment_is_stored_as_a_message_in_the_same_commit(store: SqlStore, healthpay24: HealthPay24) -> None:
    answer = healthpay24.pay(ORDER, key="k1", actor="desk")
    assert isinstance(answer, Done)
    with store.snapshot() as reader:
        story, body = reader.message(answer.message_id), reader.body(answer.message_id)
    assert story is not None and body is not None
    assert (story.row.channel, story.row.state) == (payload.SOURCE, MessageState.WAITING)
    reading = payload.read(body)
    assert reading.meaning is Meaning.PAYMENT
    assert reading.payment is not None
    assert (reading.payment.amount_minor, reading.payment.transaction_id) == (2000, answer.reference)


def test_the_same_key_gives_the_first_answer_and_takes_nothing_more(store: SqlStore, healthpay24: HealthPay24) -> None:
    first = healthpay24.pay(ORDER, key="k1", actor="desk")
    again = healthpay24.pay(ORDER, key="k1", actor="desk")
    assert isinstance(first, Done) and isinstance(again, Done)
    assert (again.reference, again.is_repeat) == (first.reference, True)
    with store.snapshot() as reader:
        (count,) = reader.channel_counts()
    assert count.received == 1


def test_the_same_key_for_another_request_is_rejected(healthpay24: HealthPay24) -> None:
    healthpay24.pay(ORDER, key="k1", actor="desk")
    other = healthpay24.pay(PaymentOrder((Share("ac_1", 1),), "USD", "visa", "tok_abc"), key="k1", actor="desk")
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
def test_what_must_not_be_taken_is_refused_and_leaves_nothing(
    store: SqlStore, healthpay24: HealthPay24, order: PaymentOrder, code: str
) -> None:
    answer = healthpay24.pay(order, key="k1", actor="desk")
    assert isinstance(answer, Rejected) and answer.code == code
    with store.snapshot() as reader:
        assert reader.channel_counts() == []


def test_lookup_tells_what_became_of_a_key(healthpay24: HealthPay24) -> None:
    assert isinstance(healthpay24.lookup("k1"), Rejected)
    done = healthpay24.pay(ORDER, key="k1", actor="desk")
    found = healthpay24.lookup("k1")
    assert isinstance(done, Done) and isinstance(found, Done)
    assert found.reference == done.reference


def test_a_void_and_a_refund_name_their_payment(store: SqlStore, healthpay24: HealthPay24) -> None:
    paid = healthpay24.pay(ORDER, key="k1", actor="desk")
    assert isinstance(paid, Done)
    void = healthpay24.void(ReturnOrder(paid.reference, "USD", ORDER.shares), key="k2", actor="desk")
    refund = healthpay24.refund(ReturnOrder(paid.reference, "USD", (Share("ac_1", 100),)), key="k3", actor="desk")
    for answer, meaning in ((void, Meaning.VOID), (refund, Meaning.REFUND)):
        assert isinstance(answer, Done)
        with store.snapshot() as reader:
            body = reader.body(answer.message_id)
        assert body is not None
        reading = payload.read(body)
        assert reading.meaning is meaning
        assert reading.payment is not None and reading.payment.original == paid.reference


def test_what_is_left_of_an_unknown_payment_cannot_be_given_back(healthpay24: HealthPay24) -> None:
    answer = healthpay24.refund(ReturnOrder("tx_none", "USD"), key="k1", actor="desk")
    assert isinstance(answer, Rejected) and answer.code == "payment-unknown"


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"type": "gift"}', b"MSH|^~\\&|"])
def test_what_is_no_payment_message_is_refused_without_quoting_it(raw: bytes) -> None:
    with pytest.raises(MessageError, match="payment-unreadable"):
        payload.read(raw)
