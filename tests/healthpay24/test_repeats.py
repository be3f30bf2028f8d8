"""A mutation that is asked twice under one key, at once or after its effect was booked, is done once and answered alike."""

import hashlib
import threading
from contextlib import ExitStack

import orjson
import pytest

from interface.healthpay24.embedded import EmbeddedHealthPay24
from interface.healthpay24.protocol import Answered, Done, PaymentOrder, ReturnOrder, Share
from interface.pipeline.process import drain
from tests.healthpay24.house import House


@pytest.mark.parametrize("kind", ["void", "refund"])
def test_giving_back_all_that_is_left_is_a_repeat_once_nothing_is_left(house: House, kind: str) -> None:
    hp24 = EmbeddedHealthPay24(house.store, house.clock)
    paid = hp24.pay(PaymentOrder((Share(house.account(), 500),), "USD", "visa", "tok_1"), key="k1", actor="desk")
    drain(house.stage(), 64)
    assert isinstance(paid, Done)
    answers: list[Answered] = []
    for _ in range(2):
        answers.append(getattr(hp24, kind)(ReturnOrder(paid.reference, "USD"), key="k2", actor="desk"))
        drain(house.stage(), 64)
    first, again = answers
    assert isinstance(first, Done) and isinstance(again, Done)
    assert (again.reference, again.is_repeat) == (first.reference, True)


def test_the_same_key_at_once_gives_the_first_answer(house: House) -> None:
    order = PaymentOrder((Share(house.account(), 500),), "USD", "visa", "tok_1")
    asked = hashlib.blake2b(orjson.dumps(["payment", order]), digest_size=16).hexdigest()
    answers: list[Answered] = []

    def ask() -> None:
        answers.append(EmbeddedHealthPay24(house.store, house.clock).pay(order, key="k1", actor="desk"))

    thread = threading.Thread(target=ask)
    with ExitStack() as first:
        turn = first.enter_context(house.store.turn("pay"))
        turn.add_record("healthpay24", "k1", orjson.dumps({"asked": asked, "reference": "tx_first", "message": 7}))
        thread.start()  # looks while the first one is not committed, and finds nothing
        thread.join(0.5)
    thread.join(30)
    assert answers == [Done("tx_first", 7, is_repeat=True)]
    assert house.asked() == 0
