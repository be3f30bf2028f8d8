"""A destination over HTTP, as a delivery loop knows destinations. What it asks is `asking`'s; here is where that runs."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet import defer, threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from interface.connector.fhir.asking import Asking
from interface.connector.fhir.settings import FhirSettings
from interface.row.delivery import Answer

R = TypeVar("R")


class FhirDestination:
    """Posts payments. `seconds` is the wall clock. Lives on the reactor's thread, whose loop its requests are tasks of."""

    tls = None  # files are read at each request: nothing is kept that would have to be made anew

    def __init__(self, settings: FhirSettings, reactor: AsyncioSelectorReactor, seconds: Callable[[], float]) -> None:
        self._reactor = reactor
        self._asking = Asking(settings, self._off, seconds)

    async def send(self, payload: bytes, control_id: str) -> Answer:
        """Send a kept request. Raises what `Asking.send` does."""
        return await _as_task(self._asking.send(payload, control_id))

    async def send_again(self, payload: bytes, control_id: str) -> Answer:
        """Look whether an earlier attempt has arrived, and send only if not. Raises what `Asking.send_again` does."""
        return await _as_task(self._asking.send_again(payload, control_id))

    async def retire(self) -> None:
        """Nothing is read on: no connection outlives its request."""

    async def close(self) -> None:
        """Nothing stays open between requests."""

    def _off(self, call: Callable[[], R]) -> Awaitable[R]:
        # The reactor's threads are there from the start; one of asyncio's own might be missing when it is wanted.
        found: Awaitable[R] = threads.deferToThreadPool(self._reactor, self._reactor.getThreadPool(), call).asFuture(
            asyncio.get_running_loop()
        )
        return found


def _as_task(asking: Coroutine[Any, Any, Answer]) -> "defer.Deferred[Answer]":
    return defer.Deferred.fromFuture(asyncio.ensure_future(asking))
