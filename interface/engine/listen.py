"""The listening part: every channel's MLLP source, the intake thread behind them, and the answers that wait for an outcome."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twisted.internet import defer, threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from interface.connector.mllp.arrival import Arrival
from interface.connector.mllp.in_flight import InFlight
from interface.connector.mllp.limits import SourceSettings
from interface.connector.mllp.source import MllpSource
from interface.engine.adopt import adoption
from interface.engine.certificates import CertificateWatch
from interface.engine.intake import Intake
from interface.engine.outcome import Outcomes, take_custody
from interface.engine.reception import Listener, Reception
from interface.engine.wake import Bell, Ringer
from interface.errors import ConfigurationError, StoreError
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.observe.fault import fault
from interface.observe.files import FilesExhausted
from interface.observe.receive import ListenerFailed
from interface.observe.room import StorageBack
from interface.pipeline.receive import Answer, Examined
from interface.ports import Clock, Store
from interface.settings import Pace
from interface.view.count import Ear, Vitals


@dataclass(frozen=True, slots=True)
class Source:
    """One channel to listen for."""

    listener: Listener
    settings: SourceSettings


@dataclass(slots=True)
class _Open:
    """A source, and what its frames are received by now: a newer version may say otherwise while connections stay."""

    source: MllpSource
    settings: SourceSettings
    listener: Listener


class ListenPart:
    """Owns the sources of all channels. Everything but the two threads lives on the reactor."""

    def __init__(
        self,
        reactor: AsyncioSelectorReactor,
        store: Store,
        clock: Clock,
        pace: Pace,
        bell: Bell,
        ringer: Ringer,
        room: Callable[[], StoreError | None] = lambda: None,
        arrivals: Callable[[], int] | None = None,
    ) -> None:
        """`room` gives the reason why the disk has no room for what would be received; `arrivals` the time that arrivals get."""
        self._arrivals = arrivals or clock.now
        self._reactor = reactor
        self._store = store
        self._clock = clock
        self._pace = pace
        self._bell = bell
        self._ringer = ringer
        self._outcomes = Outcomes(store, bell, take_custody, poll_secs=pace.poll_secs)
        self._intake = Intake[Examined](
            store,
            batch_messages=pace.receive_batch_messages,
            stored=self._stored,
            settled=self._flush,
            refusal=room,
        )
        self._room = room
        self._look = LoopingCall(self._in_thread, self._look_at_room)
        self._look.clock = reactor
        self._reception = Reception(reactor, self._intake, self._outcomes, clock)
        self._in_flight = InFlight(pace.max_frames_in_flight, pace.max_bytes_in_flight)
        self._open: dict[str, _Open] = {}  # by channel
        self._ends: list[defer.Deferred[None]] = []  # of sources that a newer version has closed
        self._watch = CertificateWatch(reactor, clock, pace, lambda: [one.tls for one in self._sources if one.tls])
        self._closed_at: float | None = None  # since when nothing can be stored, in seconds of the reactor
        self._why_closed = ""  # the error's code, as it was told last
        self._is_draining = False
        self._retry: IDelayedCall | None = None

    def start(self, sources: Sequence[Source]) -> list[str]:
        """Listen for every channel; gives host:port of each. ConfigurationError where not one address can be had.

        A channel whose address is taken, or whose certificate cannot be used, is told of and tried again; the others go on.
        """
        self._intake.start()
        self._outcomes.start()
        self._open = {source.settings.channel: self._source(source) for source in sources}
        missing = [why for source in self._sources if (why := _failure(source.channel, source.listen))]
        if missing and len(missing) == len(self._sources) and all(why.code == "cannot-listen" for why in missing):
            raise missing[0]
        self._look.start(self._pace.disk_check_secs).addErrback(self._record_fault)
        if missing:
            self._retry = self._reactor.callLater(self._pace.listen_retry_secs, self._listen_again)
        self._watch_certificates()
        return [source.place for source in self._sources]

    @property
    def _sources(self) -> list[MllpSource]:
        return [one.source for one in self._open.values()]

    def _watch_certificates(self) -> None:
        if any(source.tls for source in self._sources):
            self._watch.start()

    def adopt(self, sources: Sequence[Source]) -> None:
        """Listen as a newer configuration version says.

        A listener whose settings are the same keeps its socket and its connections; what comes over them is received and answered
        by the new version. Of any other the old connections are answered to their end, and it is opened as it is now.
        """
        if self._is_draining:
            return
        wanted = {source.settings.channel: source for source in sources}
        found = adoption(
            {name: one.settings for name, one in self._open.items()},
            {name: source.settings for name, source in wanted.items()},
        )
        gone = [self._open[name].source for name in (*found.closes, *found.reopens)]
        kept = {name: self._open[name] for name in found.stays}
        for name, one in kept.items():
            one.listener = wanted[name].listener
        self._open = {name: kept.get(name) or self._source(source) for name, source in wanted.items()}
        # An address may be had again only once it was given back.
        closed = defer.gatherResults([source.stop_listening() for source in gone])
        closed.addCallback(lambda _closed: self._listen_again()).addErrback(self._record_fault)
        self._ends = [end for end in self._ends if not end.called]
        self._ends += [source.drain(self._pace.drain_secs) for source in gone]
        self._watch_certificates()

    def vitals(self) -> Vitals:
        """Which channels are listened for, and how long the oldest frame waits for its answer. On the reactor's thread."""
        off_by = self._reception.clock_off_by
        ears = tuple(
            Ear(one.channel, one.place, one.is_listening, one.connections, off_by(one.channel)) for one in self._sources
        )
        worked_at = self._clock.now() - int(self._intake.idle_secs * 1_000_000)
        return Vitals(ears, self._reception.oldest_unanswered_at, worked_at)

    def _source(self, source: Source) -> _Open:
        def receive(arrival: Arrival) -> defer.Deferred[bytes | None]:
            return self._reception.take(made.listener, arrival).addErrback(self._not_stored)

        opened = MllpSource(source.settings, receive, self._reactor, now=self._arrivals, in_flight=self._in_flight)
        made = _Open(opened, source.settings, source.listener)
        return made

    def _flush(self) -> None:
        self._reception.flush()

    def _stored(self, _answers: Sequence[Answer[Examined]]) -> None:
        self._ringer.ring("process")

    def _not_stored(self, failure: Failure) -> Failure:
        # The sender gets no answer and no listener: it keeps its message, and its order.
        if isinstance(failure.value, StoreError):
            self._why_closed = failure.value.code
            self._close()
        return failure

    def _close(self) -> None:
        if self._closed_at is not None or self._is_draining:
            return
        self._closed_at = self._reactor.seconds()
        for one in self._open.values():
            if not one.listener.rejects_when_unstorable:  # those say no instead
                one.source.stop_listening()
        self._reactor.callLater(self._pace.storage_retry_secs, self._try_storage)

    def _look_at_room(self) -> None:
        # Closed before the first message meets it: a sender that is turned away at the door knows that nothing was taken.
        if self._room() is not None:
            self._reactor.callFromThread(self._close)

    @staticmethod
    def _record_fault(failure: Failure) -> None:
        emit(fault(failure, "listen"))

    def _try_storage(self) -> None:
        self._in_thread(self._require_storage).addCallbacks(self._storage_is_back, self._storage_is_away)

    def _require_storage(self) -> None:
        if (refusal := self._room()) is not None:
            raise refusal
        self._store.check_writable()

    def _in_thread(self, call: Callable[[], None]) -> "defer.Deferred[None]":
        return threads.deferToThreadPool(self._reactor, self._reactor.getThreadPool(), call)

    def _storage_is_back(self, _nothing: None) -> None:
        away_secs = self._reactor.seconds() - (self._closed_at or 0.0)
        self._closed_at = None
        self._why_closed = ""
        emit(StorageBack(place="listen", took_micros=int(away_secs * 1_000_000)))
        self._listen_again()

    def out_of_files(self) -> None:
        """The system gave no file for a connection. Without a rest the reactor would do nothing but ask again."""
        emit(FilesExhausted("listen"))
        for source in self._sources:
            source.rest(self._pace.poll_secs)

    def _listen_again(self) -> None:
        """Listen wherever nothing does. An address that somebody took meanwhile is tried again later; the others go on."""
        if self._retry is not None and self._retry.active():
            self._retry.cancel()
        if self._closed_at is not None or self._is_draining:
            return
        failed = [source for source in self._sources if _failure(source.channel, source.listen)]
        if failed:
            self._retry = self._reactor.callLater(self._pace.listen_retry_secs, self._listen_again)

    def _storage_is_away(self, failure: Failure) -> None:
        # What ended a session may not be what keeps the next one from writing.
        if isinstance(failure.value, StoreError) and failure.value.code != self._why_closed:
            self._why_closed = failure.value.code
            emit(StorageFailed(code=failure.value.code, place="listen"))
        self._reactor.callLater(self._pace.storage_retry_secs, self._try_storage)

    def drain(self) -> defer.Deferred[object]:
        """Take nothing new, answer what is in flight, then stop the threads."""
        self._is_draining = True
        self._watch.stop()
        if self._look.running:
            self._look.stop()
        self._outcomes.hurry()
        ends = [source.drain(self._pace.drain_secs) for source in self._sources]
        closed = defer.gatherResults([*ends, *self._ends])
        return closed.addBoth(lambda _nothing: self._stop_threads())

    def _stop_threads(self) -> None:
        self._intake.stop(self._pace.drain_secs)
        self._outcomes.stop(self._pace.drain_secs)
        self._bell.close()
        self._ringer.close()


def _failure(channel: str, attempt: Callable[[], object]) -> ConfigurationError | None:
    """Try what a listener needs; what stands in the way is told, and given."""
    try:
        attempt()
    except ConfigurationError as failure:
        emit(ListenerFailed(channel=channel, place=failure.place, code=failure.code))
        return failure
    return None
