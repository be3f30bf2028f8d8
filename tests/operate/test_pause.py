"""Pausing: what is paused waits, what is not goes on, and nothing is lost or overtaken."""

import pytest

from interface.errors import ActRefusedError
from interface.operate.act import By
from interface.operate.pause import pause, resume
from interface.row.delivery import DestinationState
from interface.view.count import PauseKind
from tests.operate.desk import BY, Desk, Till
from tests.pipeline.spoken import CHANNEL, DESTINATION, update


def test_a_paused_channel_keeps_what_it_receives(desk: Desk) -> None:
    desk.hear(("ada", update("ada")))
    pause(desk.store, BY, PauseKind.CHANNEL, CHANNEL)
    (kept,) = desk.hear(("ada", update("ada", family="Later")))
    assert desk.state(kept) == "waiting"
    resume(desk.store, BY, PauseKind.CHANNEL, CHANNEL)
    desk.run()
    assert desk.state(kept) == "processed"
    assert desk.trail(f"channel:{CHANNEL}") == ["nora: pause", "nora: resume"]


def test_a_channel_of_the_configuration_can_be_paused_before_its_first_message(desk: Desk) -> None:
    pause(desk.store, BY, PauseKind.CHANNEL, CHANNEL, known=[CHANNEL])
    (kept,) = desk.hear(("ada", update("ada")))
    assert desk.state(kept) == "waiting"


def test_a_paused_patient_waits_and_others_go_on(desk: Desk) -> None:
    desk.hear(("ada", update("ada", "A1")), ("ben", update("ben", "B1")))
    pause(desk.store, BY, PauseKind.PATIENT, "ada")
    waits, goes_on = desk.hear(("ada", update("ada", "A1", family="Later", at=9)), ("ben", update("ben", "B1", at=9)))
    assert (desk.state(waits), desk.state(goes_on)) == ("parked", "processed")
    resume(desk.store, BY, PauseKind.PATIENT, "ada")
    desk.run()
    assert desk.state(waits) == "processed"


def test_a_paused_patient_is_shown_by_the_public_id_that_resume_takes(desk: Desk) -> None:
    desk.hear(("ada", update("ada", "A1")))
    patient = desk.story("A1").patient
    assert patient is not None
    assert pause(desk.store, BY, PauseKind.PATIENT, "ada") == patient.public_id
    with desk.store.snapshot() as reader:
        assert [row.name for row in reader.pauses()] == [patient.public_id]
    assert resume(desk.store, BY, PauseKind.PATIENT, patient.public_id) == patient.public_id
    with desk.store.snapshot() as reader:
        assert reader.pauses() == []
    assert desk.trail(f"patient:{patient.public_id}") == ["nora: pause", "nora: resume"]


def test_the_refusal_of_an_unknown_patient_does_not_repeat_the_number(desk: Desk) -> None:
    with pytest.raises(ActRefusedError, match="not-found") as refused:
        pause(desk.store, BY, PauseKind.PATIENT, "MRN-SECRET")
    assert "MRN-SECRET" not in refused.value.sentence()


def test_nothing_goes_to_a_paused_destination_until_it_goes_on(desk: Desk) -> None:
    till = Till.open(desk)
    pause(desk.store, BY, PauseKind.DESTINATION, DESTINATION, known=[DESTINATION])
    till.pay("TX1")
    assert till.stage.next_due() is None
    resume(desk.store, BY, PauseKind.DESTINATION, DESTINATION)
    till.send("AA")
    assert till.postings() == ["posted"]


def test_a_person_may_resume_a_destination_that_was_suspended(desk: Desk) -> None:
    till = Till.open(desk)
    with desk.store.turn("deliver") as turn:
        turn.set_destination_state(DestinationState(DESTINATION, suspended_at=5, next_probe_at=9, unanswered=1))
    till.pay("TX1")
    assert till.stage.next_due() is None
    resume(desk.store, BY, PauseKind.DESTINATION, DESTINATION)
    assert till.stage.next_due() is not None


def test_pausing_twice_and_resuming_what_runs_are_refused(desk: Desk) -> None:
    pause(desk.store, BY, PauseKind.CHANNEL, CHANNEL, known=[CHANNEL])
    with pytest.raises(ActRefusedError, match="already-paused"):
        pause(desk.store, BY, PauseKind.CHANNEL, CHANNEL, known=[CHANNEL])
    resume(desk.store, BY, PauseKind.CHANNEL, CHANNEL)
    with pytest.raises(ActRefusedError, match=r"not-found|not-paused"):
        resume(desk.store, BY, PauseKind.CHANNEL, CHANNEL)


def test_an_unknown_channel_is_told_with_those_that_exist(desk: Desk) -> None:
    with pytest.raises(ActRefusedError, match="known: epic"):
        pause(desk.store, BY, PauseKind.CHANNEL, "epci", known=["epic"])


def test_a_pause_needs_a_reason(desk: Desk) -> None:
    with pytest.raises(ActRefusedError, match="reason-missing"):
        pause(desk.store, By("nora"), PauseKind.CHANNEL, CHANNEL, known=[CHANNEL])
