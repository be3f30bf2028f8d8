"""Every limit of a source: beyond it reading stops or the connection ends, and nothing is dropped."""

import pytest
from twisted.internet.error import CannotListenError

from interface.connector.mllp.arrival import ArrivalKind
from interface.connector.mllp.in_flight import InFlight
from interface.errors import ConfigurationError
from interface.hl7.framing import wrap
from interface.observe.receive import ConnectionClosed, ConnectionRefused, ReadingPaused
from tests.wire.memory import MemoryWire, SourceRig


def frames(count: int) -> bytes:
    return b"".join(wrap(b"%d" % number) for number in range(count))


def is_read(wire: MemoryWire) -> bool:
    return wire.producerState == "producing"


def causes(rig: SourceRig) -> list[str]:
    return [event.cause for event in rig.seen(ConnectionClosed)]


# ---------------------------------------------------------------- in flight


def test_a_connection_is_not_read_beyond_its_frames_in_flight() -> None:
    rig = SourceRig(max_in_flight=4)
    wire = rig.connect()
    wire.deliver(frames(3))
    assert is_read(wire)
    wire.deliver(frames(1))
    assert not is_read(wire)
    assert rig.seen(ReadingPaused) == [ReadingPaused("adt", 1, "own-limit")]


def test_a_read_that_passes_the_bound_is_handed_over_whole() -> None:
    rig = SourceRig(max_in_flight=4)
    rig.connect().deliver(frames(10))
    assert len(rig.clerk.arrivals) == 10


def test_reading_goes_on_once_half_of_the_frames_are_answered() -> None:
    rig = SourceRig(max_in_flight=4)
    wire = rig.connect()
    wire.deliver(frames(4))
    rig.clerk.answer(0, b"0")
    assert not is_read(wire)
    rig.clerk.answer(1, b"1")
    assert is_read(wire)


def test_frames_answered_behind_one_that_waits_still_count() -> None:
    rig = SourceRig(max_in_flight=4)
    wire = rig.connect()
    wire.deliver(frames(4))
    for number in (1, 2, 3):
        rig.clerk.answer(number, b"x")
    assert not is_read(wire)
    rig.clerk.answer(0, b"x")
    assert is_read(wire)


@pytest.mark.parametrize("bound", [InFlight(max_frames=4), InFlight(max_bytes=4)])
def test_all_connections_share_one_bound(bound: InFlight) -> None:
    rig = SourceRig(in_flight=bound)
    one, two = rig.connect(), rig.connect()
    one.deliver(frames(2))
    two.deliver(frames(2))
    assert is_read(one), "it looks after its own reads only"
    assert not is_read(two)
    rig.clerk.answer(0, b"x")
    assert not is_read(two)
    rig.clerk.answer(1, b"x")
    assert is_read(two)


def test_channels_share_the_bound_too() -> None:
    shared = InFlight(max_frames=2)
    busy, other = SourceRig(in_flight=shared), SourceRig(in_flight=shared)
    wire = other.connect()
    busy.connect().deliver(frames(1))
    wire.deliver(frames(1))
    assert not is_read(wire)
    busy.clerk.answer(0, b"x")
    assert is_read(wire)


def test_a_lost_connection_gives_its_share_back_when_its_frames_are_settled() -> None:
    shared = InFlight(max_frames=2)
    rig = SourceRig(in_flight=shared)
    wire = rig.connect()
    wire.deliver(frames(2))
    wire.drop()
    assert shared.is_full
    rig.clerk.answer(0, b"x")
    rig.clerk.answer(1, b"x")
    assert not shared.is_full


def test_a_connection_lost_while_it_waited_for_the_bound_is_forgotten() -> None:
    rig = SourceRig(in_flight=InFlight(max_frames=1))
    wire = rig.connect()
    wire.deliver(frames(1))
    wire.drop()
    wire.producerState = "stopped"  # a transport that is gone refuses to be read
    rig.clerk.answer(0, b"x")


def test_a_sender_that_does_not_take_its_answers_is_not_read() -> None:
    rig = SourceRig()
    wire = rig.connect()
    assert wire.producer is not None
    wire.producer.pauseProducing()
    assert not is_read(wire)
    wire.producer.resumeProducing()
    assert is_read(wire)


def test_reading_needs_every_reason_to_stop_gone() -> None:
    rig = SourceRig(max_in_flight=2)
    wire = rig.connect()
    wire.deliver(frames(2))
    wire.producer.pauseProducing()
    for number in (0, 1):
        rig.clerk.answer(number, b"x")
    assert not is_read(wire)
    wire.producer.resumeProducing()
    assert is_read(wire)


# ---------------------------------------------------------------- connections


def test_connections_beyond_the_limit_are_turned_away() -> None:
    rig = SourceRig(max_connections=2)
    rig.connect()
    rig.connect()
    assert rig.source.buildProtocol(None) is None
    assert rig.seen(ConnectionRefused) == [ConnectionRefused("adt", "too-many")]


