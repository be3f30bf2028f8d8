"""Payments over HTTP to servers that misbehave: none is there twice unreported, and what is unclear is one item for a person."""

from collections.abc import Iterator

import pytest

from interface.app.change import apply, plan
from interface.message import DeliveryState, MessageState, PostingState
from interface.operate.act import By
from interface.operate.posting import Verdict, resend, resolve
from interface.simulate.fhir_ehr import Conduct
from interface.simulate.receiver import Receiver
from interface.view.configuration import How
from tests.engine.http_till import HttpTill, http_tills
from tests.engine.processes import wait_until
from tests.engine.root import Spec, read_channel, write_channel
from tests.engine.wire import Wire, charge, code, control_id

BY = By("tester", "looked into the EHR's own screens")
# Facility of each test's channel, and the shape in which its payments go out.
SHAPES = {
    "WELL": "payment-reconciliation",
    "TILL": "payment-reconciliation",
    "TILO": "oracle-basic",
    "TILA": "athena-recordpayment",
    "DROP": "payment-reconciliation",
    "BANK": "payment-reconciliation",
    "LOST": "payment-reconciliation",
    "DEAF": "payment-reconciliation",
    "BUSY": "payment-reconciliation",
    "NOPE": "payment-reconciliation",
    "BACK": "payment-reconciliation",
    "MOVE": "payment-reconciliation",
    "WILD": "payment-reconciliation",
    "ORCL": "oracle-basic",
    "FORM": "athena-recordpayment",
}


@pytest.fixture(scope="module")
def tills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, HttpTill]]:
    with http_tills(tmp_path_factory.mktemp("http"), SHAPES) as tills:
        yield tills


def test_a_payment_that_is_created_is_posted(tills: dict[str, HttpTill]) -> None:
    till = tills["WELL"]
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.POSTED)
    assert till.attempts(reference) == ["http-201"]
    (booked,) = till.ehr.record.booked
    assert (booked.amount, till.items()) == ("25.00", [])


@pytest.mark.parametrize("name", ["TILL", "TILO", "TILA"])
def test_what_the_ehr_took_itself_is_not_posted_back(tills: dict[str, HttpTill], name: str) -> None:
    till = tills[name]
    account = till.open_account()
    with till.engine.app.store.snapshot() as reader:
        story = reader.account(account)
    assert story is not None
    number = story.names[0].value
    message = control_id("PY")
    own = charge(message, "30.00", line="EHR1", mrn=f"M{number}", account=number, facility=till.facility)
    with Wire(till.port) as wire:
        assert code(wire.ask(own.replace(b"|CG|HN1001^Visit|", b"|PY|CASH^Cash|"))) == "AA"
    till.engine.await_state(message, MessageState.PROCESSED, channel=till.channel)
    till.await_posting(till.pay(account), PostingState.POSTED)  # ours, taken later, has gone out
    assert [one.amount for one in till.ehr.record.booked] == ["25.00"]


def test_a_payment_whose_answer_was_lost_is_found_and_not_sent_again(tills: dict[str, HttpTill]) -> None:
    till = tills["DROP"]
    till.ehr.behave(Conduct.DROP, count=1)
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.POSTED)
    assert till.attempts(reference) == ["connection-lost", "found"]
    assert (till.asked("POST PaymentReconciliation"), till.ehr.record.twice, till.items()) == (1, (), [])


def test_a_notice_whose_answer_was_lost_is_found_and_not_sent_again(tills: dict[str, HttpTill]) -> None:
    till = tills["BANK"]
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.POSTED)
    till.ehr.behave(Conduct.DROP, count=1)
    notice = till.settle(reference)
    assert [one.code for one in notice.attempts] == ["connection-lost", "found"]
    ((payment,), (told,)) = (till.ehr.record.booked, till.ehr.record.notices)
    assert (told.payment, told.amount) == (payment.identifier, "25.00")
    assert (till.asked("POST PaymentNotice"), till.items()) == (1, [])


def test_a_payment_that_did_not_arrive_is_sent_again(tills: dict[str, HttpTill]) -> None:
    till = tills["LOST"]
    till.ehr.behave(Conduct.LOSE, count=1)
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.POSTED)
    assert till.attempts(reference) == ["connection-lost", "http-201"]
    assert (len(till.ehr.record.booked), till.items()) == (1, [])


def test_a_server_that_cannot_be_searched_leaves_one_item_and_sees_no_second_send(tills: dict[str, HttpTill]) -> None:
    till = tills["DEAF"]
    till.ehr.searches = False
    till.ehr.behave(Conduct.DROP, count=1)
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.AMBIGUOUS)
    following = till.pay(till.open_account())
    till.await_posting(following, PostingState.POSTED)
    assert till.items() == [("ambiguous-delivery", "search-impossible")]
    assert till.asked("POST PaymentReconciliation") == 2
    delivery = till.delivery(reference)
    assert delivery is not None
    resolve(till.engine.app.store, till.engine.app.clock, BY, delivery.id, Verdict.NOT_POSTED)
    till.await_posting(reference, PostingState.POSTED)  # a person's word counts more than a search


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(tills: dict[str, HttpTill]) -> None:
    till = tills["BUSY"]
    till.ehr.behave(Conduct.ANSWER, status=429, retry_after="2", count=1)
    first, second = till.pay(till.open_account()), till.pay(till.open_account(), 100)
    for reference in (first, second):
        till.await_posting(reference, PostingState.POSTED)
    assert till.attempts(first) == ["busy", "http-201"]
    assert [one.amount for one in till.ehr.record.booked] == ["25.00", "1.00"]
    delivery = till.delivery(first)
    assert delivery is not None
    assert delivery.attempts[1].at - delivery.attempts[0].ended_at >= 1_900_000


