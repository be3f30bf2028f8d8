"""That a suspended destination is used again is told once, with what ended its silence."""

from collections.abc import Callable

import pytest

from interface.observe.deliver import DestinationResumed
from interface.pipeline.deliver import DeliverStage, Sending
from interface.view.count import PauseKind
from tests.pipeline.spoken import DESTINATION, Feed
from tests.pipeline.test_deliver import SILENCE, Ehr, pay, prepared, send

RESUMING: dict[str, Callable[[Feed, DeliverStage, Sending], object]] = {
    "probe-answered": lambda _feed, stage, _sending: stage.probed(is_alive=True),
    "answered": lambda _feed, stage, sending: stage.late_ack(sending.control_id, "AA"),
    "operator": lambda feed, _stage, _sending: _resume(feed),
}


def _resume(feed: Feed) -> None:
    with feed.store.turn("resume") as turn:
        assert turn.resume(PauseKind.DESTINATION, DESTINATION)


@pytest.mark.parametrize("cause", RESUMING)
def test_what_ends_a_silence_is_told_once(feed: Feed, caplog: pytest.LogCaptureFixture, cause: str) -> None:
    caplog.set_level("INFO", logger="interface")
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    sending = send(stage, Ehr())
    stage.failed(sending, SILENCE)
    stage.next_due()
    RESUMING[cause](feed, stage, sending)
    stage.next_due()
    stage.next_due()
    told = [record.msg for record in caplog.records if isinstance(record.msg, DestinationResumed)]
    assert told == [DestinationResumed(destination=DESTINATION, cause=cause)]


def test_a_destination_that_was_never_suspended_is_not_told_of(feed: Feed, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="interface")
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    stage.answered(send(stage, Ehr()), "AA", "", b"")
    stage.next_due()
    assert not [record for record in caplog.records if isinstance(record.msg, DestinationResumed)]
