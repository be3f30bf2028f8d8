"""Answers of whatever wire, and what is not to be repeated although the destination recognises repeats."""

from interface.errors import BusyError, UnclearError
from interface.message import DeliveryState, PostingState
from interface.pipeline.recover import recover_sends
from interface.row.delivery import Answer
from tests.pipeline.spoken import SECOND, Feed
from tests.pipeline.test_deliver import SILENCE, UNREACHABLE, Ehr, items, pay, posting, prepared, send, states, stories

UNCLEAR = UnclearError("search-impossible", "the search tells nothing")


def test_a_yes_that_is_no_hl7_posts_where_accept_counts(feed: Feed) -> None:
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    stage.heard(send(stage, Ehr()), Answer("http-201", DeliveryState.DELIVERED, "", b"HTTP 201"))
    assert states(feed) == [DeliveryState.DELIVERED]
    assert posting(feed, "A0") == [PostingState.POSTED]


def test_a_yes_that_is_no_hl7_waits_for_its_echo_where_that_counts(feed: Feed) -> None:
    stage = prepared(feed, 1, posted_when="echo")
    pay(feed, {"A0": 500})
    stage.heard(send(stage, Ehr()), Answer("http-201", DeliveryState.DELIVERED))
    assert posting(feed, "A0") == [PostingState.ACCEPTED]


def test_a_no_that_is_no_hl7_goes_to_a_person_with_its_code(feed: Feed) -> None:
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    stage.heard(send(stage, Ehr()), Answer("http-422", DeliveryState.REJECTED, "value Basic.extension[3]"))
    assert [(item.kind, item.cause) for item in items(feed)] == [("rejected-delivery", "http-422")]
    assert [one.text for one in stories(feed)[0].attempts] == ["value Basic.extension[3]"]


def test_a_busy_destination_keeps_what_is_first_in_line(feed: Feed) -> None:
    stage = prepared(feed, 2)
    pay(feed, {"A0": 500, "A1": 700})
    first = send(stage, Ehr())
    stage.failed(first, BusyError("busy", "not now", wait_secs=60))
    assert send(stage, Ehr()).delivery.id == first.delivery.id


def test_what_a_search_cannot_tell_is_not_repeated_even_where_repeats_are_recognised(feed: Feed) -> None:
    stage = prepared(feed, 2, deduplicates=True)
    pay(feed, {"A0": 500, "A1": 700})
    stage.failed(send(stage, Ehr()), UNCLEAR)
    assert states(feed)[0] is DeliveryState.AMBIGUOUS
    assert [(item.kind, item.cause) for item in items(feed)] == [("ambiguous-delivery", "search-impossible")]
    assert stage.next_due() is not None, "the destination has answered: the others go on"


def test_a_first_attempt_is_nowhere(feed: Feed) -> None:
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    assert not send(stage, Ehr()).may_be_there


def test_an_attempt_that_may_have_arrived_is_asked_about_whatever_failed_since(feed: Feed) -> None:
    stage = prepared(feed, 1, deduplicates=True, max_unresolved=9)
    pay(feed, {"A0": 500})
    for failure in (SILENCE, UNREACHABLE):
        stage.failed(send(stage, Ehr()), failure)
        feed.clock.at += 600 * SECOND
        delivery = stage.next_due()
        assert delivery is not None
        assert delivery.cause == failure.code
    assert send(stage, Ehr()).may_be_there


def test_an_intent_that_outlived_its_engine_is_asked_about(feed: Feed) -> None:
    stage = prepared(feed, 1, deduplicates=True)
    pay(feed, {"A0": 500})
    send(stage, Ehr())
    recover_sends(feed.store, feed.destinations, feed.clock)
    assert send(stage, Ehr()).may_be_there


def test_a_persons_word_is_not_asked_about(feed: Feed) -> None:
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    sending = send(stage, Ehr())
    stage.failed(sending, UNCLEAR)
    with feed.store.turn("resolve") as turn:
        turn.queue_again(sending.delivery.id, feed.clock.now(), "resolved", anew=True)
    assert not send(stage, Ehr()).may_be_there
