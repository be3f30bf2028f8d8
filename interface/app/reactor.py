"""The reactor that a part runs on: made, run until a signal, and the ways between it and threads."""

import asyncio
import signal
import time
from collections.abc import Callable
from typing import Any, cast

import uvloop
from twisted.internet import asyncioreactor, defer, threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from interface.engine.heartbeat import Heartbeat
from interface.engine.supervise import CANNOT_START, FAILED
from interface.errors import ConfigurationError, InterfaceError, StoreReplacedError
from interface.observe.emit import emit
from interface.observe.engine import EngineStopped

_POOL_THREADS = 10  # of the reactor, for what blocks: signs of life, what deliveries write, looks at files


def install_reactor() -> AsyncioSelectorReactor:
    """Twisted's reactor on uvloop's event loop, made once in a process, before anything imports the reactor."""
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
    from twisted.internet import reactor  # noqa: PLC0415 - importing it earlier would install another one

    installed = cast(AsyncioSelectorReactor, reactor)
    # Its own clock is the one that people set: every wait and time-out would stand still for as long as that was set back.
    installed.seconds = time.monotonic
    # All threads from the start: one that cannot be had later would leave its work undone; a part that cannot start is tried again.
    installed.getThreadPool().adjustPoolsize(_POOL_THREADS, _POOL_THREADS)
    return installed


def run(
    reactor: AsyncioSelectorReactor,
    heartbeat: Heartbeat | None,
    *,
    start: Callable[[], object],
    stop: Callable[[], "defer.Deferred[Any]"],
) -> int:
    """Run until a signal or until the store is another one; gives the exit code.

    `start` may raise ConfigurationError: the part cannot start. `stop` drains.
    """
    exit_codes = [0]

    def begin() -> None:
        try:
            start()
            if heartbeat is not None:
                heartbeat.start(replaced)
        except ConfigurationError as wrong:
            tell_stop(wrong)
            exit_codes[0] = CANNOT_START
            reactor.stop()

    stopping: list[object] = []

    def end() -> None:
        if not stopping:
            ending = stop()
            if heartbeat is not None:
                ending.addBoth(lambda _result: heartbeat.stop())
            stopping.append(ending.addBoth(lambda _result: reactor.stop()))

    def replaced(failure: StoreReplacedError) -> None:
        # Started again, the part opens what is there now.
        if not stopping:
            tell_stop(failure)
            exit_codes[0] = FAILED
            end()

    def on_signal(_number: int, _frame: object) -> None:
        reactor.callFromThread(end)

    reactor.callWhenRunning(begin)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    reactor.run(installSignalHandlers=False)
    return exit_codes[0]


def tell_stop(failure: InterfaceError) -> None:
    """Say why this part ends."""
    emit(EngineStopped(code=failure.code, place=failure.place, text=failure.text, advice=failure.advice))


def in_thread(reactor: AsyncioSelectorReactor, call: Callable[[], None]) -> "defer.Deferred[None]":
    """Call on a thread of the reactor's pool."""
    return threads.deferToThreadPool(reactor, reactor.getThreadPool(), call)


def on_reactor(reactor: AsyncioSelectorReactor, call: Callable[[], object]) -> None:
    """Call on the reactor's thread from another one, and wait until what it gives is done."""
    threads.blockingCallFromThread(reactor, call)
