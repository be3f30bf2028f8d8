"""A source on a running reactor with real sockets, in clear or with TLS, called from the test's thread."""

import socket
import ssl
from collections.abc import Callable
from typing import Any

from twisted.internet import threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred, succeed

from interface.connector.mllp.arrival import Arrival
from interface.connector.mllp.in_flight import InFlight
from interface.connector.mllp.limits import SourceSettings
from interface.connector.mllp.source import MllpSource
from interface.hl7.ack import AckCode, build_ack
from interface.hl7.framing import Deframer, Frame
from interface.hl7.header import read_header
from interface.observe.event import Event
from tests.wire.memory import NOW


class Listening:
    """A source on a running reactor, called from the test's thread."""

    def __init__(self, reactor: AsyncioSelectorReactor, receive: Callable[[Arrival], Any], **limits: Any) -> None:
        self.reactor = reactor
        self.events: list[Event] = []
        settings = SourceSettings(channel="adt", port=0, **limits)
        self.source = MllpSource(
            settings, receive, reactor, now=lambda: NOW, in_flight=InFlight(), emit=self.events.append
        )
        self.port: int = self.call(self.source.listen)

    def call(self, what: Callable[..., Any], *given: Any) -> Any:
        """Call on the reactor's thread and wait for the outcome."""
        return threads.blockingCallFromThread(self.reactor, what, *given)

    def connect(self, tls: ssl.SSLContext | None = None) -> socket.socket:
        """A sender's connection; with TLS once both sides have agreed."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        return plain if tls is None else tls.wrap_socket(plain, server_hostname="127.0.0.1")

    def seen(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def accept(arrival: Arrival) -> Deferred[bytes | None]:
    return succeed(build_ack(read_header(arrival.content), AckCode.AA, control_id="R1", at=NOW))


def read_frames(sender: socket.socket, count: int) -> list[bytes]:
    """So many answers, or fewer if the source closes."""
    deframer, contents = Deframer(), []
    while len(contents) < count and (read := sender.recv(65536)):
        contents += [piece.content for piece in deframer.feed(read) if isinstance(piece, Frame)]
    return contents
