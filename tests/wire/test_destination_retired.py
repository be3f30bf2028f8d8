"""A destination that is sent to no more: what it has open is read on for late answers, within the time for those."""

from twisted.internet.defer import ensureDeferred
from twisted.trial.unittest import SynchronousTestCase

from interface.errors import UnansweredError
from interface.observe.deliver import DestinationDisconnected
from tests.wire.memory import DestinationRig, ack

results = SynchronousTestCase()


def test_late_answers_are_taken_of_the_present_connection_and_of_one_that_timed_out_before() -> None:
    rig = DestinationRig(reply_timeout_secs=30)
    timed_out = rig.send("A1", connects=True)
    rig.reactor.advance(30)
    results.failureResultOf(timed_out, UnansweredError)
    accepted = rig.send("A2", connects=True)
    rig.wire.deliver(ack("A2", "CA"))
    results.successResultOf(accepted)
    retired = ensureDeferred(rig.destination.retire())
    rig.wires[0].deliver(ack("A1", "AA"))
    rig.wires[1].deliver(ack("A2", "AE"))
    assert [(one.control_id, one.code) for one in rig.late] == [("A1", "AA"), ("A2", "AE")]
    results.assertNoResult(retired)


def test_it_closes_once_the_time_for_late_answers_is_over() -> None:
    rig = DestinationRig(late_ack_secs=300)
    rig.send("A1", connects=True)
    rig.wire.deliver(ack("A1"))
    retired = ensureDeferred(rig.destination.retire())
    rig.reactor.advance(299)
    assert not rig.wire.disconnecting
    rig.reactor.pump([1, 0])
    results.successResultOf(retired)
    assert [one.cause for one in rig.seen(DestinationDisconnected)] == ["replaced"]
    assert not rig.reactor.getDelayedCalls(), "no timer is left behind"


def test_a_peer_that_takes_one_connection_at_a_time_is_left_at_once() -> None:
    rig = DestinationRig(allows_one_session=True)
    rig.send("A1", connects=True)
    rig.wire.deliver(ack("A1"))
    retired = ensureDeferred(rig.destination.retire())
    rig.reactor.pump([0, 0])
    results.successResultOf(retired)


def test_closing_it_does_not_wait_for_late_answers() -> None:
    rig = DestinationRig()
    rig.send("A1", connects=True)
    rig.wire.deliver(ack("A1"))
    retired = ensureDeferred(rig.destination.retire())
    closed = ensureDeferred(rig.destination.close())
    rig.reactor.pump([0])
    results.successResultOf(closed)
    results.successResultOf(retired)


def test_without_a_connection_there_is_nothing_to_wait_for() -> None:
    results.successResultOf(ensureDeferred(DestinationRig().destination.retire()))
