"""A destination: one frame in flight, MSA-2 matched byte for byte, and an honest end of every send."""

import pytest
from twisted.internet.defer import ensureDeferred
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from interface.errors import Disposition, InterfaceError, MessageError, UnansweredError, WireError
from interface.hl7.framing import wrap
from interface.observe.deliver import DestinationConnected, DestinationDisconnected, LateAck, StrayReply
from interface.observe.engine import FaultFound
from tests.wire.memory import DestinationRig, ack, message

results = SynchronousTestCase()


def failure(sending: object) -> InterfaceError:
    """The failure of a send, which must have ended."""
    error = results.failureResultOf(sending).value
    assert isinstance(error, InterfaceError)
    return error


# ---------------------------------------------------------------- answers


def test_a_frame_goes_out_and_its_acknowledgement_comes_back() -> None:
    rig = DestinationRig()
    sending = rig.send("A1", connects=True)
    assert rig.wire.value() == wrap(message("A1"))
    rig.wire.deliver(ack("A1", "AE"))
    reply = results.successResultOf(sending)
    assert (reply.code, reply.control_id, reply.is_application) == ("AE", "A1", True)
    assert wrap(reply.raw) == ack("A1", "AE")


def test_an_accept_acknowledgement_is_told_from_an_applications() -> None:
    rig = DestinationRig()
    sending = rig.send("A1", connects=True)
    rig.wire.deliver(ack("A1", "CA"))
    assert not results.successResultOf(sending).is_application


def test_the_connection_is_kept() -> None:
    rig = DestinationRig()
    for control_id in ("A1", "A2"):
        sending = rig.send(control_id, connects=not rig.wires)
        rig.wire.deliver(ack(control_id))
        results.successResultOf(sending)
    assert len(rig.wires) == 1
    assert rig.seen(DestinationConnected) == [DestinationConnected("epic/dft", "127.0.0.1:6661")]


def test_sends_take_turns() -> None:
    rig = DestinationRig()
    first, second = rig.send("A1", connects=True), rig.send("A2")
    assert rig.wire.frames() == [message("A1")]
    rig.wire.deliver(ack("A1"))
    results.successResultOf(first)
    assert rig.wire.frames() == [message("A1"), message("A2")]
    rig.wire.deliver(ack("A2"))
    results.successResultOf(second)


def test_an_acknowledgement_in_pieces_counts_when_it_is_whole() -> None:
    rig = DestinationRig()
    sending = rig.send("A1", connects=True)
    whole = ack("A1")
    rig.wire.deliver(whole[:7], whole[7:-2])
    results.assertNoResult(sending)
    rig.wire.deliver(whole[-2:])
    results.successResultOf(sending)


@pytest.mark.parametrize("answered", ["A11", "a1", "A1 ", ""])
def test_an_acknowledgement_of_another_id_is_not_ours(answered: str) -> None:
    rig = DestinationRig()
    sending = rig.send("A1", connects=True)
    rig.wire.deliver(ack(answered))
    results.assertNoResult(sending)
    assert len(rig.seen(StrayReply)) == 1
    rig.wire.deliver(ack("A1"))
    results.successResultOf(sending)


@pytest.mark.parametrize(
    ("sent", "cause"),
    [
        (wrap(b"hello"), "ack-unreadable"),
        (wrap(message("X1")), "ack-unreadable"),
        (ack("A1", "OK"), "ack-code-unknown"),
        (wrap(b"\x06"), "no-control-id"),
        (b"\x0bhalf" + wrap(b"x"), "cut"),
        (b"HTTP/1.1 400 Bad Request\r\n", "noise"),
    ],
)
def test_what_is_no_acknowledgement_is_counted_and_not_believed(sent: bytes, cause: str) -> None:
    rig = DestinationRig()
    sending = rig.send("A1", connects=True)
    rig.wire.deliver(sent)
    results.assertNoResult(sending)
    assert rig.seen(StrayReply)[0].cause == cause


def test_line_ends_between_frames_are_no_news() -> None:
    rig = DestinationRig()
    rig.send("A1", connects=True)
    rig.wire.deliver(b"\r\n", ack("A1"))
    assert rig.seen(StrayReply) == []


def test_an_oversize_acknowledgement_is_read_from_its_beginning() -> None:
    rig = DestinationRig(max_reply_bytes=5000)
    sending = rig.send("A1", connects=True)
    rig.wire.deliver(ack("A1")[:-2] + b"ZZZ|" + b"x" * 9000 + b"\x1c\r")
    reply = results.successResultOf(sending)
    assert reply.code == "AA"
    assert len(reply.raw) == 4096


