"""A part's sign of life in the store, for people who ask what runs."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from twisted.internet import defer, threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.task import LoopingCall

from interface.engine.clock import ClockWatch
from interface.errors import StoreError, StoreReplacedError
from interface.observe.clock import ClockBehind, ClockStepped
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.observe.fault import fault
from interface.ports import Clock, Store
from interface.view.count import PartRow, PartState, Vitals

_NOTHING = Vitals()


class SignOfLife:
    """What one part says of itself."""

    def __init__(self, store: Store, clock: Clock, part: str, *, tolerance_secs: float = 5.0) -> None:
        self._tolerance = int(tolerance_secs * 1_000_000)
        self._watch = ClockWatch(clock.now, tolerance_secs=tolerance_secs)
        self._store = store
        self._clock = clock
        self._part = part
        self._started_at = clock.now()

    def write(self, state: PartState, vitals: Vitals = _NOTHING) -> StoreError | None:
        """Say that this part is alive, and how it stands. A database that is away is an event, and given."""
        if by := self._watch.step():
            emit(ClockStepped(self._part, by))
        now = self._clock.now()
        row = PartRow(self._part, os.getpid(), socket.gethostname(), state, self._started_at, now, vitals)
        try:
            with self._store.turn("beat") as turn:
                newest = max((part.beat_at for part in turn.parts()), default=0)
                turn.beat(row)
        except StoreError as failure:
            emit(StorageFailed(code=failure.code, place=f"heartbeat of {self._part}"))
            return failure
        if newest - row.beat_at > self._tolerance:
            emit(ClockBehind(self._part, newest - row.beat_at))
        return None


@contextmanager
def standing_by(sign: SignOfLife, every_secs: float) -> Iterator[None]:
    """Say that this part stands by, for as long as it blocks inside."""
    is_over = threading.Event()

    def beat() -> None:
        sign.write(PartState.STANDING_BY)
        while not is_over.wait(every_secs):
            sign.write(PartState.STANDING_BY)

    thread = threading.Thread(target=beat, name="standing by", daemon=True)
    thread.start()
    try:
        yield
    except SystemExit:  # told to stop before it was its turn
        is_over.set()
        thread.join()
        sign.write(PartState.STOPPED)
        raise
    finally:
        is_over.set()
        thread.join()


class Heartbeat:
    """Beats every `every_secs` from the reactor's thread pool, so that a slow database never stops a wire."""

    def __init__(
        self,
        reactor: AsyncioSelectorReactor,
        sign: SignOfLife,
        every_secs: float,
        state: Callable[[], PartState],
        vitals: Callable[[], Vitals],
    ) -> None:
        """`state` and `vitals` are asked on the reactor's thread."""
        self._reactor = reactor
        self._sign = sign
        self._every_secs = every_secs
        self._state = state
        self._vitals = vitals
        self._replaced: Callable[[StoreReplacedError], None] | None = None
        self._loop = LoopingCall(self._beat)

    def start(self, replaced: Callable[[StoreReplacedError], None]) -> None:
        """Beat now and from then on. `replaced` is called on the reactor once the store is no longer the one that was opened."""
        self._replaced = replaced
        self._loop.start(self._every_secs).addErrback(self._record_fault)

    def stop(self) -> "defer.Deferred[None]":
        """The last sign says that the part was stopped on purpose."""
        if self._loop.running:
            self._loop.stop()
        return self._in_thread(self._rest)

    def _in_thread(self, call: Callable[[], None]) -> "defer.Deferred[None]":
        return threads.deferToThreadPool(self._reactor, self._reactor.getThreadPool(), call)

    def _beat(self) -> "defer.Deferred[None]":
        state, vitals = self._state(), self._vitals()
        return self._in_thread(lambda: self._write(state, vitals))

    def _write(self, state: PartState, vitals: Vitals) -> None:
        # A defect costs one beat, not all that would follow.
        try:
            failure = self._sign.write(state, vitals)
        except Exception as bug:  # noqa: BLE001 - the edge of the thread
            self._record_fault(bug)
            return
        if isinstance(failure, StoreReplacedError) and self._replaced is not None:
            self._reactor.callFromThread(self._replaced, failure)

    @staticmethod
    def _record_fault(failure: BaseException) -> None:
        emit(fault(failure, "heartbeat"))

    def _rest(self) -> None:
        self._sign.write(PartState.STOPPED)
