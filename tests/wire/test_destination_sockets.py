"""The destination over real sockets, against a peer that follows a script."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from twisted.internet import threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred

from interface.connector.mllp.destination import DestinationSettings, MllpDestination
from interface.connector.mllp.reply import Reply
from interface.errors import UnansweredError, WireError
from interface.hl7.framing import Deframer, Frame
from interface.observe.event import Event
from tests.wire.memory import ack, message

Act = Callable[[socket.socket], None]


class Peer:
    """Takes one connection after the other; in each it receives a frame for every act of its script, and does that act."""

    def __init__(self, *scripts: Sequence[Act]) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.received: list[bytes] = []
        self._thread = threading.Thread(target=self._play, args=(scripts,), daemon=True)
        self._thread.start()

    def _play(self, scripts: Sequence[Sequence[Act]]) -> None:
        for script in scripts:
            connection, _ = self.listener.accept()
            with connection:
                connection.settimeout(20)
                for act in script:
                    self.received.append(receive(connection))
                    act(connection)
        self.listener.close()

    def join(self) -> None:
        self._thread.join(20)


def receive(connection: socket.socket) -> bytes:
    deframer = Deframer()
    while read := connection.recv(65536):
        for piece in deframer.feed(read):
            if isinstance(piece, Frame):
                return piece.content
    raise AssertionError("the engine closed before it had sent a whole frame")


def say(*blocks: bytes) -> Act:
    return lambda connection: connection.sendall(b"".join(blocks))


def close(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


class Sending:
    """A destination on a running reactor, called from the test's thread."""

    def __init__(self, reactor: AsyncioSelectorReactor, port: int, **settings: Any) -> None:
        self.reactor = reactor
        self.late: list[Reply] = []
        self.has_late = threading.Event()
        self.events: list[Event] = []
        self.destination = MllpDestination(
            DestinationSettings(name="epic/dft", host="127.0.0.1", port=port, **settings),
            reactor,
            self._on_late,
            emit=self.events.append,
        )

    def _on_late(self, reply: Reply) -> None:
        self.late.append(reply)
        self.has_late.set()

    def send(self, control_id: str) -> Reply:
        reply: Reply = threads.blockingCallFromThread(
            self.reactor, lambda: Deferred.fromCoroutine(self.destination.send(message(control_id), control_id))
        )
        return reply

    def close(self) -> None:
        threads.blockingCallFromThread(self.reactor, lambda: Deferred.fromCoroutine(self.destination.close()))


@pytest.fixture
def sending(reactor: AsyncioSelectorReactor) -> Iterator[Callable[..., Sending]]:
    """Makes destinations and closes them after the test."""
    made: list[Sending] = []

    def make(port: int, **settings: Any) -> Sending:
        made.append(Sending(reactor, port, **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()


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
