"""Hold, release, skip: one patient stands still while others go on, and order holds when it goes on."""

from collections.abc import Callable

import pytest

from interface.errors import ActRefusedError
from interface.message import MessageState
from interface.operate.act import By
from interface.operate.hold import Moved, hold, release, release_cause, skip
from interface.row.message import Intake
from interface.store.store import SqlStore
from tests.operate.desk import BROKEN, BY, UNUSABLE, Desk
from tests.pipeline.spoken import CHANNEL, update


def family(desk: Desk, account: str) -> str:
    patient = desk.story(account).patient
    assert patient is not None
    return str(patient.value("name", "family"))


def stuck(desk: Desk) -> list[int]:
    """A message of Ada's that is held, two more behind it, and one of Ben's."""
    return desk.hear(
        ("ada", update("ada", "A1", family="First", at=1)),
        ("ada", BROKEN),
        ("ada", update("ada", "A1", family="Third", at=3)),
        ("ben", update("ben", "B1", family="Other")),
    )


def block_ada(desk: Desk) -> tuple[int, int, int]:
    """A refused merge-like reading blocks Ada's lane: ids of the blocker and of two messages behind it."""
    desk.hear(("ada", update("ada", "A1", family="First", at=1)), ("cy", update("cy", "C1")))
    (blocker,) = desk.hear(
        ("ada", update("ada", "C1", family="Wrong", at=2))
    )  # Cy's account, Ada's number: a person decides
    assert desk.state(blocker) == "held"
    first, second = desk.hear(
        ("ada", update("ada", "A1", family="Second", at=3)), ("ada", update("ada", "A1", family="Third", at=4))
    )
    assert (desk.state(first), desk.state(second)) == ("parked", "parked")
    return blocker, first, second


def test_a_mended_mapping_and_a_release_bring_the_message_home(desk: Desk) -> None:
    _, held, _, _ = stuck(desk)
    desk.mend(held, update("ada", "A1", family="Second", at=2))
    release(desk.store, BY, [held])
    desk.run()
    assert desk.state(held) == "processed"
    assert desk.trail(f"message:{held}") == ["nora: release"]


def test_what_waited_behind_a_released_message_runs_after_it(desk: Desk) -> None:
    blocker, first, second = block_ada(desk)
    desk.mend(blocker, update("ada", "A1", family="Mended", at=2))
    release(desk.store, BY, [blocker])
    desk.run()
    assert [desk.state(one) for one in (blocker, first, second)] == ["processed"] * 3
    assert family(desk, "A1") == "Third"


def test_a_release_that_mends_nothing_blocks_again(desk: Desk) -> None:
    blocker, first, second = block_ada(desk)
    release(desk.store, BY, [blocker])
    desk.run()
    assert [desk.state(one) for one in (blocker, first, second)] == ["held", "parked", "parked"]


def test_a_skipped_message_is_never_applied_and_lets_the_rest_go(desk: Desk) -> None:
    blocker, first, second = block_ada(desk)
    skip(desk.store, BY, [blocker])
    desk.run()
    assert [desk.state(one) for one in (blocker, first, second)] == ["filtered", "processed", "processed"]
    assert desk.rows(blocker)[0].reason == "skipped"


def test_a_held_message_waits_while_the_one_before_it_goes_on(desk: Desk) -> None:
    blocker, first, second = block_ada(desk)
    hold(desk.store, BY, first)
    skip(desk.store, BY, [blocker])
    desk.run()
    assert [desk.state(one) for one in (first, second)] == ["held", "parked"]
    release(desk.store, BY, [first])
    desk.run()
    assert [desk.state(one) for one in (first, second)] == ["processed", "processed"]


def test_a_released_message_still_waits_behind_an_older_one(desk: Desk) -> None:
    blocker, first, second = block_ada(desk)
    hold(desk.store, BY, first)
    release(desk.store, BY, [first])
    desk.run()
    assert [desk.state(one) for one in (blocker, first, second)] == ["held", "parked", "parked"]


