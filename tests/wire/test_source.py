"""One connection of a source: frames handed over at once, answered in order, and never answered without custody."""

import socket

from twisted.internet.defer import Deferred, fail, succeed

from interface.connector.mllp.arrival import Arrival, ArrivalKind
from interface.errors import StoreUnavailableError
from interface.hl7.framing import wrap
from interface.observe.engine import FaultFound
from interface.observe.receive import (
    AnswerWithheld,
    ConnectionClosed,
    ConnectionOpened,
    FrameCut,
    FrameOversize,
    ListenerStarted,
    NoiseSkipped,
)
from tests.wire.memory import NOW, SourceRig

UNSTORED = StoreUnavailableError("database-unavailable", "the database does not answer")


def test_a_frame_arrives_with_its_origin_and_time() -> None:
    rig = SourceRig()
    rig.connect().deliver(wrap(b"MSH|a"))
    assert rig.clerk.arrivals == [
        Arrival(ArrivalKind.FRAME, b"MSH|a", 5, channel="adt", connection=1, peer="?:?", arrived_at=NOW)
    ]


def test_an_answer_goes_back_framed() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(wrap(b"one"))
    rig.clerk.answer(0, b"MSA|AA")
    assert wire.value() == wrap(b"MSA|AA")


def test_frames_of_one_read_are_all_handed_over_before_any_answer() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(wrap(b"one") + wrap(b"two") + wrap(b"three"))
    assert rig.clerk.contents == [b"one", b"two", b"three"]
    assert wire.value() == b""


def test_answers_keep_the_order_of_the_frames() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(wrap(b"one") + wrap(b"two") + wrap(b"three"))
    rig.clerk.answer(2, b"3")
    rig.clerk.answer(1, b"2")
    assert wire.frames() == []
    rig.clerk.answer(0, b"1")
    assert wire.frames() == [b"1", b"2", b"3"]


def test_answers_that_are_ready_together_leave_in_one_write() -> None:
    rig = SourceRig(receive=lambda arrival: succeed(arrival.content.upper()))
    wire = rig.connect()
    wire.deliver(wrap(b"one") + wrap(b"two") + wrap(b"three"))
    assert wire.writes == [wrap(b"ONE") + wrap(b"TWO") + wrap(b"THREE")]


def test_a_coroutine_may_receive() -> None:
    async def receive(arrival: Arrival) -> bytes:
        return arrival.content

    wire = SourceRig(receive=receive).connect()
    wire.deliver(wrap(b"one"))
    assert wire.frames() == [b"one"]


def test_a_frame_that_gets_no_answer_holds_nothing_up() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(wrap(b"one") + wrap(b"two"))
    rig.clerk.answer(1, b"2")
    rig.clerk.answer(0, None)
    assert wire.frames() == [b"2"]


def test_what_cannot_be_stored_is_not_answered_and_ends_the_connection() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(wrap(b"one") + wrap(b"two") + wrap(b"three"))
    rig.clerk.answer(0, b"1")
    rig.clerk.fail(1, UNSTORED)
    rig.clerk.answer(2, b"3")
    assert wire.frames() == [b"1"], "an answer to the third would say that the second had been taken"
    assert wire.disconnecting
    assert rig.seen(AnswerWithheld) == [AnswerWithheld("adt", 1, "database-unavailable")]


def test_earlier_answers_still_leave_before_a_connection_ends_unstored() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(wrap(b"one") + wrap(b"two"))
    rig.clerk.fail(1, UNSTORED)
    assert not wire.disconnecting
    rig.clerk.answer(0, b"1")
    assert wire.frames() == [b"1"]
    assert wire.disconnecting


def test_a_defect_in_receiving_is_recorded_without_its_words() -> None:
    rig = SourceRig(receive=lambda arrival: fail(ValueError("TESTER^INVENTED")))
    wire = rig.connect()
    wire.deliver(wrap(b"one"))
    (defect,) = rig.seen(FaultFound)
    assert (defect.kind, defect.place) == ("ValueError", "source adt")
    assert "TESTER" not in repr(rig.events)
    assert wire.value() == b""
    assert wire.disconnecting


