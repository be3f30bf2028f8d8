"""Of several engines on one database one judges and tells; another one takes over when it ends, or has lost its lock."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from interface.app.alerting import Alerting
from interface.app.compose import App
from interface.app.outbox import Outbox
from interface.operate.alerts import alerts
from interface.operate.conditions import Watched
from interface.operate.health import Health
from interface.settings import Settings
from interface.store.store import SqlStore, open_store
from tests.alert.test_conditions import WELL, around
from tests.made import MadeDatabase
from tests.store.given import HandClock

LOW = around(disk_free_bytes=10**9)
WATCHED = Watched(0, {})


class Calls:
    """What was asked of the reactor's thread."""

    def __init__(self) -> None:
        self.made: list[Callable[[], object]] = []

    def call_soon_threadsafe(self, call: Callable[[], object]) -> None:
        self.made.append(call)


class Loops:
    """An outbox that only notes whether it runs."""

    def start(self) -> None:
        """Nothing is sent."""

    def wake(self) -> None:
        """Nothing is sent."""


class Engine:
    """One engine's watching part, as far as it judges."""

    def __init__(self, store: SqlStore, clock: HandClock, folder: Path) -> None:
        settings = Settings.model_validate({"alerts": {"tell_after_secs": 0}})
        app = App(folder, folder, settings, store, clock, {})
        self.store = store
        self.calls = Calls()
        self.alerting = Alerting(
            app, cast(Outbox, Loops()), cast(asyncio.AbstractEventLoop, self.calls), lambda ending: asyncio.sleep(0)
        )

    def look(self, health: Health = LOW) -> int:
        """One look; gives how many alerts stand."""
        self.alerting.run(health, WATCHED, 0)
        return len(alerts(self.store).standing)

    @property
    def is_working(self) -> bool:
        return bool(self.calls.made)


@pytest.fixture
def engines(made_database: MadeDatabase, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    clock = HandClock()
    stores = [open_store(made_database.url, clock, made_database.environ) for _ in range(2)]
    first, second = (Engine(store, clock, tmp_path) for store in stores)
    yield first, second
    for engine in (first, second):
        engine.alerting.close()
        engine.store.close()


def test_one_engine_judges_and_the_other_stands_by(engines: tuple[Engine, Engine]) -> None:
    first, second = engines
    assert first.look() == 1
    second.look(WELL)
    assert (first.is_working, second.is_working) == (True, False)
    assert [one.gone_at for one in alerts(first.store).standing] == [0]


def test_the_other_takes_over_when_it_ends(engines: tuple[Engine, Engine]) -> None:
    first, second = engines
    first.look()
    first.alerting.close()
    second.look(WELL)
    assert second.is_working
    (one,) = alerts(second.store).standing
    assert one.gone_at
