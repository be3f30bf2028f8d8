"""How a source stops: what was taken is answered, what has begun is read to its end, and nothing new is taken."""

from interface.connector.mllp.arrival import ArrivalKind
from interface.hl7.framing import wrap
from interface.observe.receive import ConnectionClosed, FrameCut
from tests.wire.memory import MemoryWire, SourceRig


def frames(count: int) -> bytes:
    return b"".join(wrap(b"%d" % number) for number in range(count))


def is_read(wire: MemoryWire) -> bool:
    return wire.producerState == "producing"


def causes(rig: SourceRig) -> list[str]:
    return [event.cause for event in rig.seen(ConnectionClosed)]


def test_drain_waits_for_answers_then_closes() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(frames(2))
    drained = rig.source.drain(30)
    assert not is_read(wire)
    rig.clerk.answer(0, b"0")
    rig.reactor.pump([0])
    assert not drained.called
    rig.clerk.answer(1, b"1")
    rig.reactor.pump([0])
    assert wire.frames() == [b"0", b"1"]
    assert causes(rig) == ["stopping"]
    assert drained.called
    assert not rig.reactor.getDelayedCalls(), "no timer is left behind"


def test_drain_closes_idle_connections_at_once() -> None:
    rig = SourceRig()
    rig.connect()
    drained = rig.source.drain(30)
    rig.reactor.pump([0])
    assert drained.called


def test_drain_without_connections_is_done_at_once() -> None:
    assert SourceRig().source.drain(30).called


def test_drain_cuts_off_what_is_not_answered_in_time() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(frames(1))
    drained = rig.source.drain(30)
    rig.reactor.pump([29])
    assert not drained.called
    rig.reactor.pump([1, 0])
    assert drained.called
    assert [event.unanswered for event in rig.seen(ConnectionClosed)] == [1]
    rig.clerk.answer(0, b"too late")
    assert wire.value() == b""


# ---------------------------------------------------------------- begun frames


def test_a_frame_that_has_begun_is_read_to_its_end_and_answered_before_its_connection_closes() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(b"\x0bMSH|ha")
    drained = rig.source.drain(30)
    rig.reactor.pump([1, 1])
    assert (is_read(wire), drained.called) == (True, False)
    wire.deliver(b"lf", b"\x1c\r")
    rig.clerk.answer(0, b"AA")
    rig.reactor.pump([0])
    assert (rig.clerk.kinds, rig.clerk.contents) == ([ArrivalKind.FRAME], [b"MSH|half"])
    assert (wire.frames(), causes(rig), drained.called) == ([b"AA"], ["stopping"], True)
    assert not rig.reactor.getDelayedCalls(), "no timer is left behind"


def test_no_frame_behind_the_begun_one_is_taken_whole_or_half() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(b"\x0bfirst")
    rig.source.drain(30)
    wire.deliver(b"\x1c\r" + wrap(b"second") + b"\x0bthird", wrap(b"fourth"))
    rig.clerk.answer(0, b"AA")
    rig.reactor.pump([0])
    assert rig.clerk.contents == [b"first"]
    assert (wire.frames(), causes(rig), rig.seen(FrameCut)) == ([b"AA"], ["stopping"], [])


def test_earlier_frames_of_the_connection_are_answered_too() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(wrap(b"whole") + b"\x0bha")
    rig.source.drain(30)
    rig.clerk.answer(0, b"1")
    rig.reactor.pump([0])
    assert not wire.disconnecting
    wire.deliver(b"lf\x1c")
    rig.clerk.answer(1, b"2")
    rig.reactor.pump([0])
    assert (wire.frames(), causes(rig)) == ([b"1", b"2"], ["stopping"])


def test_a_connection_that_is_not_read_for_its_own_limit_still_reads_the_begun_frame_to_its_end() -> None:
    rig = SourceRig(max_in_flight=1)
    wire = rig.connect()
    wire.deliver(wrap(b"whole") + b"\x0bha")
    rig.source.drain(30)
    assert not is_read(wire)
    rig.clerk.answer(0, b"1")
    assert is_read(wire)
    wire.deliver(b"lf\x1c")
    assert rig.clerk.contents == [b"whole", b"half"]


def test_a_begun_frame_has_no_more_time_than_any_other() -> None:
    rig = SourceRig(frame_timeout_secs=10)
    rig.connect().deliver(b"\x0bhalf")
    rig.reactor.pump([8])
    drained = rig.source.drain(30)
    rig.reactor.pump([3, 0])
    assert rig.clerk.kinds == [ArrivalKind.CUT]
    rig.clerk.answer(0, None)
    rig.reactor.pump([0])
    assert (causes(rig), rig.seen(FrameCut), drained.called) == (["frame-timeout"], [FrameCut("adt", 1, 4)], True)


def test_a_begun_frame_that_outlasts_the_drain_is_kept_as_cut() -> None:
    rig = SourceRig(frame_timeout_secs=60)
    wire = rig.connect()
    wire.deliver(b"\x0bhalf")
    drained = rig.source.drain(30)
    rig.reactor.pump([29])
    assert not wire.disconnected
    rig.reactor.pump([1, 0])
    assert (rig.clerk.kinds, rig.clerk.contents) == ([ArrivalKind.CUT], [b"half"])
    assert (causes(rig), rig.seen(FrameCut), drained.called) == (["stopping"], [FrameCut("adt", 1, 4)], True)
    assert wire.value() == b""


def test_a_begun_frame_whose_sender_goes_away_ends_the_drain() -> None:
    rig = SourceRig()
    wire = rig.connect()
    wire.deliver(b"\x0bhalf")
    drained = rig.source.drain(30)
    wire.drop()
    rig.clerk.answer(0, None)
    rig.reactor.pump([0])
    assert (rig.clerk.kinds, drained.called) == ([ArrivalKind.CUT], True)
