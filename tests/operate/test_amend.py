"""Amending: the corrected copy runs at the original's place, and the original keeps its bytes."""

import pytest

from interface.errors import ActRefusedError
from interface.operate.act import By
from interface.operate.amend import SOURCE, amend, edited
from tests.operate.desk import BROKEN, BY, Desk
from tests.operate.test_hold import block_ada, family
from tests.pipeline.spoken import CHANNEL, update


def corrected(desk: Desk, message_id: int) -> bytes:
    return edited(desk.store, BY, message_id, {"PID-8": "F"})


def test_the_original_keeps_its_bytes_and_is_skipped(desk: Desk) -> None:
    (held,) = desk.hear(("ada", BROKEN))
    with desk.store.snapshot() as reader:
        before = reader.body(held)
    done = amend(desk.store, desk.clock, BY, held, corrected(desk, held))
    with desk.store.snapshot() as reader:
        assert reader.body(held) == before
        story = reader.message(held)
    assert story is not None and story.amended_by == (done.message_id,)
    assert (story.row.state, story.row.reason) == ("filtered", "amended")


def test_the_copy_names_its_original_its_source_and_who_made_it(desk: Desk) -> None:
    (held,) = desk.hear(("ada", BROKEN))
    done = amend(desk.store, desk.clock, BY, held, corrected(desk, held))
    with desk.store.snapshot() as reader:
        story = reader.message(done.message_id)
    assert story is not None
    assert (story.row.original_id, story.row.channel) == (held, f"{SOURCE}/{CHANNEL}")
    assert [one.actor for one in story.arrivals] == ["nora"]
    assert desk.trail(f"message:{held}") == ["nora: look", "nora: amend"]


def test_the_copy_runs_before_what_waited_behind_its_original(desk: Desk) -> None:
    blocker, first, second = block_ada(desk)
    raw = corrected(desk, blocker)
    desk.contents[raw] = update("ada", "A1", family="Amended", at=2)
    done = amend(desk.store, desk.clock, BY, blocker, raw)
    desk.run()
    ended = [desk.ended_at(one) for one in (done.message_id, first, second)]
    assert ended == sorted(ended)
    assert family(desk, "A1") == "Third"


def test_a_copy_that_fails_again_holds_the_others_back(desk: Desk) -> None:
    blocker, first, second = block_ada(desk)
    raw = corrected(desk, blocker)
    desk.contents[raw] = update("ada", "C1", family="Wrong again", at=2)
    done = amend(desk.store, desk.clock, BY, blocker, raw)
    desk.run()
    assert [desk.state(one) for one in (done.message_id, first, second)] == ["held", "parked", "parked"]


def test_the_work_item_of_the_original_closes(desk: Desk) -> None:
    (held,) = desk.hear(("ada", BROKEN))
    amend(desk.store, desk.clock, BY, held, corrected(desk, held))
    assert desk.open_items() == []


def test_bytes_that_say_the_same_are_refused(desk: Desk) -> None:
    (held,) = desk.hear(("ada", BROKEN))
    with pytest.raises(ActRefusedError, match="unchanged"):
        amend(desk.store, desk.clock, BY, held, edited(desk.store, BY, held, {}))


def test_a_message_that_is_not_stuck_cannot_be_amended(desk: Desk) -> None:
    (done,) = desk.hear(("ada", update("ada")))
    with pytest.raises(ActRefusedError, match="illegal-move"):
        amend(desk.store, desk.clock, BY, done, corrected(desk, done))


def test_a_card_number_that_is_typed_in_is_refused(desk: Desk) -> None:
    (held,) = desk.hear(("ada", BROKEN))
    with pytest.raises(ActRefusedError, match="card-number"):
        edited(desk.store, BY, held, {"PID-8": "4242424242424242"})
    with pytest.raises(ActRefusedError, match="card-number"):
        amend(desk.store, desk.clock, BY, held, corrected(desk, held) + b"NTE|1||4242424242424242\r")
    assert desk.state(held) == "held"


def test_bytes_without_a_header_are_refused(desk: Desk) -> None:
    (held,) = desk.hear(("ada", BROKEN))
    with pytest.raises(ActRefusedError, match="header-unusable"):
        amend(desk.store, desk.clock, BY, held, b"PID|1||ada\r")


def test_an_amendment_needs_a_reason(desk: Desk) -> None:
    (held,) = desk.hear(("ada", BROKEN))
    with pytest.raises(ActRefusedError, match="reason-missing"):
        amend(desk.store, desk.clock, By("nora"), held, corrected(desk, held))
