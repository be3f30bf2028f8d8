"""The destination over real sockets, against a peer that follows a script."""

import socket
import threading
from collections.abc import Callable

import pytest
from twisted.internet import threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred

from interface.errors import UnansweredError, WireError
from tests.wire.memory import ack, message
from tests.wire.sending import Peer, Sending, close, say


def test_messages_travel_over_one_connection(sending: Callable[..., Sending]) -> None:
    peer = Peer([say(ack("A1")), say(ack("A2", "AE"))])
    engine = sending(peer.port)
    assert [engine.send("A1").code, engine.send("A2").code] == ["AA", "AE"]
    peer.join()
    assert peer.received == [message("A1"), message("A2")]


def test_a_stale_acknowledgement_is_passed_over(sending: Callable[..., Sending]) -> None:
    peer = Peer([say(ack("OLD"), ack("A1", "AR"))])
    assert sending(peer.port).send("A1").code == "AR"


def test_a_peer_that_closes_instead_of_answering_leaves_doubt(sending: Callable[..., Sending]) -> None:
    peer = Peer([close], [say(ack("A2"))])
    engine = sending(peer.port)
    with pytest.raises(UnansweredError) as raised:
        engine.send("A1")
    assert raised.value.code == "connection-lost"
    assert engine.send("A2").code == "AA"


def test_a_late_acknowledgement_arrives_while_another_message_is_under_way(sending: Callable[..., Sending]) -> None:
    may_answer = threading.Event()

    def answer_late(connection: socket.socket) -> None:
        assert may_answer.wait(20)
        connection.sendall(ack("A1"))

    peer = Peer([answer_late])
    engine = sending(peer.port, reply_timeout_secs=0.2)
    with pytest.raises(UnansweredError) as raised:
        engine.send("A1")
    assert raised.value.code == "reply-timeout"
    may_answer.set()
    assert engine.has_late.wait(20)
    assert [(reply.control_id, reply.code) for reply in engine.late] == [("A1", "AA")]


def test_nobody_listening_is_known_to_have_received_nothing(sending: Callable[..., Sending]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(WireError) as raised:
        sending(port).send("A1")
    assert raised.value.code == "connect-failed"
    assert "refused" in raised.value.text


def test_a_large_message_arrives_whole(sending: Callable[..., Sending], reactor: AsyncioSelectorReactor) -> None:
    peer = Peer([say(ack("A1"))])
    engine = sending(peer.port)
    large = message("A1") + b"OBX|1|ED|" + b"QUJD" * 1_000_000 + b"\r"
    threads.blockingCallFromThread(reactor, lambda: Deferred.fromCoroutine(engine.destination.send(large, "A1")))
    assert peer.received == [large]