def test_a_closed_connection_makes_room() -> None:
    rig = SourceRig(max_connections=1)
    rig.connect().drop()
    rig.connect()


def test_a_closed_connection_makes_no_room_before_its_frames_are_settled() -> None:
    rig = SourceRig(max_connections=1)
    wire = rig.connect()
    wire.deliver(frames(1))
    wire.drop()
    assert rig.source.buildProtocol(None) is None
    rig.clerk.answer(0, b"x")
    rig.connect()


# ---------------------------------------------------------------- time


def test_a_silent_connection_is_closed() -> None:
    rig = SourceRig(idle_timeout_secs=100)
    wire = rig.connect()
    rig.reactor.pump([99, 2, 1])
    assert wire.disconnecting
    assert causes(rig) == ["idle-timeout"]


def test_any_byte_keeps_a_connection_alive() -> None:
    rig = SourceRig(idle_timeout_secs=100)
    wire = rig.connect()
    rig.reactor.pump([60])
    wire.deliver(b"\r\n")
    rig.reactor.pump([60])
    assert not wire.disconnecting


def test_a_connection_that_waits_for_us_is_not_silent() -> None:
    rig = SourceRig(idle_timeout_secs=100)
    wire = rig.connect()
    wire.deliver(frames(1))
    rig.reactor.pump([200])
    rig.clerk.answer(0, b"x")
    rig.reactor.pump([50])
    assert not wire.disconnecting


def test_a_frame_that_does_not_end_in_time_is_cut() -> None:
    rig = SourceRig(frame_timeout_secs=10)
    wire = rig.connect()
    wire.deliver(b"\x0bMSH")
    for _ in range(11):
        rig.reactor.advance(1)
        wire.deliver(b"x")  # a byte now and then does not buy time
    assert rig.clerk.kinds == [ArrivalKind.CUT]
    rig.clerk.answer(0, None)
    assert wire.disconnecting


def test_frames_before_a_stuck_one_are_answered_before_the_connection_ends() -> None:
    rig = SourceRig(frame_timeout_secs=10)
    wire = rig.connect()
    wire.deliver(wrap(b"whole") + b"\x0bhalf")
    rig.reactor.pump([11])
    assert not wire.disconnecting
    rig.clerk.answer(0, b"x")
    rig.clerk.answer(1, b"never sent")
    rig.reactor.pump([0])
    assert wire.frames() == [b"x"]
    assert causes(rig) == ["frame-timeout"]


def test_each_frame_has_the_whole_time() -> None:
    rig = SourceRig(frame_timeout_secs=10)
    wire = rig.connect()
    wire.deliver(b"\x0bone")
    rig.reactor.pump([8])
    wire.deliver(b"\x1c\r\x0btwo")
    rig.reactor.pump([8])
    assert not wire.disconnecting


def test_time_in_which_we_do_not_read_is_not_the_senders() -> None:
    rig = SourceRig(frame_timeout_secs=10, max_in_flight=1)
    wire = rig.connect()
    wire.deliver(wrap(b"whole") + b"\x0bhalf")
    rig.reactor.pump([60])
    rig.clerk.answer(0, b"x")
    rig.reactor.pump([9])
    assert rig.clerk.kinds == [ArrivalKind.FRAME]
    rig.reactor.pump([2])
    assert rig.clerk.kinds == [ArrivalKind.FRAME, ArrivalKind.CUT]


def test_a_sender_that_never_takes_its_answers_is_cut_off() -> None:
    rig = SourceRig(frame_timeout_secs=10)
    wire = rig.connect()
    wire.producer.pauseProducing()
    rig.reactor.pump([11, 0])
    assert wire.disconnected
    assert causes(rig) == ["slow-peer"]


def test_a_connection_that_does_not_finish_closing_is_cut_off() -> None:
    rig = SourceRig(frame_timeout_secs=10, idle_timeout_secs=100)
    wire = rig.connect()
    wire.sticks = True
    rig.reactor.pump([101])
    assert wire.disconnecting
    assert not wire.disconnected
    rig.reactor.pump([11, 0])
    assert wire.disconnected
    assert causes(rig) == ["idle-timeout"]


# ---------------------------------------------------------------- listening


def test_an_address_in_use_is_a_configuration_error() -> None:
    rig = SourceRig()
    rig.source.stop_listening()

    def listen_tcp(*_: object) -> None:
        raise CannotListenError("127.0.0.1", 2575, OSError(98, "Address already in use"))

    rig.reactor.listenTCP = listen_tcp
    with pytest.raises(ConfigurationError) as raised:
        rig.source.listen()
    assert raised.value.code == "cannot-listen"
    assert raised.value.place == rig.source.place
    assert raised.value.advice


def test_connections_go_on_while_the_port_is_closed() -> None:
    rig = SourceRig()
    wire = rig.connect()
    rig.source.stop_listening()
    wire.deliver(frames(1))
    rig.clerk.answer(0, b"x")
    assert wire.frames() == [b"x"]
