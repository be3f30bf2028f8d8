"""The MLLP source of one channel: a listening port, its connections, and how it stops without losing an answer."""

# ruff: noqa: N802 - what the reactor calls, and what is called on it, is named by Twisted
from collections.abc import Callable
from ipaddress import ip_address
from itertools import count
from typing import Any, cast
from typing import Protocol as Shape

from twisted.internet.abstract import FileDescriptor
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IListeningPort, IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.task import LoopingCall
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure

from interface.connector.mllp.arrival import Receive
from interface.connector.mllp.connection import SourceConnection, Surroundings
from interface.connector.mllp.door import Door
from interface.connector.mllp.ending import End
from interface.connector.mllp.in_flight import InFlight
from interface.connector.mllp.limits import SourceSettings
from interface.connector.mllp.rate import Rate
from interface.connector.mllp.wire import address_text
from interface.connector.tls import ServerTls
from interface.errors import ConfigurationError
from interface.observe.emit import emit as emit_to_all
from interface.observe.event import Event
from interface.observe.fault import fault
from interface.observe.receive import ConnectionRefused, ListenerStarted, ListenerStopped, PeerTurnedAway

_BACKLOG = 128  # connections that the system holds before they are accepted


class ListeningReactor(Shape):
    """What a source asks of a Twisted reactor."""

    def listenTCP(self, port: int, factory: Any, backlog: int, interface: str) -> IListeningPort: ...
    def seconds(self) -> float: ...
    def callLater(self, delay: float, call: Callable[..., object], /, *args: Any) -> Any: ...


