"""Connections in memory: a transport that a test can drop, a source and a destination on a reactor that only a test moves."""

from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from interface.connector.mllp.arrival import Arrival, ArrivalKind
from interface.connector.mllp.connection import SourceConnection
from interface.connector.mllp.destination import DestinationSettings, MllpDestination
from interface.connector.mllp.in_flight import InFlight
from interface.connector.mllp.limits import SourceSettings
from interface.connector.mllp.reply import Reply
from interface.connector.mllp.source import MllpSource
from interface.hl7.framing import Deframer, Frame, wrap
from interface.observe.event import Event

NOW = 1_750_000_000_000_000


class Handle:
    """The socket behind a transport: keeps the options that were set."""

    def __init__(self) -> None:
        self.options: list[tuple[int, int, int]] = []

    def setsockopt(self, level: int, option: int, value: int) -> None:
        self.options.append((level, option, value))


class MemoryWire(StringTransport):
    """A TCP transport in memory. `sticks`: the peer takes nothing more, so that closing does not come to an end."""

    def __init__(self, reactor: MemoryReactorClock, protocol: IProtocol) -> None:
        super().__init__()
        self.reactor = reactor
        self.protocol = protocol
        self.handle = Handle()
        self.tcp_options: dict[str, bool] = {}
        self.writes: list[bytes] = []
        self.sticks = False
        self.is_gone = False
        protocol.makeConnection(self)

    def write(self, data: bytes) -> None:
        assert not self.disconnecting, "written to after it was closed"
        self.writes.append(data)
        super().write(data)

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802 - Twisted's names
        self.tcp_options["nodelay"] = enabled

    def setTcpKeepAlive(self, enabled: bool) -> None:  # noqa: N802
        self.tcp_options["keepalive"] = enabled

    def getHandle(self) -> Handle:  # noqa: N802
        return self.handle

    def loseConnection(self) -> None:  # noqa: N802
        super().loseConnection()
        if not self.sticks:
            self.reactor.callLater(0, self.drop)

    def abortConnection(self) -> None:  # noqa: N802
        self.disconnected = self.disconnecting = True
        self.reactor.callLater(0, self.drop)

    def drop(self) -> None:
        """The connection is gone, by whoever's will."""
        if not self.is_gone:
            self.is_gone = True
            self.protocol.connectionLost(Failure(ConnectionDone()))

    def frames(self) -> list[bytes]:
        """The contents of what was written so far."""
        return [piece.content for piece in Deframer().feed(self.value()) if isinstance(piece, Frame)]

    def deliver(self, *parts: bytes) -> None:
        """What the peer sends, a read for each part."""
        for part in parts:
            self.protocol.dataReceived(part)


class Clerk:
    """A `receive` that keeps every arrival and lets the test answer."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.waiting: list[Deferred[bytes | None]] = []

    def __call__(self, arrival: Arrival) -> Deferred[bytes | None]:
        self.arrivals.append(arrival)
        self.waiting.append(Deferred())
        return self.waiting[-1]

    @property
    def contents(self) -> list[bytes]:
        return [arrival.content for arrival in self.arrivals]

    @property
    def kinds(self) -> list[ArrivalKind]:
        return [arrival.kind for arrival in self.arrivals]

    def answer(self, number: int, reply: bytes | None) -> None:
        self.waiting[number].callback(reply)

    def fail(self, number: int, error: Exception) -> None:
        self.waiting[number].errback(error)


class SourceRig:
    """A listening source in memory. Limits are given by name; `receive` is a Clerk unless the test brings its own."""

    def __init__(
        self, receive: Callable[[Arrival], Any] | None = None, in_flight: InFlight | None = None, **limits: Any
    ) -> None:
        self.clerk = Clerk()
        self.reactor = MemoryReactorClock()
        self.events: list[Event] = []
        self.in_flight = in_flight or InFlight()
        self.source = MllpSource(
            SourceSettings(channel="adt", port=2575, **limits),
            receive or self.clerk,
            self.reactor,
            now=lambda: NOW,
            in_flight=self.in_flight,
            emit=self.events.append,
        )
        self.source.listen()

    def connect(self, host: str = "") -> MemoryWire:
        """A sender connects; the test fails if it is turned away."""
        protocol = self.knock(host)
        assert isinstance(protocol, SourceConnection)
        return MemoryWire(self.reactor, protocol)

    def knock(self, host: str = "") -> Protocol | None:
        """What the source builds for a peer; None where it turns it away."""
        return self.source.buildProtocol(IPv4Address("TCP", host, 4000) if host else None)

    def seen(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


class DestinationRig:
    """A destination in memory. `wire` is the newest connection."""

    def __init__(self, **settings: Any) -> None:
        self.reactor = MemoryReactorClock()
        self.events: list[Event] = []
        self.late: list[Reply] = []
        self.wires: list[MemoryWire] = []
        self.destination = MllpDestination(
            DestinationSettings(name="epic/dft", host="127.0.0.1", port=6661, **settings),
            self.reactor,
            self.late.append,
            emit=self.events.append,
        )

    @property
    def wire(self) -> MemoryWire:
        return self.wires[-1]

    def send(self, control_id: str, *, connects: bool = False) -> "Deferred[Reply]":
        """Begin a send; with `connects` the peer takes the connection that this asks for."""
        sending = ensureDeferred(self.destination.send(message(control_id), control_id))
        if connects:
            self.accept()
        return sending

    def accept(self) -> MemoryWire:
        """The peer accepts the newest connection attempt."""
        factory = self.reactor.tcpClients[-1][2]
        protocol = factory.buildProtocol(None)
        assert protocol is not None
        self.wires.append(MemoryWire(self.reactor, protocol))
        return self.wire

    def seen(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def message(control_id: str) -> bytes:
    """A small message, without framing."""
    return f"MSH|^~\\&|HP24|PAY|EHR|NORTH|20260105||DFT^P03^DFT_P03|{control_id}|P|2.5.1\rEVN|P03|20260105\r".encode()


def ack(control_id: str, code: str = "AA") -> bytes:
    """The peer's framed acknowledgement of `control_id`."""
    return wrap(f"MSH|^~\\&|EHR|NORTH|HP24|PAY|20260105||ACK^P03^ACK|R1|P|2.5.1\rMSA|{code}|{control_id}\r".encode())
