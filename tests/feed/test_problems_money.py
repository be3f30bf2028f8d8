"""Problems 12, 13, 18 and 20: late answers, refusals, balances out of order, an EHR that says yes and books nothing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from interface.app.pay import hosted
from interface.healthpay24.protocol import Done, PaymentOrder, Rejected, Share
from interface.hl7.problem import ErrorCode
from interface.message import PostingState
from interface.simulate.behaviour import Behaviour
from tests.engine.cashier import Till
from tests.engine.processes import wait_until
from tests.engine.wire import code
from tests.feed.conftest import Desk, last_state, numbers, warnings_of
from tests.feed.said import Person, adt, at, dft, person


def opened(desk: Desk, channel: str, balance: str = "80.00") -> Person:
    """A patient with an account on which so much is due."""
    who, (number,) = person(channel.upper()), numbers(1)
    assert code(desk.tell(adt(number, who, event="A04", balance=balance), channel)) == "AA"
    return who


def public_id(desk: Desk, who: Person) -> str:
    found: str = desk.account(who.account)["id"]
    return found


def shown_delivery(desk: Desk, till: Till, reference: str) -> dict[str, Any]:
    """`hp24 show delivery:NUMBER` of a payment's delivery."""
    delivery = till.delivery(reference)
    assert delivery is not None
    found: dict[str, Any] = desk.call("show", f"delivery:{delivery.id}").json
    return found


# ---------------------------------------------------------------- 12: an answer that comes after its time


def test_problem_12_a_late_answer_settles_its_own_payment_and_is_not_taken_for_the_next_ones(desk: Desk) -> None:
    till, one, other = desk.ward.tills["late"], opened(desk, "late"), opened(desk, "late")
    till.ehr.behave(Behaviour.LATE, count=1, secs=2.0)  # the engine waits one second
    first = till.pay(public_id(desk, one))
    till.await_posting(first, PostingState.AMBIGUOUS)
    desk.await_item(kind="ambiguous-delivery", cause="reply-timeout")
    second = till.pay(public_id(desk, other))
    for reference in (first, second):
        till.await_posting(reference, PostingState.POSTED)
    late, prompt = (shown_delivery(desk, till, reference) for reference in (first, second))
    assert (late["state"], [one["late"] for one in late["replies"]]) == ("delivered", [True])
    assert (prompt["state"], len(prompt["attempts"]), len(prompt["replies"])) == ("delivered", 1, 1)
    assert (till.booked(), till.booked_twice(), till.items()) == (2, 0, [])


# ---------------------------------------------------------------- 13: a refusal that would come again for ever


def test_problem_13_a_refusal_of_content_is_tried_once_and_the_others_pass(desk: Desk) -> None:
    till, one, other = desk.ward.tills["moving"], opened(desk, "moving"), opened(desk, "moving")
    till.ehr.behave(Behaviour.ERROR, count=1)
    refused, following = (till.pay(public_id(desk, who)) for who in (one, other))
    till.await_posting(refused, PostingState.REJECTED)
    till.await_posting(following, PostingState.POSTED)
    shown = shown_delivery(desk, till, refused)
    assert (shown["state"], shown["reason"]) == ("rejected", "AE")
    assert [(one["code"], one["text"]) for one in shown["attempts"]] == [("AE", "MSH: 204 Unknown key identifier")]
    (item,) = desk.worklist(subject=f"delivery:{shown['id']}")
    assert (item["kind"], item["amount_minor"], item["acts"]) == ("rejected-delivery", 2500, ["resend", "resolve"])
    assert till.booked() == 1


def test_problem_13_a_receiver_in_trouble_is_tried_again_a_bounded_number_of_times(desk: Desk) -> None:
    till, one, other = desk.ward.tills["poison"], opened(desk, "poison"), opened(desk, "poison")
    till.ehr.behave(Behaviour.ERROR, count=3, error=ErrorCode.INTERNAL_ERROR)
    poisoned = till.pay(public_id(desk, one))
    till.await_posting(poisoned, PostingState.REJECTED)
    following = till.pay(public_id(desk, other))
    till.await_posting(following, PostingState.POSTED)
    shown = shown_delivery(desk, till, poisoned)
    assert (shown["state"], len(shown["attempts"])) == ("rejected", 3)
    assert desk.worklist(subject=f"delivery:{shown['id']}", kind="rejected-delivery")
    assert till.booked() == 1


