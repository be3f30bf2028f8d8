"""Looks from the reactor whether a newer configuration version became active, and hands it to whoever adopts it."""

from collections.abc import Callable
from typing import Generic, TypeVar

from twisted.internet import defer, threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from interface.errors import StoreError
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.observe.fault import fault

V = TypeVar("V")


class VersionWatch(Generic[V]):
    """`newer` is asked every `every_secs` on the reactor's thread pool; what it gives goes to `adopt` on the reactor."""

    def __init__(
        self,
        reactor: AsyncioSelectorReactor,
        every_secs: float,
        newer: Callable[[], V | None],
        adopt: Callable[[V], object],
    ) -> None:
        self._reactor = reactor
        self._every_secs = every_secs
        self._newer = newer
        self._adopt = adopt
        self._loop = LoopingCall(self._look)
        self._loop.clock = reactor

    def start(self) -> None:
        """Look from now on."""
        self._loop.start(self._every_secs, now=False).addErrback(self._record)

    def stop(self) -> None:
        """Look no more."""
        if self._loop.running:
            self._loop.stop()

    def _look(self) -> "defer.Deferred[None]":
        looked = threads.deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._newer)
        return looked.addCallback(self._take).addErrback(self._record)

    def _take(self, found: V | None) -> None:
        if found is not None and self._loop.running:
            self._adopt(found)

    @staticmethod
    def _record(failure: Failure) -> None:
        if isinstance(failure.value, StoreError):  # it is asked again
            emit(StorageFailed(code=failure.value.code, place="configuration"))
        else:
            emit(fault(failure, "configuration"))
