"""Answers that come late, twice, out of order, or to an earlier rendering: the strongest proof counts, and doubt is reported."""

import pytest

from interface.errors import MessageError
from interface.ledger.reading import Meaning, MoneyKind, Reading, Transaction
from interface.message import DeliveryState, PostingState
from interface.pipeline.deliver import DeliverStage, Sending
from interface.pipeline.plan import ApplicationAck
from interface.pipeline.process import drain
from interface.pipeline.recover import recover_sends
from interface.row.delivery import PostingFact
from interface.view.delivery import DeliveryFilter
from tests.pipeline.spoken import Feed, number
from tests.pipeline.test_deliver import SILENCE, Ehr, items, pay, posting, prepared, send, states


def kinds(feed: Feed) -> list[str]:
    return [f"{item.kind} {item.cause}" for item in items(feed)]


def lost(feed: Feed, **plan: object) -> tuple[DeliverStage, Sending]:
    """A payment that went out and was not answered."""
    stage = prepared(feed, 1, **{"max_unresolved": 9, **plan})
    pay(feed, {"A0": 500})
    sending = send(stage, Ehr())
    stage.failed(sending, SILENCE)
    return stage, sending


def send_anew(feed: Feed) -> None:
    """A person found nothing in the EHR: it is rendered and queued once more."""
    with feed.store.snapshot() as reader:
        (story,) = reader.deliveries(DeliveryFilter())
    with feed.store.turn("resolve") as turn:
        turn.queue_again(story.id, feed.clock.now(), "resolved", anew=True)
        turn.posting_facts([PostingFact(int(story.subject.partition(":")[2]), "pending", feed.clock.now())])
        turn.close_work_items("ambiguous-delivery", f"delivery:{story.id}", "resolved", "nora")


def test_what_turns_out_to_have_arrived_is_not_sent_again(feed: Feed) -> None:
    stage, first = lost(feed)
    send_anew(feed)
    stage.late_ack(first.control_id, "AA")
    assert stage.next_due() is None
    assert states(feed) == [DeliveryState.DELIVERED]
    assert posting(feed, "A0") == [PostingState.POSTED]


@pytest.mark.parametrize("code", ["AA", "AE"])
def test_a_payment_that_arrived_in_two_renderings_is_reported(feed: Feed, code: str) -> None:
    stage, first = lost(feed)
    send_anew(feed)
    second = send(stage, Ehr())
    stage.late_ack(first.control_id, "AA")
    stage.answered(second, code, "205" if code == "AE" else "", b"")
    assert states(feed) == [DeliveryState.DELIVERED]
    assert posting(feed, "A0") == [PostingState.POSTED]
    assert kinds(feed) == ["unwanted-posting sent-twice"]


def test_a_first_rendering_that_arrived_after_the_second_one_is_reported(feed: Feed) -> None:
    stage, first = lost(feed)
    send_anew(feed)
    stage.answered(send(stage, Ehr()), "AA", "", b"")
    stage.late_ack(first.control_id, "AA")
    assert states(feed) == [DeliveryState.DELIVERED]
    assert kinds(feed) == ["unwanted-posting sent-twice"]


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_refusal_of_an_earlier_rendering_says_nothing_of_the_later_one(feed: Feed, is_sent: bool) -> None:
    stage, first = lost(feed)
    send_anew(feed)
    if is_sent:
        stage.answered(send(stage, Ehr()), "AA", "", b"")
    stage.late_ack(first.control_id, "AE")
    assert states(feed) == [DeliveryState.DELIVERED if is_sent else DeliveryState.QUEUED]
    assert items(feed) == []


def test_what_was_withdrawn_and_had_arrived_after_all_is_reported(feed: Feed) -> None:
    stage, sending = lost(feed)
    with feed.store.turn("resolve") as turn:
        turn.withdraw(sending.delivery.id, "resolved")
        turn.close_work_items("ambiguous-delivery", f"delivery:{sending.delivery.id}", "resolved", "nora")
    stage.late_ack(sending.control_id, "AA")
    assert states(feed) == [DeliveryState.WITHDRAWN]
    assert posting(feed, "A0") == [PostingState.POSTED]
    assert kinds(feed) == ["unwanted-posting withdrawn-before"]


def test_a_refusal_of_what_was_withdrawn_is_no_news(feed: Feed) -> None:
    stage, sending = lost(feed)
    with feed.store.turn("resolve") as turn:
        turn.withdraw(sending.delivery.id, "resolved")
        turn.close_work_items("ambiguous-delivery", f"delivery:{sending.delivery.id}", "resolved", "nora")
    stage.late_ack(sending.control_id, "AE")
    assert items(feed) == []


