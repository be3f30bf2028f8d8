"""An MLLP destination: one frame in flight, its answer matched by MSA-2, and honest words when none comes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from OpenSSL.SSL import Error
from service_identity import VerificationError
from twisted.internet.defer import CancelledError, Deferred, DeferredLock, gatherResults
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import ConnectError, ConnectingCancelledError, ConnectionClosed
from twisted.internet.interfaces import IDelayedCall, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.protocols.policies import ProtocolWrapper
from twisted.protocols.tls import TLSMemoryBIOFactory

from interface.certificate import TlsFiles
from interface.connector.mllp.exchange import Exchange, Listener
from interface.connector.mllp.reply import Reply
from interface.connector.tls import ClientTls, reason_of
from interface.errors import ConfigurationError, MessageError, UnansweredError, WireError
from interface.fhir.call import is_call
from interface.hl7.framing import wrap
from interface.observe.deliver import DestinationConnected, DestinationDisconnected, LateAck, StrayReply
from interface.observe.emit import emit as emit_to_all
from interface.observe.event import Event
from interface.observe.fault import fault

_NOT_CONNECTED = (
    ConnectError,
    ConnectingCancelledError,
    CancelledError,
    OSError,  # no such host
    ConnectionClosed,  # before both sides had agreed on TLS
    Error,
    VerificationError,
    ValueError,  # no possible host name
)
_REMEMBERED_IDS = 4096  # of earlier sends whose late acknowledgement is still known as ours
_MAX_LATE = 8  # timed-out connections that are still read; the oldest gives way


@dataclass(frozen=True, slots=True)
class DestinationSettings:
    """Where one destination is, and how long it is waited for."""

    name: str  # channel/destination
    host: str
    port: int
    connect_timeout_secs: float = 10.0
    reply_timeout_secs: float = 30.0
    late_ack_secs: float = 300.0  # how long a connection is still read after its reply timed out
    allows_one_session: bool = False  # the peer takes one connection at a time: a timed-out one is closed at once
    max_reply_bytes: int = 64 * 1024
    tls: TlsFiles | None = None
    server_name: str = ""  # that the peer's certificate must be for; empty: the host


@dataclass(frozen=True, slots=True)
class _Awaited:
    """The one send that waits for its reply."""

    control_id: str
    exchange: Exchange
    reply: Deferred[Reply]
    deadline: IDelayedCall


class MllpDestination:
    """Sends one frame at a time over a connection that is kept, and made anew by the next send when it was lost.

    `on_late` gets every acknowledgement of an earlier send: one that came after its time-out (proof of delivery), and
    the application acknowledgement that follows an accept acknowledgement. Lives on the reactor's thread.
    """

    def __init__(
        self,
        settings: DestinationSettings,
        reactor: Any,
        on_late: Callable[[Reply], None],
        *,
        emit: Callable[[Event], None] = emit_to_all,
    ) -> None:
        """`reactor` makes TCP connections, resolves names and calls later."""
        self._settings = settings
        self._reactor = reactor
        self._on_late = on_late
        self._emit = emit
        self._turn = DeferredLock()
        self.tls = self._tls()
        self._connecting: Deferred[Exchange] | None = None
        self._current: Exchange | None = None  # the one that the next frame goes out on
        self._late: dict[Exchange, IDelayedCall] = {}  # timed out: only read, until their own timer closes them
        self._awaited: _Awaited | None = None
        self._sent_ids: dict[str, None] = {}  # in the order of sending
        self._listener = Listener(self._replied, self._strayed, self._lost)

    @property
    def place(self) -> str:
        """host:port."""
        return f"{self._settings.host}:{self._settings.port}"

    async def send(self, payload: bytes, control_id: str) -> Reply:
        """Send `payload`, whose MSH-10 is `control_id`, and give its acknowledgement, whatever that says.

        Sends that come meanwhile wait their turn. Raises WireError `connect-failed` while nothing has been sent; once
        the first byte has been handed over, UnansweredError: `reply-timeout`, `connection-lost`, or `send-cancelled`. A request
        over HTTP, kept from when this destination had that wire, is a MessageError `payload-of-http` and goes nowhere.
        """
        if is_call(payload):
            raise MessageError(
                "payload-of-http",
                "the payload is a request over HTTP: it was written while this destination had another wire",
                place=self._settings.name,
                advice="`hp24 resend` has it written anew",
            )
        block = wrap(payload)
        await self._turn.acquire()
        try:
            exchange = self._current or await self._connect()
            return await self._ask(exchange, block, control_id)
        finally:
            self._turn.release()

    async def close(self) -> None:
        """Close all connections, late ones too; done when they are gone. A send in flight ends as a lost one does."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._current is not None:
            self._retire(self._current, "stopping")
        exchanges = list(self._late)
        for exchange in exchanges:
            exchange.close("stopping")
        await gatherResults([exchange.ended() for exchange in exchanges])

    async def retire(self) -> None:
        """Send no more, and read what is open for `late_ack_secs`; done when all of it is gone, which `close` may hasten.

        To be called between two sends.
        """
        if self._current is not None:
            self._retire(self._current, "replaced")
        await gatherResults([exchange.ended() for exchange in self._late])

    # ------------------------------------------------------------ connecting

    def _tls(self) -> ClientTls | None:
        settings = self._settings
        if settings.tls is None:
            return None
        return ClientTls(settings.name, settings.tls, settings.server_name or settings.host, self._emit)

    def _endpoint(self) -> IStreamClientEndpoint:
        """The one place where the way to the peer is chosen."""
        return HostnameEndpoint(self._reactor, self._settings.host, self._settings.port)

    async def _connect(self) -> Exchange:
        if self._settings.allows_one_session:
            for late in list(self._late):
                await late.ended()
        self._connecting = Deferred.fromCoroutine(self._open())
        deadline = self._reactor.callLater(self._settings.connect_timeout_secs, self._connecting.cancel)
        try:
            self._current = await self._connecting
        except ConfigurationError as broken:  # the certificate's files: nothing was sent, and they can be mended
            raise WireError(broken.code, broken.text, place=broken.place, advice=broken.advice) from broken
        except _NOT_CONNECTED as reason:
            raise self._unreachable(reason) from reason
        finally:
            self._connecting = None
            if deadline.active():
                deadline.cancel()
        self._emit(DestinationConnected(self._settings.name, self.place))
        return self._current

    async def _open(self) -> Exchange:
        factory: IProtocolFactory = Factory.forProtocol(self._exchange)
        if self.tls is not None:
            self.tls.load()
            factory = TLSMemoryBIOFactory(self.tls, True, factory, self._reactor)
        protocol = await self._endpoint().connect(factory)
        exchange = protocol.wrappedProtocol if isinstance(protocol, ProtocolWrapper) else protocol
        return await cast(Exchange, exchange).ready()

    def _exchange(self) -> Exchange:
        return Exchange(self._listener, self._reactor, self._settings.max_reply_bytes)

    def _unreachable(self, reason: Exception) -> WireError:
        if isinstance(reason, Error | VerificationError | ConnectionClosed):
            return self._not_agreed(
                reason_of(reason) if not isinstance(reason, ConnectionClosed) else "the peer closed"
            )
        is_given_up = isinstance(reason, CancelledError | ConnectingCancelledError)
        why = f"none within {self._settings.connect_timeout_secs:g} s" if is_given_up else str(reason).rstrip(".")
        return WireError(
            "connect-failed",
            f"destination {self._settings.name} gives no connection: {why}",
            place=self.place,
            advice="check that the peer listens there and that no firewall is in between",
        )

    def _not_agreed(self, why: str) -> WireError:
        return WireError(
            "tls-failed",
            f"destination {self._settings.name} and the engine do not agree on TLS: {why}",
            place=self.place,
            advice="compare `ca`, `server_name` and `certificate` of the destination's `tls` with what the peer wants",
        )

    # ------------------------------------------------------------ one send

    def _ask(self, exchange: Exchange, block: bytes, control_id: str) -> Deferred[Reply]:
        self._remember(control_id)
        limit_secs = self._settings.reply_timeout_secs
        reply: Deferred[Reply] = Deferred(lambda _: self._give_up("send-cancelled", "the send was given up"))
        silence = f"no acknowledgement within {limit_secs:g} s"
        deadline = self._reactor.callLater(limit_secs, self._give_up, "reply-timeout", silence)
        self._awaited = _Awaited(control_id, exchange, reply, deadline)
        exchange.write(block)
        return reply

    def _remember(self, control_id: str) -> None:
        self._sent_ids.pop(control_id, None)  # sent again: the youngest now
        self._sent_ids[control_id] = None
        if len(self._sent_ids) > _REMEMBERED_IDS:
            del self._sent_ids[next(iter(self._sent_ids))]

    def _give_up(self, code: str, text: str) -> None:
        """The reply did not come: that connection is written to no more, lest a late reply be taken for another."""
        if self._awaited is not None:
            self._retire(self._awaited.exchange, code)
            self._fail(code, text)

    def _retire(self, exchange: Exchange, cause: str) -> None:
        self._current = None
        listens_secs = 0 if self._settings.allows_one_session else self._settings.late_ack_secs
        self._late[exchange] = self._reactor.callLater(listens_secs, exchange.close, cause)
        if len(self._late) > _MAX_LATE:
            next(iter(self._late)).close(cause)

    def _fail(self, code: str, text: str) -> None:
        """End the send in flight as ambiguous."""
        advice = "the peer may have acted: send again only what it recognises as a repeat"
        self._settle().errback(UnansweredError(code, text, place=self.place, advice=advice))

    def _settle(self) -> Deferred[Reply]:
        """The waiting send, which is none any more from here on: firing it may start the next one at once."""
        awaited, self._awaited = self._awaited, None
        assert awaited is not None
        if awaited.deadline.active():
            awaited.deadline.cancel()
        return awaited.reply

    # ------------------------------------------------------------ what connections tell

    def _replied(self, exchange: Exchange, reply: Reply) -> None:
        awaited = self._awaited
        if awaited is not None and awaited.exchange is exchange and awaited.control_id == reply.control_id:
            self._settle().callback(reply)
        elif reply.control_id in self._sent_ids:
            self._emit(LateAck(self._settings.name, reply.code))
            self._tell_late(reply)
        else:
            self._strayed("unknown-id", len(reply.raw))

    def _tell_late(self, reply: Reply) -> None:
        try:
            self._on_late(reply)
        except Exception as defect:  # noqa: BLE001 - the reactor's edge: the connection must outlive it
            self._emit(fault(defect, f"destination {self._settings.name}"))

    def _strayed(self, cause: str, size_bytes: int) -> None:
        self._emit(StrayReply(self._settings.name, cause, size_bytes))

    def _lost(self, exchange: Exchange, cause: str) -> None:
        timer = self._late.pop(exchange, None)
        if timer is not None and timer.active():
            timer.cancel()
        if self._current is exchange:
            self._current = None
        self._emit(DestinationDisconnected(self._settings.name, self.place, cause))
        if self._awaited is None or self._awaited.exchange is not exchange:
            return
        if exchange.is_refused:
            self._settle().errback(self._not_agreed("the peer refuses our certificate, and has read nothing"))
        else:
            self._fail("connection-lost", "the connection ended before an acknowledgement came")
