"""The watching part without an engine around it: a taken port, a database that is away, a look that is too old."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from interface.app.compose import open_app
from interface.app.watch import Watch
from interface.settings import read_settings
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
