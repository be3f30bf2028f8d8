"""Frames that have begun count, too: they hold each other back, never small ones, and never all of themselves."""

from hypothesis import given
from hypothesis import strategies as st

from interface.connector.mllp.in_flight import InFlight
from interface.hl7.framing import END, START, wrap
from interface.observe.receive import ReadingPaused
from tests.wire.memory import MemoryWire, SourceRig

READ = 64 * 1024
LARGE = b"x" * (READ + 1)
SMALL = wrap(b"MSH|a")


def is_read(wire: MemoryWire) -> bool:
    return wire.producerState == "producing"


def rig(max_bytes: int = 8 * READ) -> SourceRig:
    return SourceRig(in_flight=InFlight(max_bytes=max_bytes), frame_timeout_secs=10)


def begin(source: SourceRig, count: int) -> list[MemoryWire]:
    """So many connections, each within a large frame, the eldest first."""
    wires = [source.connect() for _ in range(count)]
    for wire in wires:
        wire.deliver(START + LARGE)
    return wires


def test_large_frames_that_have_begun_hold_each_other_back() -> None:
    source = rig()
    wires = begin(source, 5)
    assert [is_read(wire) for wire in wires] == [True, True, True, False, False]
    assert source.seen(ReadingPaused)[0] == ReadingPaused("adt", 4, "large-frames")


def test_the_eldest_goes_on_to_its_end_and_then_the_next_one() -> None:
    source = rig()
    wires = begin(source, 5)
    for _ in range(20):
        wires[0].deliver(LARGE)
    assert is_read(wires[0])
    wires[1].deliver(LARGE)
    assert not is_read(wires[1])
    wires[0].deliver(END)
    source.clerk.answer(0, None)
    assert is_read(wires[1])


def test_small_frames_pass_by_large_ones() -> None:
    source = rig()
    begin(source, 5)
    other = source.connect()
    other.deliver(SMALL)
    assert is_read(other)
    assert source.clerk.contents == [b"MSH|a"]


def test_an_eldest_that_trickles_gives_way_when_its_time_is_over() -> None:
    source = rig()
    wires = begin(source, 5)
    for wire in wires[1:3]:
        wire.deliver(LARGE)
    assert not any(is_read(wire) for wire in wires[1:])
    for _ in range(12):
        source.reactor.advance(1)
        if not wires[0].disconnecting:
            wires[0].deliver(b"x")
    source.clerk.answer(0, None)
    assert wires[0].disconnecting
    assert is_read(wires[1])


def test_a_lost_connection_gives_back_what_its_frame_held() -> None:
    source = rig()
    wires = begin(source, 5)
    for wire in wires:
        wire.drop()
    for waiting in source.clerk.waiting:
        waiting.callback(None)
    assert source.in_flight.held_bytes == 0


def test_a_frame_that_has_begun_leaves_less_room_for_others() -> None:
    source = SourceRig(in_flight=InFlight(max_bytes=1000))
    source.connect().deliver(START + b"x" * 400)
    other = source.connect()
    other.deliver(wrap(b"y" * 599))
    assert is_read(other)
    other.deliver(wrap(b"y"))
    assert not is_read(other)


def test_one_that_was_small_for_long_does_not_take_the_place_of_the_eldest() -> None:
    source = SourceRig(in_flight=InFlight(max_bytes=2 * READ), frame_timeout_secs=10)
    wires = [source.connect() for _ in range(4)]
    for wire in wires:
        wire.deliver(START + LARGE[:READ])
    for wire in reversed(wires):
        for _ in range(20):
            if is_read(wire):
                wire.deliver(LARGE)
    assert [is_read(wire) for wire in wires] == [False, False, False, True]
    assert source.in_flight.held_bytes < 30 * READ


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3)), max_size=60), st.integers(1, 6))
def test_whatever_begins_every_frame_ends_and_the_bound_holds(steps: list[tuple[int, int]], max_reads: int) -> None:
    bound = max_reads * READ * 2
    source = SourceRig(in_flight=InFlight(max_bytes=bound), max_connections=10)
    wires = [source.connect() for _ in range(6)]
    begun: dict[int, int] = {}
    for number, reads in steps:
        for _ in range(reads):
            if is_read(wires[number]):
                wires[number].deliver((b"" if number in begun else START) + LARGE[:READ])
                begun[number] = begun.get(number, 0) + READ
        assert source.in_flight.held_bytes <= bound // 2 + max(begun.values(), default=0) + len(wires) * 2 * READ
    while begun:
        readable = [number for number in begun if is_read(wires[number])]
        assert readable, "somebody can always go on"
        wires[readable[0]].deliver(END)
        del begun[readable[0]]
        source.clerk.waiting[-1].callback(None)
    assert source.in_flight.held_bytes == 0
    assert all(is_read(wire) for wire in wires)