@pytest.mark.parametrize("code", ["AA", "AE"])
def test_an_application_acknowledgement_may_overtake_the_accept_acknowledgement(feed: Feed, code: str) -> None:
    stage = prepared(feed, 1, posted_when="application")
    pay(feed, {"A0": 500})
    sending = send(stage, Ehr())
    feed.receive(ApplicationAck(code, sending.control_id))
    drain(feed.stage(), 64)
    stage.answered(sending, "CA", "", b"")
    expected = (
        (DeliveryState.DELIVERED, PostingState.POSTED)
        if code == "AA"
        else (DeliveryState.REJECTED, PostingState.REJECTED)
    )
    assert (states(feed)[0], posting(feed, "A0")[0]) == expected
    assert kinds(feed) == ([] if code == "AA" else ["rejected-delivery AE"])


def test_a_refusal_after_the_accept_acknowledgement_goes_to_a_person(feed: Feed) -> None:
    stage = prepared(feed, 1, posted_when="application")
    pay(feed, {"A0": 500})
    sending = send(stage, Ehr())
    stage.answered(sending, "CA", "", b"")
    feed.receive(ApplicationAck("AE", sending.control_id))
    drain(feed.stage(), 64)
    assert (states(feed), posting(feed, "A0")) == ([DeliveryState.REJECTED], [PostingState.REJECTED])
    assert kinds(feed) == ["rejected-delivery AE"]


def test_a_late_answer_may_overtake_the_news_of_the_silence(feed: Feed) -> None:
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    sending = send(stage, Ehr())
    stage.late_ack(sending.control_id, "AA")
    stage.failed(sending, SILENCE)
    assert (states(feed), items(feed)) == ([DeliveryState.DELIVERED], [])


def test_a_late_answer_ends_the_suspension(feed: Feed) -> None:
    stage, sending = lost(feed, max_unresolved=1)
    pay(feed, {"A0": 700}, "TY")
    stage.late_ack(sending.control_id, "AA")
    assert stage.next_due() is not None


def test_an_answer_to_a_send_that_another_engine_gave_up_settles_it(feed: Feed) -> None:
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    sending = send(stage, Ehr())
    recover_sends(feed.store, feed.destinations, feed.clock)
    stage.answered(sending, "AA", "", b"MSA|AA")
    assert (states(feed), posting(feed, "A0"), items(feed)) == ([DeliveryState.DELIVERED], [PostingState.POSTED], [])


def test_an_outcome_that_is_written_twice_counts_once(feed: Feed) -> None:
    # The first commit may have been made although nobody was told.
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    sending = send(stage, Ehr())
    for _ in range(2):
        stage.answered(sending, "AR", "207", b"")
    assert (states(feed), items(feed)) == ([DeliveryState.QUEUED], [])


def test_an_intent_that_was_never_followed_by_a_byte_is_taken_back(feed: Feed) -> None:
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    delivery = stage.next_due()
    assert delivery is not None
    stage.begin(delivery)
    stage.not_sent(delivery)
    assert states(feed) == [DeliveryState.QUEUED]
    stage.answered(send(stage, Ehr()), "AA", "", b"")
    stage.not_sent(delivery)
    assert states(feed) == [DeliveryState.DELIVERED]


def test_a_payload_that_cannot_travel_goes_to_a_person(feed: Feed) -> None:
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    stage.failed(send(stage, Ehr()), MessageError("framing-byte", "byte 7 is an MLLP framing byte"))
    assert (states(feed), posting(feed, "A0")) == ([DeliveryState.REJECTED], [PostingState.REJECTED])
    assert kinds(feed) == ["rejected-delivery framing-byte"]


def test_a_defect_in_rendering_stops_one_payment_only(feed: Feed) -> None:
    def broken(_view: object, _control_id: str, _now: int) -> bytes:
        raise KeyError("a defect")

    stage = prepared(feed, 2)
    pay(feed, {"A0": 500, "A1": 600})
    defective = DeliverStage(feed.store, feed.destinations["spoken/ehr"], broken, feed.clock, lambda: 0.5)
    delivery = defective.next_due()
    assert delivery is not None
    assert defective.begin(delivery) is None
    assert kinds(feed) == ["rejected-delivery internal-error"]
    stage.answered(send(stage, Ehr()), "AA", "", b"")
    assert states(feed) == [DeliveryState.REJECTED, DeliveryState.DELIVERED]


def test_an_echo_may_overtake_the_answer_and_the_news_of_its_absence(feed: Feed) -> None:
    stage, ehr = prepared(feed, 1), Ehr()
    pay(feed, {"A0": 500})
    sending = send(stage, ehr)
    name = ehr.wire_ids()[0]
    echo = Transaction(
        MoneyKind.PAYMENT, 500, "USD", id=name, type_code="PY", occurred_on="2026-01-05", account=number("A0")
    )
    feed.receive(Reading(Meaning.TRANSACTIONS, feed.clock.now(), facility="NORTH", transactions=(echo,)))
    drain(feed.stage(), 64)
    stage.failed(sending, SILENCE)
    assert (states(feed), posting(feed, "A0"), items(feed)) == ([DeliveryState.DELIVERED], [PostingState.POSTED], [])
