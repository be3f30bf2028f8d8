"""Who is let in: by network and by number; the others are closed unread, counted each time and told of once."""

from ipaddress import ip_network

import pytest

from interface.connector.mllp.door import Door, Refusal
from interface.hl7.framing import wrap
from interface.observe.receive import ConnectionRefused, PeerTurnedAway
from tests.wire.memory import SourceRig

HOSPITAL = (ip_network("10.1.0.0/16"), ip_network("fd00:12::/32"))


def door(*, per_peer: int = 10) -> Door:
    return Door(HOSPITAL, max_connections=10, max_connections_per_peer=per_peer)


@pytest.mark.parametrize("host", ["10.1.0.1", "10.1.255.255", "fd00:12::7", "fd00:12::7%eth0", "::ffff:10.1.2.3"])
def test_a_peer_of_an_allowed_network_is_let_in(host: str) -> None:
    assert door().refusal(host) is None


@pytest.mark.parametrize("host", ["10.2.0.1", "192.0.2.7", "::1", "::ffff:10.2.2.3", "?", "ehr.example.org"])
def test_every_other_peer_is_not(host: str) -> None:
    assert door().refusal(host) is Refusal.NOT_ALLOWED


def test_without_networks_all_are_let_in() -> None:
    assert Door((), max_connections=1, max_connections_per_peer=1).refusal("192.0.2.7") is None


def test_one_peer_does_not_take_all_connections() -> None:
    rig = SourceRig(max_connections=10, max_connections_per_peer=2)
    wires = [rig.connect("192.0.2.7"), rig.connect("192.0.2.7")]
    assert rig.knock("192.0.2.7") is None
    rig.connect("192.0.2.8")
    wires[0].drop()
    rig.connect("192.0.2.7")
    assert [event.cause for event in rig.seen(ConnectionRefused)] == ["too-many-of-peer"]


def test_refusals_are_counted_each_and_told_once_a_minute() -> None:
    rig = SourceRig(allowed=HOSPITAL)
    for _ in range(3):
        assert rig.knock("192.0.2.7") is None
    assert rig.knock("192.0.2.8") is None
    assert len(rig.seen(ConnectionRefused)) == 4
    assert [event.peer for event in rig.seen(PeerTurnedAway)] == ["192.0.2.7", "192.0.2.8"]
    rig.reactor.advance(60)
    rig.knock("192.0.2.7")
    assert [event.peer for event in rig.seen(PeerTurnedAway)] == ["192.0.2.7", "192.0.2.8", "192.0.2.7"]


def test_what_is_remembered_of_refused_peers_is_bounded() -> None:
    one = door()
    for number in range(5000):
        one.is_news(str(number), Refusal.NOT_ALLOWED, 0.0)
    assert one.is_news("0", Refusal.NOT_ALLOWED, 1.0), "forgotten"
    assert not one.is_news("4999", Refusal.NOT_ALLOWED, 1.0)


def test_a_peer_that_is_let_in_is_heard() -> None:
    rig = SourceRig(allowed=HOSPITAL)
    rig.connect("10.1.2.3").deliver(wrap(b"MSH|a"))
    assert rig.clerk.contents == [b"MSH|a"]
