"""What every test of a wire gets: no failure may end in Twisted's log, where no test would see it."""

import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvloop
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.logger import LogEvent, globalLogPublisher

from interface.connector.mllp.arrival import Arrival
from tests.wire.listening import Listening
from tests.wire.sending import Sending


@pytest.fixture(autouse=True)
def no_failure_goes_unseen() -> Iterator[None]:
    """A Deferred that failed with nobody listening, or a protocol that raised, fails the test."""
    failures: list[str] = []

    def observe(event: LogEvent) -> None:
        if "log_failure" in event:
            failures.append(event["log_failure"].getTraceback())

    globalLogPublisher.addObserver(observe)
    gc.freeze()  # what was there before is not looked through: a full collection takes half a second late in a run
    yield
    gc.collect()  # a forgotten Deferred complains when it is collected
    gc.unfreeze()
    globalLogPublisher.removeObserver(observe)
    assert not failures, "\n".join(failures)


@pytest.fixture(scope="module")
def reactor() -> Iterator[AsyncioSelectorReactor]:
    """A running reactor of the module's own, in a thread; nothing is installed for the whole process."""
    loop = uvloop.new_event_loop()  # the one that the engine runs on
    running = AsyncioSelectorReactor(loop)
    thread = threading.Thread(target=running.run, kwargs={"installSignalHandlers": False}, daemon=True)
    thread.start()
    yield running
    running.callFromThread(running.stop)
    thread.join(timeout=10)
    loop.close()


@pytest.fixture
def listen(reactor: AsyncioSelectorReactor) -> Iterator[Callable[..., Listening]]:
    """Makes sources and drains them after the test."""
    open_ones: list[Listening] = []

    def start(receive: Callable[[Arrival], Any], **limits: Any) -> Listening:
        open_ones.append(Listening(reactor, receive, **limits))
        return open_ones[-1]

    yield start
    for each in open_ones:
        each.call(each.source.drain, 0.1)


@pytest.fixture
def sending(reactor: AsyncioSelectorReactor) -> Iterator[Callable[..., Sending]]:
    """Makes destinations and closes them after the test."""
    made: list[Sending] = []

    def make(port: int, **settings: Any) -> Sending:
        made.append(Sending(reactor, port, **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()
