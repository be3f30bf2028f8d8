"""The listening part when the database comes back: every address that can be had is listened on, the others are tried again."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.testing import MemoryReactorClock

from interface.connector.mllp.limits import SourceSettings
from interface.engine.clock import SystemClock
from interface.engine.listen import ListenPart, Source
from interface.engine.reception import Listener
from interface.engine.wake import Bell, Ringer
from interface.errors import ConfigurationError, StoreUnavailableError
from interface.hl7.framing import wrap
from interface.observe.receive import ListenerFailed
from interface.pipeline.receive import Listening
from interface.settings import Settings
from tests.engine.processes import wait_until
from tests.wire.memory import MemoryWire, message

FIRST, SECOND, THIRD = 2575, 2576, 2577


class Reactor(MemoryReactorClock):
    """A reactor that only a test moves, whose threads run at once; `taken` are ports that another program holds."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: set[int] = set()
        self.listening: dict[int, Any] = {}
        self.from_threads: list[Callable[[], object]] = []

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> IListeningPort:  # noqa: N802 - Twisted's names
        if port in self.taken:
            raise CannotListenError(interface, port, OSError("taken"))
        opened = super().listenTCP(port, factory, backlog, interface)
        self.listening[port] = factory
        opened.stopListening = lambda: self.listening.pop(port) and None
        return opened

    def callFromThread(self, call: Callable[..., object], *args: Any) -> None:  # noqa: N802
        self.from_threads.append(lambda: call(*args))

    def getThreadPool(self) -> Any:  # noqa: N802
        def at_once(tell: Callable[[bool, object], object], call: Callable[[], object]) -> None:
            tell(True, call())

        return SimpleNamespace(callInThreadWithCallback=at_once)

    def catch_up(self) -> None:
        """Do what threads asked for."""
        while self.from_threads:
            self.from_threads.pop(0)()


class Away:
    """A store that takes no message, and says that it takes one again."""

    def prepare(self, _intakes: object) -> object:
        raise StoreUnavailableError("database-unavailable", "the database does not answer", place="database")

    def check_writable(self) -> None:
        pass


@pytest.fixture
def reactor() -> Reactor:
    return Reactor()


@pytest.fixture
def idle(reactor: Reactor, tmp_path: Path) -> Iterator[ListenPart]:
    """One that was not started yet."""
    pace = Settings(storage_retry_secs=1, listen_retry_secs=5, drain_secs=1, poll_secs=0.01).pace()
    bell, ringer = Bell(tmp_path, "listen"), Ringer(tmp_path)
    part = ListenPart(cast(Any, reactor), cast(Any, Away()), SystemClock(), pace, bell, ringer)
    yield part
    part.drain()
    reactor.advance(2)


@pytest.fixture
def part(idle: ListenPart) -> ListenPart:
    """Three channels that listen."""
    idle.start([_source(port) for port in (FIRST, SECOND, THIRD)])
    return idle


def _source(port: int) -> Source:
    listener = Listener(Listening(f"c{port}"), answer_within_micros=1, rejects_when_unstorable=False)
    return Source(listener, SourceSettings(f"c{port}", port, host="127.0.0.1"))


def lose_storage(reactor: Reactor) -> None:
    """A message comes that cannot be stored."""
    wire = MemoryWire(reactor, reactor.listening[THIRD].buildProtocol(None))
    wire.deliver(wrap(message("C1")))
    wait_until(lambda: reactor.catch_up() or not reactor.listening, "the intake thread tells, and the listeners close")


def test_a_part_whose_channels_are_all_over_fhir_lives(idle: ListenPart, reactor: Reactor) -> None:
    idle.start([])
    assert (idle.vitals().ears, reactor.listening) == ((), {})
    idle.adopt([_source(FIRST)])
    reactor.catch_up()
    assert set(reactor.listening) == {FIRST}


def test_one_address_that_cannot_be_had_again_keeps_no_other_channel_from_listening(
    part: ListenPart, reactor: Reactor, caplog: pytest.LogCaptureFixture
) -> None:
    lose_storage(reactor)
    assert not reactor.listening
    reactor.taken.add(FIRST)
    reactor.advance(1)
    reactor.catch_up()
    assert set(reactor.listening) == {SECOND, THIRD}
    told = [record.msg for record in caplog.records if isinstance(record.msg, ListenerFailed)]
    assert told == [ListenerFailed(f"c{FIRST}", f"127.0.0.1:{FIRST}", "cannot-listen")]


def test_an_address_that_could_not_be_had_is_tried_until_it_can(part: ListenPart, reactor: Reactor) -> None:
    lose_storage(reactor)
    reactor.taken.add(FIRST)
    reactor.advance(1)
    reactor.catch_up()
    reactor.advance(5)
    assert FIRST not in reactor.listening
    reactor.taken.clear()
    reactor.advance(5)
    assert set(reactor.listening) == {FIRST, SECOND, THIRD}


def test_nothing_is_listened_on_again_once_the_part_drains(part: ListenPart, reactor: Reactor) -> None:
    lose_storage(reactor)
    part.drain()
    reactor.advance(10)
    reactor.catch_up()
    assert not reactor.listening


def test_an_address_that_is_taken_at_the_start_keeps_no_other_channel_from_listening(
    idle: ListenPart, reactor: Reactor
) -> None:
    reactor.taken.add(FIRST)
    idle.start([_source(port) for port in (FIRST, SECOND)])
    assert set(reactor.listening) == {SECOND}
    reactor.taken.clear()
    reactor.advance(5)
    assert set(reactor.listening) == {FIRST, SECOND}


def test_a_part_that_can_have_no_address_does_not_start(idle: ListenPart, reactor: Reactor) -> None:
    reactor.taken |= {FIRST, SECOND}
    with pytest.raises(ConfigurationError) as raised:
        idle.start([_source(port) for port in (FIRST, SECOND)])
    assert raised.value.code == "cannot-listen"