def test_a_refused_payment_goes_to_a_person_and_is_sent_again_once_mended(tills: dict[str, HttpTill]) -> None:
    till = tills["NOPE"]
    till.ehr.behave(Conduct.ANSWER, status=422, count=1)
    reference = till.pay(till.open_account())
    till.await_posting(reference, PostingState.REJECTED)
    assert till.items() == [("rejected-delivery", "http-422")]
    delivery = till.delivery(reference)
    assert delivery is not None
    assert (delivery.state, delivery.attempts[0].text) == (
        DeliveryState.REJECTED,
        "business-rule PaymentReconciliation",
    )
    resend(till.engine.app.store, till.engine.app.clock, BY, [delivery.id])
    till.await_posting(reference, PostingState.POSTED)
    assert till.items() == []


def test_a_vendors_call_that_is_not_answered_is_never_repeated(tills: dict[str, HttpTill]) -> None:
    for name, what in (("ORCL", "POST Basic"), ("FORM", "POST recordpayment")):
        till = tills[name]
        till.ehr.behave(Conduct.DROP, count=1)
        reference = till.pay(till.open_account())
        till.await_posting(reference, PostingState.AMBIGUOUS)
        following = till.pay(till.open_account(), 100)
        till.await_posting(following, PostingState.POSTED)  # a probe has shown that it lives
        assert till.items() == [("ambiguous-delivery", "connection-lost")]
        assert (till.asked(what), [one.amount for one in till.ehr.record.booked]) == (2, ["25.00", "1.00"])


def go_over(till: HttpTill, destinations: Spec) -> tuple[str, ...]:
    """Let the running engine serve the channel's destinations so; gives what was planned to differ."""
    engine = till.engine
    write_channel(engine.root, read_channel(engine.root, till.channel) | {"destinations": destinations})
    planned = plan(engine.app)
    version = apply(engine.app, BY, planned, How.APPLY, command="apply", is_confirmed=True)
    wait_until(
        lambda: any(one["version"] == version and one["part"] == "process" for one in engine.events("version-taken")),
        "the new version is taken",
    )
    return planned.destinations.reopens[f"{till.channel}/dft"]


def test_a_destination_goes_over_to_another_wire_and_back_while_the_engine_runs(tills: dict[str, HttpTill]) -> None:
    till = tills["MOVE"]
    before = read_channel(till.engine.root, till.channel)["destinations"]
    with Receiver() as receiver:
        mllp = {"host": "127.0.0.1", "port": receiver.port}
        assert go_over(till, {"dft": {"mllp": mllp, "mapping": "epic-dft"}}) == ("wire",)
        till.await_posting(till.pay(till.open_account()), PostingState.POSTED)
        assert go_over(till, before) == ("wire",)
        till.await_posting(till.pay(till.open_account(), 100), PostingState.POSTED)
        assert [one.amount for one in receiver.record.journal.posted] == [2500]
    assert [one.amount for one in till.ehr.record.booked] == ["1.00"]


def test_whatever_a_server_does_each_payment_is_there_once(tills: dict[str, HttpTill]) -> None:
    till = tills["WILD"]
    accounts = [till.open_account() for _ in range(8)]
    for conduct in (Conduct.DROP, Conduct.GARBAGE, Conduct.LOSE, Conduct.TAKE):
        till.ehr.behave(conduct, count=1)
    for status, retry_after in ((503, "1"), (503, ""), (500, ""), (429, ""), (502, "")):
        till.ehr.behave(Conduct.ANSWER, status=status, retry_after=retry_after, count=1)
    references = [till.pay(account, 100 + number) for number, account in enumerate(accounts)]
    for reference in references:
        till.await_posting(reference, PostingState.POSTED)
    amounts = sorted(one.amount for one in till.ehr.record.booked)
    assert amounts == [f"1.0{number}" for number in range(len(accounts))]
    assert till.items() == []


def test_a_kill_between_intent_and_outcome_is_settled_by_a_search(tills: dict[str, HttpTill]) -> None:
    till = tills["BACK"]
    till.ehr.behave(Conduct.SLOW, count=1, secs=0.9)
    reference = till.pay(till.open_account())
    wait_until(lambda: till.asked("POST PaymentReconciliation") == 1, "the payment is on its way")
    till.engine.kill_part("process")
    till.await_posting(reference, PostingState.POSTED)
    assert till.attempts(reference)[-1] == "found"
    assert (till.asked("POST PaymentReconciliation"), till.ehr.record.twice, till.items()) == (1, (), [])
