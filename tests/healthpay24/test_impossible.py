"""What cannot be done is refused when HealthPay24 is asked; what races fails with its money told, and stops nobody."""

import pytest

from interface.healthpay24.protocol import Answered, Done, PaymentOrder, Rejected, ReturnOrder, Share
from interface.view.work import WorkItemRow
from tests.healthpay24.house import House
from tests.pipeline.spoken import update


def pay(house: House, *shares: Share, key: str = "p1") -> str:
    """A payment that is booked; its reference."""
    done = house.hp24.pay(PaymentOrder(shares, "USD", "visa", "tok_1"), key=key, actor="desk")
    assert isinstance(done, Done)
    house.run()
    return done.reference


def refund(house: House, reference: str, *shares: Share, key: str = "r1", currency: str = "USD") -> Answered:
    return house.hp24.refund(ReturnOrder(reference, currency, shares), key=key, actor="desk")


def void(house: House, reference: str, *shares: Share) -> Answered:
    return house.hp24.void(ReturnOrder(reference, "USD", shares), key="v1", actor="desk")


def code(answered: Answered) -> str:
    assert isinstance(answered, Rejected)
    return answered.code


def items(house: House) -> list[WorkItemRow]:
    with house.store.snapshot() as reader:
        return reader.work_items(only_open=True, beyond_id=0, limit=100)


def test_a_payment_on_no_account_is_rejected(house: House) -> None:
    order = PaymentOrder((Share("ac_none", 500),), "USD", "visa", "tok_1")
    assert code(house.hp24.pay(order, key="p1", actor="desk")) == "account-unknown"
    assert house.asked() == 0


def test_more_than_is_left_is_rejected(house: House) -> None:
    account = house.account()
    reference = pay(house, Share(account, 500))
    assert isinstance(refund(house, reference, Share(account, 300)), Done)
    house.run()
    assert code(refund(house, reference, Share(account, 201), key="r2")) == "more-than-taken"
    assert isinstance(refund(house, reference, Share(account, 200), key="r3"), Done)


def test_an_account_that_is_not_in_the_payment_is_rejected(house: House) -> None:
    account, other = house.account(), house.account("A2", "2")
    reference = pay(house, Share(account, 500))
    assert code(refund(house, reference, Share(other, 100))) == "allocation-unknown"
    assert code(refund(house, reference, Share("ac_none", 100))) == "account-unknown"
    assert house.asked() == 1


def test_more_than_one_account_got_is_rejected(house: House) -> None:
    account, other = house.account(), house.account("A2", "2")
    reference = pay(house, Share(account, 500), Share(other, 100))
    assert code(refund(house, reference, Share(other, 101))) == "more-than-taken"


def test_a_void_after_a_refund_is_rejected(house: House) -> None:
    account = house.account()
    reference = pay(house, Share(account, 500))
    refund(house, reference, Share(account, 300))
    house.run()
    assert code(void(house, reference)) == "void-not-whole"
    assert code(void(house, reference, Share(account, 500))) == "void-not-whole"


def test_a_void_of_a_part_is_rejected(house: House) -> None:
    account = house.account()
    assert code(void(house, pay(house, Share(account, 500)), Share(account, 300))) == "void-not-whole"


def test_nothing_is_left_of_a_voided_payment(house: House) -> None:
    reference = pay(house, Share(house.account(), 500))
    assert isinstance(void(house, reference), Done)
    house.run()
    assert code(refund(house, reference)) == "nothing-left"


def test_an_unknown_payment_or_another_currency_is_rejected(house: House) -> None:
    account = house.account()
    reference = pay(house, Share(account, 500))
    assert code(refund(house, "tx_none", Share(account, 100))) == "payment-unknown"
    assert code(refund(house, reference, Share(account, 100), currency="CAD")) == "payment-unknown"


def test_a_payment_that_has_not_run_yet_may_be_given_back(house: House) -> None:
    account = house.account()
    order = PaymentOrder((Share(account, 500),), "USD", "visa", "tok_1")
    paid = house.hp24.pay(order, key="p1", actor="desk")
    assert isinstance(paid, Done)
    assert isinstance(void(house, paid.reference, Share(account, 500)), Done)
    house.run()
    assert items(house) == []


def race(house: House) -> tuple[str, int]:
    """Two refunds of one payment, asked before either ran: the account, and the message that cannot be applied."""
    account = house.account()
    reference = pay(house, Share(account, 500))
    refund(house, reference, Share(account, 400), key="r1")
    second = refund(house, reference, Share(account, 300), key="r2")
    assert isinstance(second, Done)
    house.run()
    assert house.states([second.message_id]) == ["failed"]
    return account, second.message_id


def test_what_raced_opens_an_item_with_its_money(house: House) -> None:
    _account, failed = race(house)
    (item,) = items(house)
    assert (item.subject, item.message_id, item.cause) == (f"message:{failed}", failed, "more-than-taken")
    assert (item.amount_minor, item.currency) == (300, "USD")


def test_each_request_that_raced_has_an_item_of_its_own(house: House) -> None:
    account = house.account()
    reference = pay(house, Share(account, 500))
    for number, amount in enumerate((500, 300, 200)):
        refund(house, reference, Share(account, amount), key=f"r{number}")
    house.run()
    assert [item.amount_minor for item in items(house)] == [300, 200]


def test_a_failed_request_keeps_back_nothing_of_its_patient(house: House) -> None:
    race(house)
    (after,) = house.receive(update("1", "A1", family="Later", at=2))
    house.run()
    assert house.states([after]) == ["processed"]


@pytest.mark.parametrize("act", ["skip", "release"])
def test_its_acts_are_those_that_work(house: House, act: str) -> None:
    race(house)
    (item,) = items(house)
    assert act in item.acts and "amend" not in item.acts


def test_a_released_request_runs_on_the_books_of_that_moment(house: House) -> None:
    account, failed = race(house)
    with house.store.turn("release") as turn:
        turn.release([failed])
    house.run()
    assert house.states([failed]) == ["failed"]
    with house.store.snapshot() as reader:
        story = reader.account(account)
    assert story is not None
    assert sum(one.amount_minor for one in story.allocations if one.reverses) == 400