def test_a_receive_that_raises_at_once_is_a_defect_too() -> None:
    def receive(arrival: Arrival) -> Deferred[bytes | None]:
        raise KeyError(arrival.content)

    rig = SourceRig(receive=receive)
    rig.connect().deliver(wrap(b"one"))
    (defect,) = rig.seen(FaultFound)
    assert defect.kind == "KeyError"
    assert "receive" in defect.trail


def test_an_answer_that_cannot_be_framed_is_withheld() -> None:
    rig = SourceRig(receive=lambda arrival: succeed(b"\x0b"))
    wire = rig.connect()
    wire.deliver(wrap(b"one"))
    assert wire.value() == b""
    assert rig.seen(AnswerWithheld) == [AnswerWithheld("adt", 1, "framing-byte")]


def test_a_half_frame_at_disconnect_is_handed_over_as_cut() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(b"\x0bMSH|hal")
    wire.drop()
    assert (rig.clerk.kinds, rig.clerk.contents) == ([ArrivalKind.CUT], [b"MSH|hal"])
    assert rig.seen(FrameCut) == [FrameCut("adt", 1, 7)]


def test_a_cut_frame_is_never_answered() -> None:
    rig = SourceRig(receive=lambda arrival: succeed(arrival.content))
    wire = rig.connect()
    wire.deliver(b"\x0bcut" + wrap(b"whole"))
    assert wire.frames() == [b"whole"]


def test_a_cut_frame_without_content_is_only_counted() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(b"\x0b")
    wire.drop()
    assert rig.clerk.arrivals == []
    assert rig.seen(FrameCut) == [FrameCut("adt", 1, 0)]


def test_an_oversize_frame_is_drained_and_its_beginning_handed_over_for_a_refusal() -> None:
    rig = SourceRig(
        receive=lambda arrival: succeed(b"AR" if arrival.size_bytes > 5000 else b"AA"), max_frame_bytes=5000
    )
    wire = rig.connect()
    wire.deliver(b"\x0bMSH|", b"x" * 9996, b"\x1c\r" + wrap(b"MSH|small"))
    assert wire.frames() == [b"AR", b"AA"]
    assert rig.seen(FrameOversize) == [FrameOversize("adt", 1, 10_000)]


def test_an_oversize_frame_keeps_four_kilobytes() -> None:
    rig = SourceRig(max_frame_bytes=5000)
    rig.connect().deliver(b"\x0b" + b"x" * 6000 + b"\x1c\r")
    (arrival,) = rig.clerk.arrivals
    assert (arrival.kind, len(arrival.content), arrival.size_bytes) == (ArrivalKind.OVERSIZE, 4096, 6000)


def test_an_oversize_frame_that_was_cut_too_is_not_answered() -> None:
    rig = SourceRig(receive=lambda arrival: succeed(b"AR"), max_frame_bytes=10)
    wire = rig.connect()
    wire.deliver(b"\x0b" + b"x" * 20 + wrap(b"whole"))
    assert wire.frames() == [b"AR"]


def test_noise_between_frames_is_counted_and_skipped() -> None:
    rig = SourceRig()
    rig.connect().deliver(b"\r\n" + wrap(b"one") + b"zz" + wrap(b"two"))
    assert rig.clerk.contents == [b"one", b"two"]
    assert [event.size_bytes for event in rig.seen(NoiseSkipped)] == [2, 2]


def test_an_answer_after_the_sender_went_away_is_dropped() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(wrap(b"one"))
    wire.drop()
    rig.clerk.answer(0, b"1")
    assert wire.value() == b""
    (closed,) = rig.seen(ConnectionClosed)
    assert (closed.cause, closed.frames, closed.unanswered) == ("peer-closed", 1, 1)


def test_small_answers_leave_at_once_and_a_silent_death_is_noticed() -> None:
    wire = SourceRig().connect()
    assert wire.tcp_options == {"nodelay": True, "keepalive": True}
    assert (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60) in wire.handle.options


def test_listening_and_connecting_are_told() -> None:
    rig = SourceRig()
    rig.connect()
    assert rig.events == [ListenerStarted("adt", rig.source.place), ConnectionOpened("adt", 1, "?:?")]