def test_content_that_would_break_the_framing_never_leaves() -> None:
    rig = DestinationRig()
    sending = ensureDeferred(rig.destination.send(b"MSH|\x1c", "A1"))
    assert isinstance(failure(sending), MessageError)
    assert rig.reactor.tcpClients == []


# ---------------------------------------------------------------- before the first byte


def test_a_refused_connection_may_be_tried_again() -> None:
    rig = DestinationRig()
    sending = rig.send("A1")
    refuse(rig)
    error = failure(sending)
    assert isinstance(error, WireError)
    assert (error.code, error.place) == ("connect-failed", "127.0.0.1:6661")
    assert error.disposition is Disposition.TRANSIENT


def test_a_connection_that_does_not_come_about_in_time_may_be_tried_again() -> None:
    rig = DestinationRig(connect_timeout_secs=10)
    sending = rig.send("A1")
    rig.reactor.pump([9])
    results.assertNoResult(sending)
    rig.reactor.pump([1])
    assert failure(sending).text == "destination epic/dft gives no connection: none within 10 s"


def test_after_a_failed_connection_the_next_send_tries_anew() -> None:
    rig = DestinationRig()
    first = rig.send("A1")
    refuse(rig)
    assert failure(first).code == "connect-failed"
    second = rig.send("A1", connects=True)
    rig.wire.deliver(ack("A1"))
    results.successResultOf(second)


# ---------------------------------------------------------------- after the first byte


def test_no_answer_in_time_is_ambiguous() -> None:
    rig = DestinationRig(reply_timeout_secs=30)
    sending = rig.send("A1", connects=True)
    rig.reactor.pump([29])
    results.assertNoResult(sending)
    rig.reactor.pump([1])
    error = failure(sending)
    assert isinstance(error, UnansweredError)
    assert (error.code, error.disposition) == ("reply-timeout", Disposition.AMBIGUOUS)


def test_a_connection_lost_before_the_answer_is_ambiguous() -> None:
    rig = DestinationRig()
    sending = rig.send("A1", connects=True)
    rig.wire.drop()
    error = failure(sending)
    assert isinstance(error, UnansweredError)
    assert error.code == "connection-lost"


def test_a_send_given_up_by_its_caller_is_ambiguous() -> None:
    rig = DestinationRig()
    sending = rig.send("A1", connects=True)
    sending.cancel()
    assert failure(sending).code == "send-cancelled"


def test_after_a_timeout_that_connection_is_written_to_no_more() -> None:
    rig = DestinationRig(reply_timeout_secs=30)
    failure_first = rig.send("A1", connects=True)
    rig.reactor.pump([30])
    failure(failure_first)
    second = rig.send("A2", connects=True)
    old, new = rig.wires
    assert (old.frames(), new.frames()) == ([message("A1")], [message("A2")])
    new.deliver(ack("A2"))
    results.successResultOf(second)


def test_a_late_acknowledgement_is_proof_of_delivery_and_answers_nothing_else() -> None:
    rig = DestinationRig(reply_timeout_secs=30)
    failure(timed_out(rig, "A1"))
    second = rig.send("A2", connects=True)
    rig.wires[0].deliver(ack("A1"))
    results.assertNoResult(second)
    assert [reply.control_id for reply in rig.late] == ["A1"]
    assert rig.seen(LateAck) == [LateAck("epic/dft", "AA")]


def test_a_late_acknowledgement_does_not_answer_the_same_id_sent_again() -> None:
    rig = DestinationRig(reply_timeout_secs=30)
    failure(timed_out(rig, "A1"))
    again = rig.send("A1", connects=True)
    rig.wires[0].deliver(ack("A1"))
    results.assertNoResult(again)
    assert [reply.control_id for reply in rig.late] == ["A1"]


def test_an_application_acknowledgement_after_the_accept_one_is_passed_on() -> None:
    rig = DestinationRig()
    sending = rig.send("A1", connects=True)
    rig.wire.deliver(ack("A1", "CA") + ack("A1", "AE"))
    assert results.successResultOf(sending).code == "CA"
    assert [reply.code for reply in rig.late] == ["AE"]


def test_a_timed_out_connection_is_read_for_a_while_then_closed() -> None:
    rig = DestinationRig(reply_timeout_secs=30, late_ack_secs=300)
    failure(timed_out(rig, "A1"))
    rig.reactor.pump([299])
    assert not rig.wire.disconnecting
    rig.reactor.pump([1, 0])
    assert rig.seen(DestinationDisconnected) == [DestinationDisconnected("epic/dft", "127.0.0.1:6661", "reply-timeout")]
    assert not rig.reactor.getDelayedCalls()


