"""The watching part without an engine around it: a taken port, a database that is away, a look that is too old."""

import asyncio
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast

import httpx
import pytest
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from interface.app.alerting import Alerting
from interface.app.compose import App, open_app
from interface.app.outbox import Outbox
from interface.app.watch import Watch
from interface.errors import StoreUnavailableError
from interface.operate.alerts import AlertList, alerts
from interface.settings import read_settings
from interface.store.store import SqlStore
from interface.view.alert import Rule, TellingKind
from tests.engine.root import make_root
from tests.ports import free_ports

PROJECT = Path(__file__).resolve().parents[2]


def watching(tmp_path: Path, environ: dict[str, str]) -> Watch:
    settings = read_settings(PROJECT, tmp_path, environ)
    return Watch(tmp_path, PROJECT, settings.model_copy(update={"health_secs": 0.05, "listen_retry_secs": 0.05}))


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("not within 12 s")


async def first_answer(url: str) -> int:
    """The status code of the first answer."""
    async with httpx.AsyncClient() as client:
        for _ in range(200):
            try:
                return (await client.get(url)).status_code
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise AssertionError("nobody answers")


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    (port,) = free_ports(1)
    monkeypatch.delenv("HP24_DATABASE_URL", raising=False)
    monkeypatch.setenv("HP24_KEY_FILE", str(tmp_path / "key" / "test.key"))
    return {"HP24_HTTP_PORT": str(port)}


def test_a_taken_port_is_tried_again_and_stops_nothing(tmp_path: Path, environ: dict[str, str]) -> None:
    port = int(environ["HP24_HTTP_PORT"])

    async def life() -> int:
        watch = watching(tmp_path, environ)
        with socket.create_server(("127.0.0.1", port)):
            watch.start()
            await until(lambda: "home-empty" in [one.code for one in watch.health().reasons])
        try:
            return await first_answer(f"http://127.0.0.1:{port}/health/ready")
        finally:
            await watch.stop()

    assert asyncio.run(life()) == 503


def test_a_database_that_was_away_is_told_of_once_it_is_back(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_root(tmp_path / "root")
    config = root / "config" / "engine.yaml"
    config.write_text(
        config.read_text(encoding="utf-8") + "alerts: {tell_after_secs: 0, gone_after_secs: 0}\n", "utf-8"
    )
    home = tmp_path / "home"
    with open_app(home, root):
        pass  # the first opening makes it
    is_away = threading.Event()
    check = SqlStore.check_writable

    def check_writable(store: SqlStore) -> None:
        if is_away.is_set():
            raise StoreUnavailableError("database-unavailable", "no room is left")
        check(store)

    monkeypatch.setattr(SqlStore, "check_writable", check_writable)

    async def life() -> AlertList:
        loop = asyncio.get_running_loop()
        settings = read_settings(root, home, {**environ, "HP24_HTTP_PORT": "0"})

        def alerting(app: App) -> Alerting:
            outbox = Outbox(app, cast(AsyncioSelectorReactor, None))  # nobody is told, so nothing is sent
            return Alerting(app, outbox, loop, loop.create_task)

        watch = Watch(home, root, settings.model_copy(update={"health_secs": 0.05}), alerting)
        watch.start()
        try:
            await until(lambda: watch.health().status is not None)
            is_away.set()
            await until(lambda: "database-unavailable" in [one.code for one in watch.health().reasons])
            is_away.clear()
            with open_app(home, root) as app:
                await until(lambda: any(one.rule == Rule.DATABASE_AWAY for one in alerts(app.store).ended))
                return alerts(app.store)
        finally:
            await watch.stop()

    found = asyncio.run(life())
    (away,) = [one for one in found.ended if one.rule == Rule.DATABASE_AWAY]
    assert away.began_at < away.ended_at
    assert [row.kind for row, _ in found.told if row.alert_id == away.id] == [TellingKind.RECOVERY, TellingKind.START]


def test_a_database_that_appears_is_watched(tmp_path: Path, environ: dict[str, str]) -> None:
    async def life() -> list[str]:
        watch = watching(tmp_path, environ)
        watch.start()
        try:
            await until(lambda: "home-empty" in [one.code for one in watch.health().reasons])
            with open_app(tmp_path, PROJECT):
                pass  # the first opening makes it
            await until(lambda: watch.health().status is not None)
            return [one.code for one in watch.health().reasons]
        finally:
            await watch.stop()

    assert asyncio.run(life()) == ["listen-down", "process-down"]
