"""A work item about a message names it, and ends with it: however it was settled, and whoever settled it."""

from collections.abc import Callable, Sequence

import pytest

from interface.operate.amend import amend
from interface.operate.hold import release, skip
from interface.pipeline.overdue import tell_overdue
from interface.view.work import WorkItemRow
from tests.operate.desk import BROKEN, BY, Desk, er7
from tests.pipeline.spoken import HOLD_SECS, SECOND, charge, charge_of, update

Stuck = Callable[[Desk], int]


def items(desk: Desk, *, only_open: bool = True) -> Sequence[WorkItemRow]:
    with desk.store.snapshot() as reader:
        return reader.work_items(only_open=only_open, beyond_id=0, limit=100)


def reused(desk: Desk) -> int:
    """A charge whose transaction id is booked with another amount: its message."""
    desk.hear(("ada", update("ada", "A1")), ("ada", charge_of("ada", "A1", 500, "T1")))
    (held,) = desk.hear(("ada", charge_of("ada", "A1", 900, "T1")))
    assert desk.state(held) == "held"
    return held


def of_another(desk: Desk) -> int:
    """An update that names another patient's account: its message."""
    (held,) = desk.hear(("ada", update("ada", "A1")), ("ben", update("ben", "A1")))[1:]
    assert desk.state(held) == "held"
    return held


@pytest.mark.parametrize("stuck", [reused, of_another])
def test_an_item_about_an_account_names_its_message(desk: Desk, stuck: Stuck) -> None:
    held = stuck(desk)
    (item,) = items(desk)
    assert item.subject.startswith("account:ac_")
    assert item.message_id == held


@pytest.mark.parametrize("act", ["skip", "release", "amend"])
@pytest.mark.parametrize("stuck", [reused, of_another])
def test_it_closes_when_a_person_settles_the_message(desk: Desk, stuck: Stuck, act: str) -> None:
    held = stuck(desk)
    match act:
        case "skip":
            skip(desk.store, BY, [held])
        case "release":
            desk.mend(held, update("ada"))
            release(desk.store, BY, [held])
        case "amend":
            corrected = er7(next(desk.numbers), "ada")
            desk.contents[corrected] = update("ada")
            amend(desk.store, desk.clock, BY, held, corrected)
    desk.run()
    assert items(desk) == []
    (item,) = items(desk, only_open=False)
    assert item.closed_at


def test_two_messages_about_one_account_have_an_item_each(desk: Desk) -> None:
    first = reused(desk)
    (second,) = desk.hear(("ada", charge_of("ada", "A1", 700, "T1")))
    assert [(one.message_id, one.amount_minor) for one in items(desk)] == [(first, 900)]
    skip(desk.store, BY, [first])
    desk.run()
    assert [(one.message_id, one.amount_minor) for one in items(desk)] == [(second, 700)]


def test_money_that_waited_too_long_has_its_item_closed_by_its_account(desk: Desk) -> None:
    (held,) = desk.hear(("ada", charge("A1", 500, "T1")))
    desk.clock.at += (HOLD_SECS + 1) * SECOND
    tell_overdue(desk.store, desk.clock)
    assert [one.message_id for one in items(desk)] == [held]
    desk.hear(("ada", update("ada", "A1")))
    assert desk.state(held) == "processed"
    assert items(desk) == []


def test_a_replay_that_settles_the_last_of_a_cause_closes_its_item(desk: Desk) -> None:
    first, second = desk.hear(("ada", BROKEN), ("ben", BROKEN))
    assert [one.count for one in items(desk)] == [2]
    for stuck, expected in ((first, 1), (second, 0)):
        desk.mend(stuck, update("ada"))
        with desk.store.turn("replay") as turn:
            turn.request_replay([stuck], "nora", force_money=False)
        desk.run()
        assert len(items(desk)) == expected
