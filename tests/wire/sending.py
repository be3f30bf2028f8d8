"""A destination on a running reactor with real sockets, and a peer that follows a script, in clear or with TLS."""

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet import threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred

from interface.connector.mllp.destination import DestinationSettings, MllpDestination
from interface.connector.mllp.reply import Reply
from interface.hl7.framing import Deframer, Frame
from interface.observe.deliver import DestinationDisconnected
from interface.observe.event import Event
from tests.engine.processes import wait_until
from tests.wire.memory import message

Act = Callable[[socket.socket], None]


class Peer:
    """Takes one connection after the other; in each it receives a frame for every act of its script, and does that act."""

    def __init__(self, *scripts: Sequence[Act], tls: ssl.SSLContext | None = None) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.received: list[bytes] = []
        self._tls = tls
        self._thread = threading.Thread(target=self._play, args=(scripts,), daemon=True)
        self._thread.start()

    def _play(self, scripts: Sequence[Sequence[Act]]) -> None:
        for script in scripts:
            accepted, _ = self.listener.accept()
            try:
                connection = self._tls.wrap_socket(accepted, server_side=True) if self._tls else accepted
            except (ssl.SSLError, ConnectionError):  # no agreement: the next connection is met by the next script
                accepted.close()
                continue
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

    def send(self, control_id: str, payload: bytes = b"") -> Reply:
        content = payload or message(control_id)
        reply: Reply = threads.blockingCallFromThread(
            self.reactor, lambda: Deferred.fromCoroutine(self.destination.send(content, control_id))
        )
        return reply

    def seen(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def await_end(self) -> None:
        """Wait until the peer has closed the connection."""
        wait_until(lambda: bool(self.seen(DestinationDisconnected)), "the connection ended")

    def close(self) -> None:
        threads.blockingCallFromThread(self.reactor, lambda: Deferred.fromCoroutine(self.destination.close()))
