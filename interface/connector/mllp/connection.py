"""One sender's connection: frames out of bytes, answers in the order of the frames, and every limit on the way.

It knows nothing of what a frame means: `receive` takes it into custody and says what to answer.
"""

# ruff: noqa: N802 - what the transport calls is named by Twisted
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from twisted.internet.defer import Deferred, ensureDeferred, fail
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from interface.connector.mllp.arrival import Arrival, ArrivalKind, Receive
from interface.connector.mllp.ending import End, Pause
from interface.connector.mllp.in_flight import InFlight
from interface.connector.mllp.limits import SourceSettings
from interface.connector.mllp.order import AnswerOrder, Place
from interface.connector.mllp.rate import Rate
from interface.connector.mllp.wire import Wire, hang_up, is_secured, send, tune
from interface.connector.tls import reason_of
from interface.errors import InterfaceError
from interface.hl7.framing import Cut, Deframer, Frame, Framed, Noise, Oversize
from interface.observe.event import Event
from interface.observe.fault import fault
from interface.observe.receive import (
    AnswerWithheld,
    ConnectionClosed,
    ConnectionOpened,
    FrameCut,
    FrameOversize,
    HandshakeFailed,
    NoiseSkipped,
    ReadingPaused,
    UnframedBytes,
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all connections of one source share."""

    settings: SourceSettings
    receive: Receive
    in_flight: InFlight
    rate: Rate | None
    seconds: Callable[[], float]  # the reactor's clock, for durations
    now: Callable[[], int]  # microseconds since 1970 UTC, for what is stored
    emit: Callable[[Event], None]
    ended: Callable[["SourceConnection"], None]  # closed, and `receive` done with all that came over it


@implementer(IHandshakeListener)
class SourceConnection(Protocol):
    """Reads frames, hands each over at once, and writes the answers in the order in which the frames came."""

    _wire: Wire

    def __init__(self, number: int, peer: str, around: Surroundings) -> None:
        self._number = number
        self._peer = peer
        self._around = around
        self._settings = around.settings
        self._deframer = Deframer(max_frame_bytes=around.settings.max_frame_bytes)
        self._order = AnswerOrder()
        self._unsettled = 0  # handed over, and `receive` has not said anything yet
        self._frames = 0
        self._has_told_unframed = False
        self._held_bytes = 0  # of a frame that has begun
        self._pauses: set[Pause] = set()
        self._is_corked = False  # answers gather until the whole read was handed over
        self._end: End | None = None  # once set, nothing more is read
        self._is_last_frame = False  # the begun frame is read to its end, and nothing after it
        self._is_closing = False  # the transport was told to close
        self._is_aborted = False
        self._is_lost = False
        self._active_at = around.seconds()
        self._frame_began_at: float | None = None
        self._handshake_began_at: float | None = None  # not agreed on TLS yet
        self._peer_owes_since: float | None = None  # to take its answers, or to go after we closed

    # ------------------------------------------------------------ called by the transport

    def connectionMade(self) -> None:
        self._wire = cast(Wire, self.transport)
        tune(self._wire)
        if is_secured(self._wire):
            self._handshake_began_at = self._active_at
        self._wire.registerProducer(self, True)  # a peer that does not take its answers is not read either
        self._around.emit(ConnectionOpened(self._settings.channel, self._number, self._peer))

    def handshakeCompleted(self) -> None:
        self._handshake_began_at = None
        self._active_at = self._around.seconds()

    def dataReceived(self, data: bytes) -> None:
        if self._end is not None:
            return
        self._active_at = self._around.seconds()
        pieces = self._deframer.feed(data)
        if self._is_last_frame and pieces:
            self._end_behind(pieces[0])
            return
        self._is_corked = True
        for piece in pieces:
            self._take(piece)
        self._is_corked = False
        if not self._deframer.is_inside:
            self._frame_began_at = None
        elif pieces or self._frame_began_at is None:
            self._frame_began_at = self._active_at
        self._write_answers()
        self._hold_back(sum(not isinstance(piece, Noise) for piece in pieces))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._is_lost = self._is_corked = True
        if self._handshake_began_at is not None:
            self._tell_handshake(reason)
        self._around.in_flight.forget(self._shared_limit_lifted, self._frame_may_go_on)
        if self._around.rate is not None:
            self._around.rate.forget(self._rate_filled)
        cause, unanswered = self._end or End.PEER, len(self._order)
        self._take_half()
        self._is_corked = False
        self._order.clear()
        channel = self._settings.channel
        self._around.emit(ConnectionClosed(channel, self._number, self._peer, cause, self._frames, unanswered))
        self._settle()

    def pauseProducing(self) -> None:
        """More answers wait in the transport than it likes to hold."""
        self._peer_owes_since = self._around.seconds()
        self._pause(Pause.SLOW_PEER)

    def resumeProducing(self) -> None:
        """The peer took its answers."""
        self._peer_owes_since = None
        self._resume(Pause.SLOW_PEER)

    def stopProducing(self) -> None:
        """The transport is gone; `connectionLost` follows."""

    def _tell_handshake(self, reason: Failure) -> None:
        is_plain = reason.check(ConnectionDone, ConnectionLost) is not None
        cause = str(self._end or End.PEER) if is_plain else reason_of(reason.value)
        self._around.emit(HandshakeFailed(self._settings.channel, self._number, self._peer, cause))

    # ------------------------------------------------------------ frames to `receive`

    def _take(self, piece: Framed) -> None:
        channel, emit = self._settings.channel, self._around.emit
        match piece:
            case Frame(content):
                self._hand_over(ArrivalKind.FRAME, content, len(content))
            case Cut(content):
                emit(FrameCut(channel, self._number, len(content)))
                if content:
                    self._hand_over(ArrivalKind.CUT, content, len(content))
            case Oversize(start, size_bytes, is_complete):
                emit(FrameOversize(channel, self._number, size_bytes))
                self._hand_over(ArrivalKind.OVERSIZE if is_complete else ArrivalKind.CUT, start, size_bytes)
            case Noise(size=size_bytes):
                emit(NoiseSkipped(channel, self._number, size_bytes))
                self._note_unframed(piece)

    def _note_unframed(self, noise: Noise) -> None:
        if not noise.is_blank and not self._has_told_unframed:
            self._has_told_unframed = True
            self._around.emit(UnframedBytes(self._settings.channel, self._number, self._peer, noise.looks_like))

    def _take_half(self) -> None:
        """The frame that will not come to its end any more, if one had begun."""
        if (half := self._deframer.close()) is not None:
            self._take(half)
        self._note_begun()

    def _hand_over(self, kind: ArrivalKind, content: bytes, size_bytes: int) -> None:
        around, place = self._around, self._order.open(kind, len(content))
        self._frames += 1
        self._unsettled += 1
        around.in_flight.take(place.size_bytes)
        arrival = Arrival(kind, content, size_bytes, self._settings.channel, self._number, self._peer, around.now())
        outcome = _outcome(around.receive, arrival).addCallback(self._answer, place)
        outcome.addErrback(self._withhold, place).addCallback(self._free, place).addErrback(self._record_fault)

    # ------------------------------------------------------------ answers from `receive`

    def _answer(self, reply: bytes | None, place: Place) -> None:
        place.answer(reply)

    def _withhold(self, failure: Failure, place: Place) -> None:
        place.withhold()
        error = failure.value
        code = error.code if isinstance(error, InterfaceError) else "fault"
        self._around.emit(AnswerWithheld(self._settings.channel, self._number, code))
        if not isinstance(error, InterfaceError):
            self._record_fault(failure)

    def _record_fault(self, failure: Failure) -> None:
        self._around.emit(fault(failure, f"source {self._settings.channel}"))

    def _free(self, _: None, place: Place) -> None:
        self._unsettled -= 1
        self._around.in_flight.release(place.size_bytes)
        if self._is_corked:
            return
        if self._is_lost:
            self._settle()
        else:
            self._write_answers()

    def _write_answers(self) -> None:
        """Write what is ready, all in one, and see whether that ends a pause or the connection."""
        if blocks := self._order.take_ready():
            send(self._wire, blocks)
            self._active_at = self._around.seconds()
        if self._order.is_broken:
            self.finish(End.UNSTORED)
        if len(self._order) <= self._settings.max_in_flight // 2:
            self._resume(Pause.OWN_LIMIT)
        if self._end is not None and not self._order:
            self._close()

    def _settle(self) -> None:
        if not self._unsettled or self._is_aborted:
            self._around.ended(self)

    # ------------------------------------------------------------ limits

    def _hold_back(self, frames: int) -> None:
        self._note_begun()
        rate = self._around.rate
        if rate is not None and frames and not rate.take(frames):
            self._pause(Pause.RATE)
            if Pause.RATE in self._pauses:
                rate.when_filled(self._rate_filled)
        if len(self._order) >= self._settings.max_in_flight:
            self._pause(Pause.OWN_LIMIT)
        if self._around.in_flight.is_full:
            self._pause(Pause.SHARED_LIMIT)
            self._around.in_flight.when_free(self._shared_limit_lifted)

    def _note_begun(self) -> None:
        held_bytes = self._deframer.held_bytes
        if held_bytes == self._held_bytes:
            return
        self._held_bytes = held_bytes
        if not self._around.in_flight.hold(self._frame_may_go_on, held_bytes):
            self._pause(Pause.LARGE_FRAMES)

    def _frame_may_go_on(self) -> None:
        self._resume(Pause.LARGE_FRAMES)

    def _rate_filled(self) -> None:
        self._resume(Pause.RATE)

    def _shared_limit_lifted(self) -> None:
        self._resume(Pause.SHARED_LIMIT)

    def _pause(self, why: Pause) -> None:
        if why in self._pauses or self._end is not None:
            return
        if not self._pauses:
            self._wire.pauseProducing()
        self._pauses.add(why)
        self._around.emit(ReadingPaused(self._settings.channel, self._number, why))

    def _resume(self, why: Pause) -> None:
        if why not in self._pauses:
            return
        self._pauses.remove(why)
        if self._pauses or self._end is not None:
            return
        self._active_at = self._around.seconds()
        if self._frame_began_at is not None:
            self._frame_began_at = self._active_at  # the time that we did not listen is not the sender's
        self._wire.resumeProducing()

    def check_time(self, now: float) -> None:
        """Close what is silent, stuck inside a frame, or does not take its answers. `now` in seconds of the reactor."""
        frame_limit, idle_limit = self._settings.frame_timeout_secs, self._settings.idle_timeout_secs
        if self._peer_owes_since is not None and now - self._peer_owes_since > frame_limit:
            self.abort(self._end or End.SLOW_PEER)
        elif self._end is not None or self._pauses:
            return
        elif self._handshake_began_at is not None:
            if now - self._handshake_began_at > self._settings.handshake_timeout_secs:
                self.abort(End.HANDSHAKE)
        elif self._frame_began_at is not None and now - self._frame_began_at > frame_limit:
            self.finish(End.FRAME)
        elif not self._order and now - self._active_at > idle_limit:
            self.finish(End.IDLE)

    # ------------------------------------------------------------ the end

    def finish(self, why: End) -> None:
        """Read no more, answer what was taken, then close."""
        if self._end is not None or self._is_lost:
            return
        if not self._pauses:
            self._wire.pauseProducing()
        self._end = why
        self._take_half()
        if not self._order:
            self._close()

    def finish_frame(self) -> None:
        """As `finish` for a stop, but a frame that has begun is read to its end first, within the time that frames have."""
        self._is_last_frame = self._deframer.is_inside
        if not self._is_last_frame:
            self.finish(End.STOPPING)

    def _end_behind(self, last: Framed) -> None:
        # What came behind it was not taken, and gets no answer: to its sender it is as if it had not been read.
        self._deframer.close()
        self._is_corked = True
        self._take(last)
        self._is_corked = False
        self._note_begun()
        self.finish(End.STOPPING)
        self._write_answers()

    def abort(self, why: End) -> None:
        """Close at once; what is not answered yet stays unanswered."""
        if not self._is_lost:
            self._end = why
            self._is_aborted = True
            self._wire.abortConnection()

    def _close(self) -> None:
        if self._is_closing:
            return
        self._is_closing = True
        if self._peer_owes_since is None:
            self._peer_owes_since = self._around.seconds()
        self._wire.unregisterProducer()
        hang_up(self._wire)


def _outcome(receive: Receive, arrival: Arrival) -> Deferred[bytes | None]:
    try:
        return ensureDeferred(receive(arrival))
    except Exception:  # noqa: BLE001 - the reactor's edge: it must not take the other frames of this read along
        return fail()
