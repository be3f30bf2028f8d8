"""A payment that is to stay within what is due never takes an account beyond it, however many pay at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from interface.healthpay24.protocol import Answered, Done, PaymentOrder, Rejected, Share
from interface.ledger.noun import Identifier
from interface.ledger.reading import StatedBalance
from tests.healthpay24.house import House
from tests.pipeline.spoken import SECOND, update

DUE = 8000


@pytest.fixture
def account(house: House) -> str:
    """An account on which 80.00 are due."""
    public_id = house.account()
    stated = StatedBalance(Identifier("north", "AN", "A1"), DUE, "USD", SECOND)
    house.receive(replace(update("1", "A1"), balances=(stated,)))
    house.run()
    return public_id


def pay(house: House, account: str, amount_minor: int, key: str = "k1", *, within_due: bool = True) -> Answered:
    order = PaymentOrder((Share(account, amount_minor),), "USD", "visa", "tok_1", within_due=within_due)
    return house.hp24.pay(order, key=key, actor="desk")


def codes(answers: list[Answered]) -> list[str]:
    return sorted(answer.code if isinstance(answer, Rejected) else type(answer).__name__ for answer in answers)


def test_what_is_due_can_be_paid_and_a_cent_more_cannot(house: House, account: str) -> None:
    assert codes([pay(house, account, DUE + 1, "k1"), pay(house, account, DUE, "k2")]) == ["Done", "more-than-due"]
    assert house.asked() == 1


def test_of_those_who_pay_the_whole_at_once_one_is_taken(house: House, account: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: pay(house, account, DUE, f"k{number}"), range(6)))
    assert codes(answers) == ["Done", *["more-than-due"] * 5]
    assert house.asked() == 1


def test_a_payment_that_has_not_run_yet_counts_and_counts_once_when_it_has(house: House, account: str) -> None:
    assert isinstance(pay(house, account, 5000, "k1"), Done)
    before = codes([pay(house, account, 3001, "k2")])
    house.run()
    after = codes([pay(house, account, 3001, "k3"), pay(house, account, 3000, "k4")])
    assert (before, after) == (["more-than-due"], ["Done", "more-than-due"])


def test_the_same_request_again_gets_the_first_answer_although_nothing_is_due_any_more(
    house: House, account: str
) -> None:
    first, again = pay(house, account, DUE), pay(house, account, DUE)
    assert isinstance(first, Done)
    assert again == replace(first, is_repeat=True)


def test_without_it_a_patient_may_pay_in_advance(house: House, account: str) -> None:
    assert isinstance(pay(house, account, DUE * 2, within_due=False), Done)
