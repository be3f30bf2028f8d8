"""Clocks that are set while the engine runs: nothing waits for the old time, and nothing that came later looks older."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from interface.engine.clock import ArrivalClock, ClockWatch
from interface.engine.heartbeat import SignOfLife
from interface.message import MessageState
from interface.observe.clock import ClockBehind
from interface.operate.status import status
from interface.pipeline.forward import bring_forward
from interface.row.delivery import DestinationState
from interface.view.count import PartState
from tests.crash.flushwatch import build
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.engine.wire import Wire, adt, code, control_id
from tests.pipeline.conftest import feed  # noqa: F401 - the fixture, on both databases
from tests.pipeline.spoken import DESTINATION, SECOND, Feed
from tests.pipeline.test_deliver import Ehr, pay, prepared, send

HOUR = 3600 * SECOND
SOURCE = Path(__file__).with_name("clockshift.c")


class Clocks:
    """One that people set (microseconds), and one that nobody does (seconds)."""

    def __init__(self) -> None:
        self.wall = 1_000 * HOUR
        self.secs = 50.0

    def now(self) -> int:
        return self.wall

    def seconds(self) -> float:
        return self.secs

    def go_on(self, secs: float) -> None:
        self.wall += int(secs * SECOND)
        self.secs += secs


# ------------------------------------------------------------ being set


@pytest.mark.parametrize("by", [-HOUR, 24 * HOUR, -6 * SECOND])
def test_a_clock_that_is_set_is_noticed_once(by: int) -> None:
    clocks = Clocks()
    watch = ClockWatch(clocks.now, tolerance_secs=5, seconds=clocks.seconds)
    clocks.go_on(100)
    assert watch.step() == 0
    clocks.wall += by
    assert [watch.step(), watch.step()] == [by, 0]


def test_a_clock_that_is_slewed_is_followed() -> None:
    clocks = Clocks()
    watch = ClockWatch(clocks.now, tolerance_secs=5, seconds=clocks.seconds)
    for _ in range(100):
        clocks.go_on(2)
        clocks.wall -= SECOND // 10
        assert watch.step() == 0


# ------------------------------------------------------------ arrivals


def test_arrivals_never_run_back_and_follow_again_once_the_clock_has_caught_up() -> None:
    clocks = Clocks()
    arrivals = ArrivalClock(clocks.now, 0, hold_secs=24 * 3600)
    before = arrivals.now()
    clocks.wall -= HOUR
    held = arrivals.now()
    clocks.go_on(3600 + 5)
    assert (held, arrivals.now()) == (before, before + 5 * SECOND)


def test_arrivals_begin_where_those_before_a_restart_ended() -> None:
    clocks = Clocks()
    last = clocks.wall + HOUR
    assert ArrivalClock(clocks.now, last, hold_secs=24 * 3600).now() == last


def test_a_clock_that_was_far_ahead_is_not_held_to_it() -> None:
    clocks = Clocks()
    arrivals = ArrivalClock(clocks.now, clocks.wall + 25 * HOUR, hold_secs=24 * 3600)
    assert arrivals.now() == clocks.wall


# ------------------------------------------------------------ what is due later


def test_a_send_that_is_due_by_the_old_clock_is_due_after_it_was_set_back(feed: Feed) -> None:  # noqa: F811 - the fixture
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    stage.answered(send(stage, Ehr()), "AR", "207", b"")
    feed.clock.at -= HOUR
    assert stage.next_due() is None
    assert bring_forward(feed.store, {DESTINATION: stage._plan}, feed.clock, 60) >= 1
    assert stage.next_due() is not None


def test_a_send_that_waits_no_longer_than_it_may_goes_on_waiting(feed: Feed) -> None:  # noqa: F811 - the fixture
    stage = prepared(feed, 1)
    pay(feed, {"A0": 500})
    stage.answered(send(stage, Ehr()), "AR", "207", b"")
    bring_forward(feed.store, {DESTINATION: stage._plan}, feed.clock, 1e6)
    assert stage.next_due() is None


def test_a_probe_that_is_due_by_the_old_clock_is_due_after_it_was_set_back(feed: Feed) -> None:  # noqa: F811 - the fixture
    stage = prepared(feed, 1)
    now = feed.clock.now()
    with feed.store.turn("test") as turn:
        turn.set_destination_state(DestinationState(DESTINATION, now, now + 30 * SECOND))
    feed.clock.at -= HOUR
    assert not stage.look().is_probe_due
    bring_forward(feed.store, {DESTINATION: stage._plan}, feed.clock, 60)
    assert stage.look().is_probe_due


# ------------------------------------------------------------ signs of life


def test_a_part_that_died_before_the_clock_was_set_back_is_not_alive(feed: Feed) -> None:  # noqa: F811 - the fixture
    SignOfLife(feed.store, feed.clock, "listen").write(PartState.RUNNING)
    assert len(status(feed.store, feed.clock).alive) == 1
    feed.clock.at -= HOUR
    assert status(feed.store, feed.clock).alive == ()


def test_a_clock_behind_the_last_stored_time_is_told(
    feed: Feed,  # noqa: F811 - the fixture
    caplog: pytest.LogCaptureFixture,
) -> None:
    SignOfLife(feed.store, feed.clock, "listen").write(PartState.RUNNING)
    feed.clock.at -= HOUR
    SignOfLife(feed.store, feed.clock, "process").write(PartState.RUNNING)
    (told,) = [record.msg for record in caplog.records if isinstance(record.msg, ClockBehind)]
    assert (told.part, round(told.behind_micros / HOUR, 3)) == ("process", 1)


# ------------------------------------------------------------ a running engine


class Shift:
    """The clock of the processes that run in its environment; see clockshift.c."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "shift"
        self.environ = {"LD_PRELOAD": str(build(folder, SOURCE)), "CLOCKSHIFT_FILE": str(self._file)}

    def by(self, secs: int) -> None:
        self._file.with_suffix(".new").write_text(str(secs), encoding="ascii")
        self._file.with_suffix(".new").replace(self._file)