class MllpSource(ServerFactory):
    """Listens for one channel and hands each frame to `receive`. Lives on the reactor's thread."""

    def __init__(
        self,
        settings: SourceSettings,
        receive: Receive,
        reactor: ListeningReactor,
        *,
        now: Callable[[], int],
        in_flight: InFlight,
        emit: Callable[[Event], None] = emit_to_all,
    ) -> None:
        """`now` gives microseconds since 1970 UTC; `in_flight` is shared by all sources of the process."""
        self._settings = settings
        self._reactor = reactor
        self._emit = emit
        rate = Rate(settings.max_messages_per_sec, settings.burst_messages, reactor)
        is_paced = settings.max_messages_per_sec > 0
        self._around = Surroundings(
            settings, receive, in_flight, rate if is_paced else None, reactor.seconds, now, emit, self._forget
        )
        self._door = Door(
            settings.allowed,
            max_connections=settings.max_connections,
            max_connections_per_peer=settings.max_connections_per_peer,
        )
        self._numbers = count(1)
        self._connections: dict[SourceConnection, str] = {}  # with the peer's host
        self._port: IListeningPort | None = None
        self._port_number = settings.port
        self.tls = ServerTls(settings.channel, settings.tls, emit) if settings.tls is not None else None
        self._secured = TLSMemoryBIOFactory(self.tls, False, self, cast(IReactorTime, reactor)) if self.tls else None
        self._all_ended: Deferred[None] | None = None
        self._sweep = LoopingCall(self._check_times)
        self._sweep.clock = cast(IReactorTime, reactor)

    @property
    def channel(self) -> str:
        """The channel's name."""
        return self._settings.channel

    @property
    def place(self) -> str:
        """host:port, with the real port once it has been bound."""
        return f"{self._settings.host}:{self._port_number}"

    @property
    def is_listening(self) -> bool:
        """Whether it takes connections."""
        return self._port is not None

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._connections)

    # ------------------------------------------------------------ listening

    def listen(self) -> int:
        """Take connections, also again after `stop_listening`; gives the port.

        ConfigurationError `cannot-listen`, `cleartext-listener`, or `tls-...` where the certificate's files cannot be used.
        """
        if self._port is None:
            self._guard_cleartext()
            if self.tls is not None:
                self.tls.load()
            self._port = self._open_port()
            self._port_number = cast(IPv4Address, self._port.getHost()).port
            self._emit(ListenerStarted(self._settings.channel, self.place))
            self._watch_times()
        return self._port_number

    def _guard_cleartext(self) -> None:
        if self.tls is None and not self._settings.accepts_cleartext and not is_loopback(self._settings.host):
            raise ConfigurationError(
                "cleartext-listener",
                f"channel {self._settings.channel} would listen beyond this machine without TLS",
                place=self.place,
                advice="give the listener `tls`, or take the risk with `cleartext: accepted`",
            )

    def _watch_times(self) -> None:
        # One sweep over all connections: a timer for each, moved at every read, costs more than the rest of the read.
        if not self._sweep.running:
            limits = self._settings
            shortest = min(limits.frame_timeout_secs, limits.idle_timeout_secs, limits.handshake_timeout_secs)
            interval_secs = min(1.0, shortest / 4)
            self._sweep.start(interval_secs, now=False).addErrback(self._record_fault)

    def stop_listening(self) -> Deferred[None]:
        """Take no new connections, for nothing can be stored or the end is near; open ones go on."""
        port, self._port = self._port, None
        if port is None:
            return succeed(None)
        self._emit(ListenerStopped(self._settings.channel, self.place))
        return ensureDeferred(_closed(port))

    def rest(self, secs: float) -> None:
        """Take no connection for a moment, for the system has no file for it; those that knock wait outside."""
        if self._port is not None:
            resting = self._port
            cast(FileDescriptor, resting).stopReading()
            self._reactor.callLater(secs, self._go_on, resting)

    def _go_on(self, resting: IListeningPort) -> None:
        if self._port is resting:  # not closed meanwhile
            cast(FileDescriptor, resting).startReading()

    def _open_port(self) -> IListeningPort:
        """The one place where a listening port is made."""
        try:
            return self._reactor.listenTCP(self._port_number, self, _BACKLOG, self._settings.host)
        except CannotListenError as refused:
            reason = getattr(refused.socketError, "strerror", None) or str(refused.socketError)
            raise ConfigurationError(
                "cannot-listen",
                f"channel {self._settings.channel} cannot listen: {reason}",
                place=self.place,
                advice="choose another host or port for the channel, or stop the program that holds this one",
            ) from refused

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        host = str(getattr(addr, "host", "?"))
        if refusal := self._door.refusal(host):
            self._emit(ConnectionRefused(self._settings.channel, refusal))
            if self._door.is_news(host, refusal, self._reactor.seconds()):
                self._emit(PeerTurnedAway(self._settings.channel, refusal, host))
            return None  # closes it at once, unread
        self._door.enter(host)
        connection = SourceConnection(next(self._numbers), address_text(addr), self._around)
        self._connections[connection] = host
        return connection if self._secured is None else self._secured.protocol(self._secured, connection)

    # ------------------------------------------------------------ stopping

    def drain(self, timeout_secs: float) -> Deferred[None]:
        """Stop listening, read frames that have begun to their end and nothing more, answer what was taken, close.

        A frame that has begun has what is left of `frame_timeout_secs`. What takes longer than `timeout_secs` is cut off
        unanswered.
        """
        return Deferred.fromCoroutine(self._drain(timeout_secs))

    async def _drain(self, timeout_secs: float) -> None:
        await self.stop_listening()
        for connection in list(self._connections):
            connection.finish_frame()
        deadline = self._reactor.callLater(timeout_secs, self._abort_all)
        if self._connections:
            self._all_ended = Deferred()
            await self._all_ended
        if deadline.active():
            deadline.cancel()
        if self._sweep.running:
            self._sweep.stop()

    def _abort_all(self) -> None:
        for connection in list(self._connections):
            connection.abort(End.STOPPING)

    def _forget(self, connection: SourceConnection) -> None:
        if (host := self._connections.pop(connection, None)) is not None:
            self._door.leave(host)
        if not self._connections and self._all_ended is not None:
            ended, self._all_ended = self._all_ended, None
            ended.callback(None)

    def _check_times(self) -> None:
        now = self._reactor.seconds()
        for connection in list(self._connections):
            connection.check_time(now)

    def _record_fault(self, failure: Failure) -> None:
        self._emit(fault(failure, f"source {self._settings.channel}"))


def is_loopback(host: str) -> bool:
    """Whether a listener there can be reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _closed(port: IListeningPort) -> None:
    closing = port.stopListening()
    if closing is not None:
        await closing