# ---------------------------------------------------------------- 18: balances that go back


def test_problem_18_an_older_balance_that_comes_later_changes_nothing_that_is_due(desk: Desk) -> None:
    (newer, older), who = numbers(2), person()
    desk.tell(adt(newer, who, event="A04", happened=at(12), balance="30.00"))
    assert code(desk.tell(adt(older, who, happened=at(9), balance="90.00"))) == "AA"
    shown = desk.show(older)
    assert (*last_state(shown), warnings_of(shown)) == ("processed", "", ["balance-outdated balance[1]"])
    account = desk.account(who.account)
    assert (account["due_minor"], account["due_as_of"][:16]) == (3000, "2025-03-04T18:00")


def test_problem_18_what_can_be_paid_is_the_balance_less_what_is_in_flight_also_when_it_is_stated_again(
    desk: Desk,
) -> None:
    till, who, (again,) = desk.ward.tills["unsaid"], opened(desk, "unsaid"), numbers(1)
    reference = till.pay(public_id(desk, who), 5000)
    till.await_posting(reference, PostingState.ACCEPTED)
    assert desk.account(who.account)["due_minor"] == 3000
    # The EHR repeats its balance without having booked the payment.
    assert code(desk.tell(adt(again, who, happened=at(13), balance="80.00"), "unsaid")) == "AA"
    assert desk.account(who.account)["due_minor"] == 3000
    wait_until(
        lambda: (desk.account(who.account)["at_healthpay24"] or {}).get("due_minor") == 3000, "HealthPay24 shows it"
    )


def test_problem_18_of_two_who_pay_the_whole_at_once_one_is_refused(desk: Desk) -> None:
    till, who = desk.ward.tills["race"], opened(desk, "race")
    order = PaymentOrder((Share(public_id(desk, who), 8000),), "USD", "visa", "tok_race", "4242", within_due=True)
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda n: hosted(desk.engine.app).pay(order, key=f"race-{n}", actor="tester"), range(4))
        )
    done = [one for one in answers if isinstance(one, Done)]
    assert [one.code for one in answers if isinstance(one, Rejected)] == ["more-than-due"] * 3
    till.await_posting(done[0].reference, PostingState.POSTED)
    account = desk.account(who.account)
    assert (account["due_minor"], account["credit_minor"], account["paid_minor"]) == (0, 0, 8000)
    refused = desk.call(
        *("pay", "--account", who.account, "--amount", "1.00", "--method", "visa:tok_late", "--within-due")
    )
    assert (refused.code, "[more-than-due]" in refused.err) == (1, True)
    assert till.booked() == 1


# ---------------------------------------------------------------- 20: yes, and nothing is booked


def test_problem_20_a_payment_that_is_acknowledged_and_not_booked_ages_in_sight_and_goes_to_a_person(
    desk: Desk,
) -> None:
    till, who, (echo,) = desk.ward.tills["unsaid"], opened(desk, "unsaid"), numbers(1)
    reference = till.pay(public_id(desk, who))
    allocation = till.await_posting(reference, PostingState.ACCEPTED)
    standing = desk.call("status").json["destinations"]["unsaid/dft"]
    assert standing["accepted"] > standing["posted"]
    assert standing["oldest_unconfirmed"] is not None
    delivery = shown_delivery(desk, till, reference)
    item = desk.await_item(subject=f"delivery:{delivery['id']}")
    assert (item["kind"], item["cause"], item["amount_minor"]) == ("unconfirmed-posting", "unconfirmed", 2500)
    (part,) = desk.call("show", reference).json["parts"]
    assert (part["posting"], part["reason"], part["posted_at"]) == ("accepted", "unconfirmed", None)
    # In the end it is booked, and its echo closes the item.
    assert code(desk.tell(dft(echo, who, "25.00", line=allocation.wire_id, kind="PY"), "unsaid")) == "AA"
    till.await_posting(reference, PostingState.POSTED)
    assert last_state(desk.show(echo, "unsaid")) == ("processed", "")
    assert desk.worklist(subject=f"delivery:{delivery['id']}") == []