def test_where_the_peer_allows_one_session_the_old_one_ends_before_the_next_begins() -> None:
    rig = DestinationRig(reply_timeout_secs=30, allows_one_session=True)
    sending = rig.send("A1", connects=True)
    rig.wire.sticks = True
    rig.reactor.pump([30, 0])
    failure(sending)
    assert rig.wire.disconnecting
    rig.send("A2")
    assert len(rig.reactor.tcpClients) == 1
    rig.wire.drop()
    assert len(rig.reactor.tcpClients) == 2


def test_a_peer_that_keeps_a_closed_connection_is_cut_off() -> None:
    rig = DestinationRig(reply_timeout_secs=30, allows_one_session=True)
    failure(timed_out(rig, "A1", sticks=True))
    rig.reactor.pump([0, 6, 0])
    assert rig.wire.disconnected
    assert rig.wire.is_gone


def test_silent_peers_leave_a_limited_number_of_connections() -> None:
    rig = DestinationRig(reply_timeout_secs=1)
    for number in range(12):
        failure(timed_out(rig, f"A{number}"))
    rig.reactor.pump([0])
    assert sum(not wire.is_gone for wire in rig.wires) == 8


def test_a_defect_of_the_late_listener_spares_the_connection() -> None:
    rig = DestinationRig()
    sending = rig.send("A1", connects=True)
    rig.destination._on_late = lambda reply: 1 / 0
    rig.wire.deliver(ack("A1") + ack("A1"))
    results.successResultOf(sending)
    assert [event.kind for event in rig.seen(FaultFound)] == ["ZeroDivisionError"]
    again = rig.send("A2")
    rig.wire.deliver(ack("A2"))
    results.successResultOf(again)


# ---------------------------------------------------------------- the connection


def test_a_connection_that_the_peer_closed_is_made_anew_by_the_next_send() -> None:
    rig = DestinationRig()
    first = rig.send("A1", connects=True)
    rig.wire.deliver(ack("A1"))
    results.successResultOf(first)
    rig.wire.drop()
    second = rig.send("A2", connects=True)
    rig.wire.deliver(ack("A2"))
    results.successResultOf(second)
    assert len(rig.wires) == 2


def test_close_ends_every_connection_and_the_send_in_flight() -> None:
    rig = DestinationRig(reply_timeout_secs=30)
    failure(timed_out(rig, "A1"))
    second = rig.send("A2", connects=True)
    closed = ensureDeferred(rig.destination.close())
    results.assertNoResult(closed)
    rig.reactor.pump([0])
    results.successResultOf(closed)
    assert failure(second).code == "connection-lost"
    assert all(wire.is_gone for wire in rig.wires)
    assert not rig.reactor.getDelayedCalls()


def test_close_gives_up_a_connection_in_the_making() -> None:
    rig = DestinationRig()
    sending = rig.send("A1")
    results.successResultOf(ensureDeferred(rig.destination.close()))
    assert failure(sending).code == "connect-failed"


def test_a_send_after_close_gets_a_connection_of_its_own() -> None:
    rig = DestinationRig()
    first = rig.send("A1", connects=True)
    rig.wire.deliver(ack("A1"))
    results.successResultOf(first)
    closed = ensureDeferred(rig.destination.close())
    rig.send("A2", connects=True)
    assert [wire.frames() for wire in rig.wires] == [[message("A1")], [message("A2")]]
    rig.reactor.pump([0])
    results.successResultOf(closed)


def timed_out(rig: DestinationRig, control_id: str, *, sticks: bool = False) -> object:
    """A send over a new connection that was not answered in time."""
    sending = rig.send(control_id, connects=True)
    rig.wire.sticks = sticks
    rig.reactor.pump([rig.destination._settings.reply_timeout_secs])
    return sending


def refuse(rig: DestinationRig) -> None:
    """The peer refuses the newest connection attempt; that there is no other address to try shows a moment later."""
    rig.reactor.tcpClients[-1][2].clientConnectionFailed(None, Failure(Refused()))
    rig.reactor.pump([1])


def test_a_request_over_http_is_not_framed_and_sent() -> None:
    rig = DestinationRig()
    sending = ensureDeferred(rig.destination.send(b"POST Basic\r\n\r\n{}", "A1"))
    assert failure(sending).code == "payload-of-http"
