"""The trail of a payment and of an account: everything that happened, in the order in which it happened."""

import pytest

from interface.errors import ActRefusedError
from interface.ledger.reading import Meaning, MoneyKind, Reading, Transaction
from interface.operate.trace import Step, trace
from tests.operate.desk import BY, Desk, Till, wire_id
from tests.pipeline.spoken import DESTINATION, SECOND, charge, number


def steps(desk: Desk, name: str) -> list[Step]:
    return [mark.step for mark in trace(desk.store, BY, name).marks]


@pytest.fixture
def till(desk: Desk) -> Till:
    return Till.open(desk, accounts=2)


def test_a_payment_is_followed_from_its_taking_to_its_posting(till: Till) -> None:
    till.pay("TX1")
    till.lose()
    trail = trace(till.desk.store, BY, "TX1")
    assert trail.subject.startswith("payment:pm_")
    texts = [mark.text for mark in trail.marks]
    assert any(text.endswith(f"queued for {DESTINATION}") for text in texts)
    assert texts[-1].startswith("attempt 1: reply-timeout ambiguous")


def test_steps_stand_in_the_order_of_what_must_come_first(till: Till) -> None:
    till.pay("TX1")
    till.send("AA")
    found = steps(till.desk, "TX1")
    order = [Step.MESSAGE, Step.LEDGER, Step.PAYMENT, Step.DELIVERY, Step.ATTEMPT, Step.ANSWER, Step.POSTING]
    places = [found.index(step) for step in order]
    assert places == sorted(places)


def echo(till: Till, payload: bytes, cents: int, at: int) -> int:
    """The EHR sends a payment back, dated by its own clock; gives the message's id."""
    line = Transaction(
        MoneyKind.PAYMENT,
        cents,
        "USD",
        id=wire_id(payload),
        type_code="PY",
        occurred_on="2026-01-05",
        account=number("A0"),
    )
    (message_id,) = till.desk.receive(Reading(Meaning.TRANSACTIONS, at, facility="NORTH", transactions=(line,)))
    till.desk.run()
    return message_id


@pytest.mark.parametrize("posted_when", ["accept", "echo"])
def test_an_echo_stands_where_it_came_whatever_the_ehrs_clock_says(desk: Desk, posted_when: str) -> None:
    till = Till.open(desk, posted_when=posted_when)
    till.pay("TX1")
    payload = till.send("AA")
    message_id = echo(till, payload, 500, at=desk.clock.at // SECOND * SECOND - 60 * SECOND)
    marks = trace(desk.store, BY, "TX1").marks
    assert [mark.at for mark in marks] == sorted(mark.at for mark in marks)
    places = {mark.text.partition("; ")[0].partition(" ")[2]: place for place, mark in enumerate(marks)}
    echoed = next(mark for mark in marks if "echoed" in mark.text)
    arrived = next(mark.at for mark in marks if mark.subject == f"message:{message_id}")
    assert (echoed.at, echoed.text.endswith(f"message {message_id}")) == (arrived, True)
    assert places["accepted by the EHR"] < places["echoed by the EHR: it stands in its books"]
    assert (places["posted"] > places["echoed by the EHR: it stands in its books"]) is (posted_when == "echo")


def test_a_second_payment_of_the_account_is_not_in_the_first_ones_trail(till: Till) -> None:
    till.pay("TX1", cents=100)
    till.pay("TX2", cents=222)
    amounts = {mark.amount_minor for mark in trace(till.desk.store, BY, "TX1").marks}
    assert 222 not in amounts and -222 not in amounts


def test_an_accounts_trail_holds_its_charges_and_all_of_its_payments(till: Till) -> None:
    till.desk.receive(charge("A0", 900, "T1"))
    till.desk.run()
    till.pay("TX1", cents=100)
    till.pay("TX2", cents=222)
    till.pay("TX9", account="A1", cents=333)
    trail = trace(till.desk.store, BY, "A0")
    ledger = [mark.amount_minor for mark in trail.marks if mark.step is Step.LEDGER]
    assert sorted(ledger) == [-222, -100, 900]
    assert 333 not in {mark.amount_minor for mark in trail.marks}


def test_a_trace_is_audited_under_the_public_id(till: Till) -> None:
    subject = trace(till.desk.store, BY, "A0").subject
    assert till.desk.trail(subject) == ["nora: trace"]


def test_an_unknown_name_is_refused_without_being_repeated(till: Till) -> None:
    with pytest.raises(ActRefusedError, match="not-found") as refused:
        trace(till.desk.store, BY, "H-SECRET")
    assert "H-SECRET" not in refused.value.sentence()
