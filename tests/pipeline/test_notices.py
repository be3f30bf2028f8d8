"""Who wants to know is told of payments that settled: behind the payment, once, and of nothing that the EHR does not have."""

from dataclasses import replace

import pytest

from interface.ledger.reading import Meaning, Reading, SettlementSaid
from interface.message import DeliveryState
from interface.operate.act import By
from interface.operate.posting import Verdict, resend, resolve
from interface.operate.trace import trace
from interface.pipeline.deliver import DeliverStage
from interface.pipeline.process import drain
from interface.view.delivery import DeliveryStory
from tests.pipeline.spoken import DESTINATION, Feed, destination
from tests.pipeline.test_deliver import SILENCE, Ehr, items, pay, posting, prepared, render, send, stories

BY = By("tester", "looked into the EHR")


def wanting(feed: Feed) -> DeliverStage:
    """One account, whose destination wants to know."""
    prepared(feed, 1)
    feed.destinations = {DESTINATION: replace(destination(), receives_notices=True)}
    return DeliverStage(feed.store, feed.destinations[DESTINATION], render, feed.clock, lambda: 0.5)


def settle(feed: Feed, name: str = "TX0") -> None:
    at = feed.clock.now()
    feed.receive(Reading(Meaning.SETTLEMENT, at, settlement=SettlementSaid(name, at, "B1")))
    drain(feed.stage(), 64)


def notices(feed: Feed) -> list[DeliveryStory]:
    return [one for one in stories(feed) if one.kind == "notice"]


def posted(feed: Feed, stage: DeliverStage, ehr: Ehr, code: str = "AA") -> None:
    """A payment of 5.00 that was sent and answered."""
    pay(feed, {"A0": 500})
    stage.answered(send(stage, ehr), code, "", b"")


def test_a_settled_payment_is_told_once(feed: Feed) -> None:
    stage, ehr = wanting(feed), Ehr()
    posted(feed, stage, ehr)
    settle(feed)
    settle(feed)  # at another time: refused
    stage.answered(send(stage, ehr), "AA", "", b"")
    assert [payload.split(b"|")[2:4] for payload in ehr.got] == [[b"payment", b"500"], [b"notice", b"500"]]
    assert (stage.next_due(), len(notices(feed))) == (None, 1)


def test_nobody_is_told_who_does_not_want_to_know(feed: Feed) -> None:
    stage = prepared(feed, 1)
    posted(feed, stage, Ehr())
    settle(feed)
    assert notices(feed) == []


def test_a_notice_waits_for_its_payment(feed: Feed) -> None:
    stage, ehr = wanting(feed), Ehr()
    pay(feed, {"A0": 500})
    settle(feed)
    sending = send(stage, ehr)
    assert stage.next_due() is None
    stage.answered(sending, "AA", "", b"")
    assert send(stage, ehr).delivery.kind == "notice"


def test_a_notice_of_a_payment_that_was_refused_is_withdrawn(feed: Feed) -> None:
    stage, ehr = wanting(feed), Ehr()
    posted(feed, stage, ehr, "AE")
    settle(feed)
    delivery = stage.next_due()
    assert delivery is not None and stage.begin(delivery) is None
    (notice,) = notices(feed)
    assert (notice.state, notice.cause, len(items(feed))) == (DeliveryState.WITHDRAWN, "payment-not-posted", 1)


def test_a_payment_without_an_answer_keeps_its_notice_back(feed: Feed) -> None:
    stage, ehr = wanting(feed), Ehr()
    pay(feed, {"A0": 500})
    settle(feed)
    sending = send(stage, ehr)
    stage.failed(sending, SILENCE)
    stage.probed(is_alive=True)
    assert stage.next_due() is None
    resolve(feed.store, feed.clock, BY, sending.delivery.id, Verdict.POSTED)
    assert send(stage, ehr).delivery.kind == "notice"


@pytest.mark.parametrize("code", ["AE", ""])
def test_what_becomes_of_a_notice_says_nothing_of_the_posting(feed: Feed, code: str) -> None:
    stage, ehr = wanting(feed), Ehr()
    posted(feed, stage, ehr)
    before = posting(feed, "A0")
    settle(feed)
    sending = send(stage, ehr)
    if code:
        stage.answered(sending, code, "", b"")
    else:
        stage.failed(sending, SILENCE)
    assert posting(feed, "A0") == before
    (item,) = items(feed)
    assert item.subject == f"delivery:{sending.delivery.id}"


def test_a_notice_that_was_refused_is_sent_again_by_a_person(feed: Feed) -> None:
    stage, ehr = wanting(feed), Ehr()
    posted(feed, stage, ehr)
    settle(feed)
    sending = send(stage, ehr)
    stage.answered(sending, "AE", "", b"")
    resend(feed.store, feed.clock, BY, [sending.delivery.id])
    stage.answered(send(stage, ehr), "AA", "", b"")
    assert (notices(feed)[0].state, items(feed)) == (DeliveryState.DELIVERED, [])


def test_each_part_of_a_payment_is_told_of(feed: Feed) -> None:
    stage = wanting(feed)
    pay(feed, {"A0": 500})
    settle(feed)
    with feed.store.snapshot() as reader:
        story = reader.payment("TX0")
    assert story is not None and stage.next_due() is not None
    assert [one.subject for one in notices(feed)] == [f"notice:{part.id}" for part in story.allocations]


def test_the_trail_of_a_payment_tells_of_its_notice(feed: Feed) -> None:
    stage, ehr = wanting(feed), Ehr()
    posted(feed, stage, ehr)
    settle(feed)
    stage.answered(send(stage, ehr), "AA", "", b"")
    trail = trace(feed.store, BY, "TX0")
    wire_id = ehr.wire_ids()[1]
    assert f"notice {wire_id} queued for {DESTINATION}" in [mark.text for mark in trail.marks]
