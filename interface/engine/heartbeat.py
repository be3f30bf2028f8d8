"""A part's sign of life in the store, for people who ask what runs."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from twisted.internet import defer, threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.task import LoopingCall

from interface.errors import StoreError
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.ports import Clock, Store
from interface.view.count import PartRow, PartState, Vitals

_NOTHING = Vitals()


class SignOfLife:
    """What one part says of itself."""

    def __init__(self, store: Store, clock: Clock, part: str) -> None:
        self._store = store
        self._clock = clock
        self._part = part
        self._started_at = clock.now()

    def write(self, state: PartState, vitals: Vitals = _NOTHING) -> None:
        """Say that this part is alive, and how it stands. A database that is away is an event."""
        now = self._clock.now()
        row = PartRow(self._part, os.getpid(), socket.gethostname(), state, self._started_at, now, vitals)
        try:
            with self._store.turn("beat") as turn:
                turn.beat(row)
        except StoreError as failure:
            emit(StorageFailed(code=failure.code, place=f"heartbeat of {self._part}"))


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
        self._loop = LoopingCall(self._beat)

    def start(self) -> None:
        """Beat now and from then on."""
        self._loop.start(self._every_secs)

    def stop(self) -> "defer.Deferred[None]":
        """The last sign says that the part was stopped on purpose."""
        if self._loop.running:
            self._loop.stop()
        return self._in_thread(self._rest)

    def _in_thread(self, call: Callable[[], None]) -> "defer.Deferred[None]":
        return threads.deferToThreadPool(self._reactor, self._reactor.getThreadPool(), call)

    def _beat(self) -> "defer.Deferred[None]":
        state, vitals = self._state(), self._vitals()
        return self._in_thread(lambda: self._sign.write(state, vitals))

    def _rest(self) -> None:
        self._sign.write(PartState.STOPPED)
