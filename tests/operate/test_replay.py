"""Asking for a replay: original order, nothing that was refused, and force only for a reason."""

import pytest

from interface.errors import ActRefusedError
from interface.message import MessageState
from interface.operate.act import By
from interface.operate.replay import choose, progress, request
from interface.view.message import MessageFilter
from tests.operate.desk import BY, Desk, er7
from tests.pipeline.spoken import CHANNEL, update


def test_a_filter_chooses_all_pages_in_original_order(desk: Desk) -> None:
    ids = desk.hear(*((f"p{number}", update(f"p{number}")) for number in range(7)))
    chosen = choose(desk.store, MessageFilter(channel=CHANNEL, newest_first=True, limit=2))
    assert chosen.ids == tuple(ids)


def test_what_a_sender_was_told_no_to_is_left_out_and_counted(desk: Desk) -> None:
    from interface.row.message import Intake

    (done,) = desk.hear(("ada", update("ada")))
    refused = Intake(
        CHANNEL, 1, "peer", er7(99, "x"), "C99", "ADT^A08", "E|N", MessageState.REFUSED, "AE", "header-unusable"
    )
    prepared = desk.store.prepare([refused])
    with desk.store.turn("receive") as turn:
        turn.receive(prepared)
    chosen = choose(desk.store, MessageFilter())
    assert (chosen.ids, chosen.left_out) == ((done,), 1)


def test_a_replay_runs_and_changes_nothing_under_the_same_version(desk: Desk) -> None:
    ids = desk.hear(("ada", update("ada", "A1")), ("ben", update("ben", "B1")))
    replay_id = request(desk.store, BY, choose(desk.store, MessageFilter()))
    assert progress(desk.store, replay_id).done == 0
    desk.run()
    row = progress(desk.store, replay_id)
    assert (row.total, row.done, row.changed, row.failed) == (2, 2, 0, 0)
    assert desk.trail(f"messages:{ids[0]}..{ids[1]}") == ["nora: replay"]


def test_nothing_chosen_is_refused(desk: Desk) -> None:
    with pytest.raises(ActRefusedError, match="nothing-chosen"):
        request(desk.store, BY, choose(desk.store, MessageFilter()))


def test_forced_money_needs_a_reason(desk: Desk) -> None:
    desk.hear(("ada", update("ada")))
    chosen = choose(desk.store, MessageFilter())
    with pytest.raises(ActRefusedError, match="reason-missing"):
        request(desk.store, By("nora"), chosen, force_money=True)


def test_an_unknown_replay_is_told(desk: Desk) -> None:
    with pytest.raises(ActRefusedError, match="replay:77"):
        progress(desk.store, 77)
