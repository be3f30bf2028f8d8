"""One connection to a destination: a frame out, replies in. Which reply answers which send, the destination decides."""

# ruff: noqa: N802 - what the transport calls is named by Twisted
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol as Shape
from typing import cast

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from interface.connector.mllp.reply import Reply, read_reply
from interface.connector.mllp.wire import Wire, hang_up, is_secured, tune
from interface.connector.tls import is_refusal
from interface.hl7.framing import Cut, Deframer, Frame, Framed, Noise, Oversize

_ABORT_SECS = 5.0  # a peer that does not take the rest of a frame is not waited for longer


class Timer(Shape):
    """The part of a reactor that calls later."""

    def callLater(self, delay: float, call: Callable[..., object], /, *args: object) -> IDelayedCall: ...


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told what comes over a connection."""

    replied: Callable[["Exchange", Reply], None]
    strayed: Callable[[str, int], None]  # cause, size in bytes
    lost: Callable[["Exchange", str], None]  # cause


@implementer(IHandshakeListener)
class Exchange(Protocol):
    """A connection to a destination. Written to by `write`, closed by `close`, and after that only waited for."""

    _wire: Wire

    def __init__(self, listener: Listener, timer: Timer, max_reply_bytes: int) -> None:
        self._listener = listener
        self._timer = timer
        self._deframer = Deframer(max_reply_bytes)
        self._cause = "peer-closed"
        self._is_lost = False
        self._closing: IDelayedCall | None = None
        self._waiting_for_end: list[Deferred[None]] = []
        self._has_read = False
        self._is_ready = False  # both sides have agreed on TLS, or there is none to agree on
        self._ready: Deferred[Exchange] = Deferred(self._abandon)
        self.is_refused = False  # the peer did not take our certificate, and therefore has read nothing that we sent

    def connectionMade(self) -> None:
        self._wire = cast(Wire, self.transport)
        tune(self._wire)
        if not is_secured(self._wire):
            self.handshakeCompleted()

    def handshakeCompleted(self) -> None:
        if not self._ready.called:
            self._is_ready = True
            self._ready.callback(self)

    def _abandon(self, _: object) -> None:
        self._wire.abortConnection()

    def ready(self) -> "Deferred[Exchange]":
        """Fires when bytes may be sent: with TLS once both sides have agreed, and the peer is who it should be. Asked once."""
        return self._ready

    def dataReceived(self, data: bytes) -> None:
        self._has_read = True
        for piece in self._deframer.feed(data):
            self._take(piece)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._is_lost = True
        if not self._is_ready:
            if not self._ready.called:
                self._ready.errback(reason)
            return
        self.is_refused = not self._has_read and is_refusal(reason.value)
        if self._closing is not None and self._closing.active():
            self._closing.cancel()
        if (half := self._deframer.close()) is not None:
            self._take(half)
        self._listener.lost(self, self._cause)
        waiting, self._waiting_for_end = self._waiting_for_end, []
        for each in waiting:
            each.callback(None)

    def write(self, block: bytes) -> None:
        """Hand a whole block to the transport. From here on the peer may act on it."""
        self._wire.write(block)

    def close(self, cause: str) -> None:
        """Close now; `cause` goes with the news of the end."""
        if self._is_lost or self._closing is not None:
            return
        self._cause = cause
        self._closing = self._timer.callLater(_ABORT_SECS, self._wire.abortConnection)
        hang_up(self._wire)

    def ended(self) -> Deferred[None]:
        """Fires when the connection is gone."""
        if self._is_lost:
            return succeed(None)
        end: Deferred[None] = Deferred()
        self._waiting_for_end.append(end)
        return end

    def _take(self, piece: Framed) -> None:
        match piece:
            case Frame(content) | Oversize(
                content, is_complete=True
            ):  # of an oversize reply the start names the message
                self._read(content)
            case Cut(content):
                self._listener.strayed("cut", len(content))
            case Oversize(size=size):
                self._listener.strayed("cut", size)
            case Noise(size=size) if not piece.is_blank:
                self._listener.strayed("noise", size)

    def _read(self, content: bytes) -> None:
        reply = read_reply(content)
        if isinstance(reply, Reply):
            self._listener.replied(self, reply)
        else:
            self._listener.strayed(reply, len(content))