@pytest.fixture
def shifted(tmp_path: Path) -> Iterator[tuple[Engine, Shift]]:
    shift, root = Shift(tmp_path), make_root(tmp_path / "root")
    with (root / "config" / "engine.yaml").open("a", encoding="utf-8") as settings:
        settings.write("heartbeat_secs: 0.2\n")
    with running_engine(tmp_path / "home", root, shift.environ) as engine:
        yield engine, shift


def said_at(number: str, at: float, family: str) -> bytes:
    """An update of one invented patient, that happened at a time of the EHR's own, right clock."""
    stamp = datetime.fromtimestamp(at, UTC).strftime("%Y%m%d%H%M%S+0000").encode()
    return adt(number).replace(b"20250304090000-0600", stamp).replace(b"SPECIMEN", family.encode())


def family_of(engine: Engine) -> str:
    with engine.app.store.snapshot() as reader:
        story = reader.account("990001")
    assert story is not None and story.patient is not None
    return story.patient.value("name", "family")


@pytest.mark.proof
def test_what_the_ehr_says_after_our_clock_was_set_back_still_wins(shifted: tuple[Engine, Shift]) -> None:
    engine, shift = shifted
    first, second, third = (control_id("CLK") for _ in range(3))
    began = time.time()
    with Wire(engine.port) as wire:
        assert code(wire.ask(said_at(first, began, "BEFORE"))) == "AA"
        engine.await_state(first, MessageState.PROCESSED)
        shift.by(-3600)
        wait_until(lambda: len(engine.events("clock-stepped")) == 2, "both parts tell")
        assert code(wire.ask(said_at(second, began + 60, "AFTERWARDS"))) == "AA"
        engine.await_state(second, MessageState.PROCESSED)
        assert family_of(engine) == "AFTERWARDS"
        shift.by(24 * 3600)
        wait_until(lambda: len(engine.events("clock-stepped")) == 4, "both parts tell again")
        assert code(wire.ask(said_at(third, began + 120, "AT LAST"))) == "AA"
    engine.await_state(third, MessageState.PROCESSED)
    assert family_of(engine) == "AT LAST"
    assert engine.events("part-stopped") == []
    assert engine.drain() == 0
