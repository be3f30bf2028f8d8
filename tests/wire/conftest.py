"""What every test of a wire gets: no failure may end in Twisted's log, where no test would see it."""

import gc
import threading
from collections.abc import Iterator

import pytest
import uvloop
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.logger import LogEvent, globalLogPublisher


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
