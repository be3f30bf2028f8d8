"""A part's sign of life in the store, for people who ask what runs."""

import os
import socket
from collections.abc import Callable

from twisted.internet import defer, threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.task import LoopingCall

from interface.errors import StoreError
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.ports import Clock, Store
from interface.view.count import STOPPED, PartRow


class Heartbeat:
    """Beats every `every_secs` from the reactor's thread pool, so that a slow database never stops a wire."""

    def __init__(
        self, reactor: AsyncioSelectorReactor, store: Store, clock: Clock, part: str, every_secs: float
    ) -> None:
        self._reactor = reactor
        self._store = store
        self._clock = clock
        self._part = part
        self._every_secs = every_secs
        self._started_at = clock.now()
        self._loop = LoopingCall(self._in_thread, self._beat)

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

    def _beat(self) -> None:
        self._write("running")

    def _rest(self) -> None:
        self._write(STOPPED)

    def _write(self, state: str) -> None:
        host = socket.gethostname()
        row = PartRow(self._part, os.getpid(), host, state, self._started_at, self._clock.now())
        try:
            with self._store.turn("beat") as turn:
                turn.beat(row)
        except StoreError as failure:
            emit(StorageFailed(code=failure.code, place=f"heartbeat of {self._part}"))
