"""A source takes so many messages a second: beyond that it does not read, and nothing is dropped."""

from twisted.internet.defer import succeed
from twisted.internet.task import Clock

from interface.connector.mllp.rate import Rate
from interface.hl7.framing import wrap
from interface.observe.receive import ReadingPaused
from tests.wire.memory import MemoryWire, SourceRig

FRAME = wrap(b"MSH|a")


def paced(**limits: float) -> SourceRig:
    return SourceRig(receive=lambda _: succeed(None), **limits)


def is_read(wire: MemoryWire) -> bool:
    return wire.producerState == "producing"


def test_a_burst_is_taken_at_once_and_then_reading_waits() -> None:
    rig = paced(max_messages_per_sec=10, burst_messages=5)
    wire = rig.connect()
    wire.deliver(FRAME * 4)
    assert is_read(wire)
    wire.deliver(FRAME)
    assert not is_read(wire)
    assert rig.seen(ReadingPaused) == [ReadingPaused("adt", 1, "rate")]


def test_reading_goes_on_when_the_time_has_come() -> None:
    rig = paced(max_messages_per_sec=10, burst_messages=5)
    wire = rig.connect()
    wire.deliver(FRAME * 15)
    rig.reactor.advance(1.05)
    assert not is_read(wire)
    rig.reactor.advance(0.1)
    assert is_read(wire)


def test_connections_share_the_rate() -> None:
    rig = paced(max_messages_per_sec=10, burst_messages=5)
    one, two = rig.connect(), rig.connect()
    one.deliver(FRAME * 5)
    two.deliver(FRAME)
    assert not is_read(two)
    rig.reactor.pump([0.1] * 5)
    assert is_read(one)
    assert is_read(two)


def test_who_floods_keeps_no_other_sender_out() -> None:
    rig = paced(max_messages_per_sec=10, burst_messages=1)
    flood, quiet = rig.connect(), rig.connect()
    taken = 0
    for _ in range(600):
        for wire in (flood, quiet):
            if is_read(wire):
                wire.deliver(FRAME * 5 if wire is flood else FRAME)
                taken += wire is quiet
        rig.reactor.advance(0.1)
    assert taken >= 600 / 10, "one of its messages for each read of the flood, at least"


def test_without_a_bound_nothing_waits() -> None:
    rig = paced()
    wire = rig.connect()
    wire.deliver(FRAME * 60)
    assert is_read(wire)


def test_a_paced_source_leaves_no_timer_behind() -> None:
    rig = paced(max_messages_per_sec=10, burst_messages=1)
    rig.connect().deliver(FRAME * 3)
    drained = rig.source.drain(30)
    rig.reactor.pump([0])
    assert drained.called
    assert not rig.reactor.getDelayedCalls()


def test_over_an_hour_no_more_than_the_rate_is_taken() -> None:
    clock = Clock()
    rate = Rate(7.0, 20, clock)
    taken = 0
    waits = False

    def go_on() -> None:
        nonlocal waits
        waits = False

    for _ in range(36_000):
        if not waits:
            taken += 3
            if not rate.take(3):
                waits = True
                rate.when_filled(go_on)
        clock.advance(0.1)
    assert 7 * 3600 * 0.95 <= taken <= 7 * 3600 + 20 + 3