def test_a_message_that_may_run_at_any_moment_cannot_be_held(desk: Desk) -> None:
    (waiting,) = desk.receive(update("ada"))
    with pytest.raises(ActRefusedError, match="not-parked"):
        hold(desk.store, BY, waiting)
    assert desk.trail(f"message:{waiting}") == []


def test_all_of_one_cause_are_released_at_once_and_their_work_item_closes(desk: Desk) -> None:
    ids = desk.hear(("ada", BROKEN), ("ben", BROKEN), ("cy", UNUSABLE))
    assert len(desk.open_items()) == 2
    for number, message_id in enumerate(ids[:2]):
        desk.mend(message_id, update(f"{number}"))
    assert release_cause(desk.store, BY, "target-unknown").ids == tuple(ids[:2])
    desk.run()
    assert [desk.state(one) for one in ids] == ["processed", "processed", "failed"]
    assert desk.open_items() == ["failed-message channel:spoken"]


def test_an_item_stays_open_while_another_message_of_its_cause_is_stuck(desk: Desk) -> None:
    first, second = desk.hear(("ada", BROKEN), ("ben", BROKEN))
    skip(desk.store, BY, [first])
    assert len(desk.open_items()) == 1
    skip(desk.store, BY, [second])
    assert desk.open_items() == []


def test_releasing_a_cause_that_nothing_has_is_refused(desk: Desk) -> None:
    with pytest.raises(ActRefusedError, match="nothing-stuck"):
        release_cause(desk.store, BY, "target-unknown")


def test_a_skip_needs_a_reason(desk: Desk) -> None:
    (held,) = desk.hear(("ada", BROKEN))
    with pytest.raises(ActRefusedError, match="reason-missing"):
        skip(desk.store, By("nora"), [held])
    assert desk.state(held) == "held"


def test_a_card_number_in_a_reason_is_refused_not_kept(desk: Desk) -> None:
    (held,) = desk.hear(("ada", BROKEN))
    with pytest.raises(ActRefusedError, match="card-number"):
        skip(desk.store, By("nora", "paid with 4242 4242 4242 4242"), [held])
    assert desk.trail(f"message:{held}") == []


@pytest.mark.parametrize(
    ("act", "rule"),
    [(release, "only a held, failed or filtered message can be released"), (skip, "only a held or failed message can")],
)
def test_a_processed_message_cannot_be_released_or_skipped(
    desk: Desk, act: Callable[[SqlStore, By, list[int]], Moved], rule: str
) -> None:
    (done,) = desk.hear(("ada", update("ada")))
    with pytest.raises(ActRefusedError, match="illegal-move") as refused:
        act(desk.store, BY, [done])
    assert (refused.value.place, refused.value.advice) == (
        f"message:{done}",
        f"it is applied; `hp24 replay {done}` runs it again",
    )
    assert rule in refused.value.text
    assert desk.trail(f"message:{done}") == [], "what was refused did not happen, and is not in the trail"


@pytest.mark.parametrize("state", [MessageState.REFUSED, MessageState.INCOMPLETE])
def test_what_its_sender_keeps_is_not_released(desk: Desk, state: MessageState) -> None:
    intake = Intake(CHANNEL, desk.clock.now(), "test", b"MSH|", "C1", "ADT^A08", "T|T", state, "AR", "header-unusable")
    with desk.store.turn("receive") as turn:
        (kept,) = turn.receive(desk.store.prepare([intake]))
    with pytest.raises(ActRefusedError, match="its sender keeps it"):
        release(desk.store, BY, [kept.message_id])
    assert desk.state(kept.message_id) == state


def test_an_unknown_message_is_told_by_its_id(desk: Desk) -> None:
    with pytest.raises(ActRefusedError, match="message:999"):
        release(desk.store, BY, [999])
