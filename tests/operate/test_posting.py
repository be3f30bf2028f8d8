"""Resolve and resend: a person's word ends doubt, and nothing is posted twice without being forced and reported."""

import pytest

from interface.errors import ActRefusedError
from interface.message import DeliveryState
from interface.operate.act import By
from interface.operate.posting import Verdict, resend, resolve, would_resend
from tests.operate.desk import BY, Desk, Till, control_id, wire_id


@pytest.fixture
def till(desk: Desk) -> Till:
    return Till.open(desk)


def ambiguous(till: Till) -> int:
    """One payment that may have arrived; its delivery's id."""
    till.pay("TX1")
    till.lose()
    (story,) = till.deliveries()
    return story.id


def test_what_a_person_found_posted_is_posted(till: Till) -> None:
    story = resolve(till.desk.store, till.desk.clock, BY, ambiguous(till), Verdict.POSTED)
    assert story.state is DeliveryState.DELIVERED
    assert till.postings() == ["posted"]
    assert till.desk.open_items() == []
    assert till.desk.trail(f"delivery:{story.id}") == ["nora: resolve"]


def test_what_did_not_arrive_goes_out_again_under_its_number_and_a_new_control_id(till: Till) -> None:
    till.pay("TX1")
    first = till.lose()
    (story,) = till.deliveries()
    resolve(till.desk.store, till.desk.clock, BY, story.id, Verdict.NOT_POSTED)
    assert till.postings() == ["pending"]
    again = till.send("AA")
    assert wire_id(again) == wire_id(first)
    assert control_id(again) != control_id(first)
    assert till.postings() == ["posted"]


def test_a_late_answer_to_the_first_attempt_still_finds_the_delivery(till: Till) -> None:
    till.pay("TX1")
    first = till.lose()
    (story,) = till.deliveries()
    resolve(till.desk.store, till.desk.clock, BY, story.id, Verdict.NOT_POSTED)
    with till.desk.store.turn("late") as turn:
        found = turn.application_ack(control_id(first), "AA", till.desk.clock.now())
    assert found is not None and found.id == story.id


def test_a_withdrawn_delivery_is_never_sent(till: Till) -> None:
    resolve(till.desk.store, till.desk.clock, BY, ambiguous(till), Verdict.WITHDRAWN)
    assert till.stage.next_due() is None
    assert till.states() == [DeliveryState.WITHDRAWN]
    assert till.postings() == ["withdrawn"]


def test_what_waited_behind_doubt_goes_out_after_it_in_order(till: Till) -> None:
    delivery_id = ambiguous(till)
    till.pay("TX2")
    assert till.stage.next_due() is None, "the account's later payment must not overtake"
    resolve(till.desk.store, till.desk.clock, BY, delivery_id, Verdict.NOT_POSTED)
    first, second = till.send(), till.send()
    assert wire_id(first) < wire_id(second)


def test_a_delivery_without_doubt_cannot_be_resolved(till: Till) -> None:
    till.pay("TX1")
    till.send("AA")
    (story,) = till.deliveries()
    with pytest.raises(ActRefusedError, match="illegal-move"):
        resolve(till.desk.store, till.desk.clock, BY, story.id, Verdict.WITHDRAWN)
    assert till.postings() == ["posted"]


def test_money_is_not_decided_without_a_reason(till: Till) -> None:
    with pytest.raises(ActRefusedError, match="reason-missing"):
        resolve(till.desk.store, till.desk.clock, By("nora"), ambiguous(till), Verdict.POSTED)
    assert till.states() == [DeliveryState.AMBIGUOUS]


def test_a_posted_payment_is_not_sent_again(till: Till) -> None:
    till.pay("TX1")
    till.send("AA")
    (story,) = till.deliveries()
    with pytest.raises(ActRefusedError, match="would-double-post"):
        resend(till.desk.store, till.desk.clock, BY, [story.id])
    would = would_resend(till.desk.store, [story.id])
    assert [(one.amount_minor, one.posting) for one in would.doubled] == [(500, "posted")]
    assert would.sent == ()
    assert till.stage.next_due() is None


def test_a_preview_refuses_what_the_resend_itself_would_refuse(till: Till) -> None:
    till.pay("TX1")
    (story,) = till.deliveries()
    for force in (False, True):
        with pytest.raises(ActRefusedError, match="this one is queued"):
            would_resend(till.desk.store, [story.id], force=force)


def test_a_forced_preview_tells_what_a_forced_resend_would_send(till: Till) -> None:
    till.pay("TX1")
    till.send("AA")
    (story,) = till.deliveries()
    would = would_resend(till.desk.store, [story.id], force=True)
    assert (would.sent, len(would.doubled)) == ((story.id,), 1)


def test_a_forced_resend_copies_all_but_the_control_id_and_says_what_it_doubles(till: Till) -> None:
    till.pay("TX1")
    first = till.send("AA")
    (story,) = till.deliveries()
    done = resend(till.desk.store, till.desk.clock, BY, [story.id], force=True)
    assert len(done.doubled) == 1
    again = till.send("AA")
    assert control_id(again) != control_id(first)
    assert again.replace(control_id(again).encode(), control_id(first).encode()) == first
    copy = till.deliveries()[-1]
    assert (copy.original_id, copy.state) == (story.id, DeliveryState.DELIVERED)


def test_a_rejected_payment_takes_its_old_place_and_number(till: Till) -> None:
    till.pay("TX1")
    first = till.send("AE", "204")
    (story,) = till.deliveries()
    assert till.postings() == ["rejected"]
    done = resend(till.desk.store, till.desk.clock, BY, [story.id])
    assert done.queued == ((story.id, story.id),)
    assert till.desk.open_items() == []
    assert wire_id(till.send("AA")) == wire_id(first)
    assert till.postings() == ["posted"]


def test_one_that_would_double_stops_the_whole_resend(till: Till) -> None:
    till.pay("TX1")
    till.send("AE", "204")
    till.pay("TX2")
    till.send("AA")
    ids = [story.id for story in till.deliveries()]
    with pytest.raises(ActRefusedError, match="would-double-post"):
        resend(till.desk.store, till.desk.clock, BY, ids)
    assert till.states() == [DeliveryState.REJECTED, DeliveryState.DELIVERED]


def test_doubt_is_resolved_not_sent_again(till: Till) -> None:
    delivery_id = ambiguous(till)
    with pytest.raises(ActRefusedError, match="resolve it instead"):
        resend(till.desk.store, till.desk.clock, BY, [delivery_id], force=True)
