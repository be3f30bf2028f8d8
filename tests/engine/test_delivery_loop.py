"""One destination's loop when the store or the wire fails in the middle: what is known is written, and nothing waits for ever."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from twisted.internet import threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import ensureDeferred

from interface.engine.delivery import DeliveryLoop, Reply
from interface.errors import StoreUnavailableError, WireError
from interface.hl7.ack import AckCode
from interface.message import DeliveryState, PostingState
from interface.pipeline.deliver import DeliverStage
from interface.settings import Settings
from interface.store.store import open_store
from tests.engine.processes import wait_until
from tests.made import MadeDatabase
from tests.pipeline.spoken import DESTINATION, Feed, HandClock
from tests.pipeline.test_deliver import items, pay, posting, prepared, render, states

PACE = replace(Settings().pace(), gather_secs=0.0, poll_secs=0.05, storage_retry_secs=0.05)
Answer = Callable[["Peer", str], Reply]


class Peer:
    """The far side: answers each send as the test says."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.control_ids: list[str] = []
        self.loop: DeliveryLoop | None = None

    async def send(self, _payload: bytes, control_id: str) -> Reply:
        self.control_ids.append(control_id)
        return self.answer(self, control_id)

    async def close(self) -> None:
        """Nothing is open."""


def says(code: AckCode) -> Reply:
    return cast(Reply, SimpleNamespace(ack=SimpleNamespace(code=code, problems=()), raw=b"MSA"))


class Failing(DeliverStage):
    """A stage whose store is away for the first calls of one of its methods."""

    def __init__(self, stage: DeliverStage, method: str, *, after_commit: bool = False) -> None:
        super().__init__(stage._store, stage._plan, render, stage._clock, lambda: 0.5)
        self.left = 2
        plain = getattr(self, method)

        def fail(*args: Any) -> Any:
            if not self.left:
                return plain(*args)
            self.left -= 1
            if after_commit and not self.left:
                plain(*args)
            raise StoreUnavailableError("database-unavailable", "the database does not answer")

        setattr(self, method, fail)


@pytest.fixture
def feed(made_sqlite: MadeDatabase) -> Iterator[Feed]:
    clock = HandClock()
    store = open_store(made_sqlite.url, clock, made_sqlite.environ)
    yield Feed(store, clock)
    store.close()


@pytest.fixture
def reactor() -> Iterator[AsyncioSelectorReactor]:
    """A running reactor of the test's own."""
    loop = asyncio.new_event_loop()
    running = AsyncioSelectorReactor(loop)
    thread = threading.Thread(target=running.run, kwargs={"installSignalHandlers": False}, daemon=True)
    thread.start()
    yield running
    running.callFromThread(running.stop)
    thread.join(timeout=10)
    loop.close()


class Running:
    """A loop on a reactor."""

    def __init__(
        self, reactor: AsyncioSelectorReactor, stage: DeliverStage, peer: Peer, wait_secs: float = 0.05
    ) -> None:
        self._reactor = reactor
        self._loop = DeliveryLoop(
            reactor,
            DESTINATION,
            stage,
            peer,
            PACE,
            probe=None,
            connect_wait=lambda _failures: wait_secs,
        )
        peer.loop = self._loop
        threads.blockingCallFromThread(reactor, self._loop.start)

    def stop(self) -> None:
        threads.blockingCallFromThread(self._reactor, lambda: ensureDeferred(self._loop.stop()))


def test_an_answer_is_written_once_the_store_is_back(feed: Feed, reactor: AsyncioSelectorReactor) -> None:
    stage = Failing(prepared(feed, 1), "answered")
    pay(feed, {"A0": 500})
    running = Running(reactor, stage, Peer(lambda _peer, _id: says(AckCode.AA)))
    wait_until(lambda: states(feed) == [DeliveryState.DELIVERED], "the answer is written")
    running.stop()
    assert posting(feed, "A0") == [PostingState.POSTED]


def test_an_intent_whose_commit_was_not_told_is_sent_once(feed: Feed, reactor: AsyncioSelectorReactor) -> None:
    stage, peer = Failing(prepared(feed, 1), "begin", after_commit=True), Peer(lambda _peer, _id: says(AckCode.AA))
    pay(feed, {"A0": 500})
    running = Running(reactor, stage, peer)
    wait_until(lambda: states(feed) == [DeliveryState.DELIVERED], "it is sent after all")
    running.stop()
    assert len(peer.control_ids) == 1


def test_a_defect_while_sending_leaves_doubt_for_a_person(feed: Feed, reactor: AsyncioSelectorReactor) -> None:
    def defect(_peer: Peer, _control_id: str) -> Reply:
        raise ZeroDivisionError

    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    running = Running(reactor, stage, Peer(defect))
    wait_until(lambda: states(feed) == [DeliveryState.AMBIGUOUS], "it is in doubt")
    running.stop()
    assert [item.cause for item in items(feed)] == ["internal-error"]


def test_a_refusal_right_behind_its_accept_acknowledgement_is_written_behind_it(
    feed: Feed, reactor: AsyncioSelectorReactor
) -> None:
    def both(peer: Peer, control_id: str) -> Reply:
        # In one read: the loop hears of the second as soon as it goes on with the first.
        assert peer.loop is not None
        reactor.callLater(0, peer.loop.late, control_id, "AE")
        return says(AckCode.CA)

    stage = prepared(feed, 1, posted_when="application")
    pay(feed, {"A0": 500})
    running = Running(reactor, stage, Peer(both))
    wait_until(lambda: len(items(feed)) == 1, "the refusal is written")
    running.stop()
    assert (states(feed), posting(feed, "A0")) == ([DeliveryState.REJECTED], [PostingState.REJECTED])


def test_a_stop_does_not_wait_for_a_destination_that_is_not_there(feed: Feed, reactor: AsyncioSelectorReactor) -> None:
    is_asked, may_go_on = threading.Event(), threading.Event()

    def unreachable(_peer: Peer, _control_id: str) -> Reply:
        is_asked.set()
        may_go_on.wait(10)
        raise WireError("connect-failed", "nothing listens")

    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    running = Running(reactor, stage, Peer(unreachable), wait_secs=3600)
    stopping = threading.Thread(target=running.stop)
    is_asked.wait(10)
    stopping.start()
    may_go_on.set()
    stopping.join(20)
    assert not stopping.is_alive()
    assert states(feed) == [DeliveryState.QUEUED]
