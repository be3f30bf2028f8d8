"""The address of the HTTP face: taken, secured, given back."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

from interface.errors import ConfigurationError
from interface.web.application import application
from interface.web.server import HttpServer, Serving
from tests.authority import Authority
from tests.web.test_application import WELL, Fixed


def server(port: int = 0, **tls: Path) -> HttpServer:
    return HttpServer(application(Fixed(WELL)), Serving("127.0.0.1", port, 8, 2.0, **tls))


def served(one: HttpServer, ask: Callable[[str], Coroutine[Any, Any, httpx.Response]]) -> httpx.Response:
    """What `ask` gets from a server, which then ends."""

    async def talk() -> httpx.Response:
        one.listen()
        place: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(one.serve(place.set_result))
        try:
            return await ask(await place)
        finally:
            await one.stop()
            await asyncio.wait_for(serving, 10)

    return asyncio.run(talk())


def test_it_answers_until_it_is_stopped() -> None:
    async def ask(place: str) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(f"http://{place}/health/live")

    assert served(server(), ask).json() == {"live": True}


def test_headers_without_an_end_are_closed_and_others_answered() -> None:
    async def flood(place: str) -> httpx.Response:
        host, _, port = place.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        sent, more = 0, b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
        with contextlib.suppress(ConnectionError):
            while sent < 8_000_000 and not reader.at_eof():
                writer.write(more)
                await writer.drain()
                sent, more = sent + len(more), b"x-%06d: %s\r\n" % (sent, b"y" * 8000)
                await asyncio.sleep(0)
        assert sent < 4_000_000
        writer.close()
        async with httpx.AsyncClient() as client:
            return await client.get(f"http://{place}/health/live", headers={"x-long": "y" * 30_000})

    assert served(server(), flood).json() == {"live": True}


def test_a_taken_port_is_a_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigurationError) as refused:
        server(taken.getsockname()[1]).listen()
    assert refused.value.code == "cannot-listen"
    assert "http_port" in refused.value.advice


def test_a_certificate_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        server(certificate=tmp_path / "none.pem").listen()
    assert refused.value.code == "tls-file-missing"


def test_a_renewed_certificate_serves_new_connections(tmp_path: Path) -> None:
    authority, successor = Authority(tmp_path, "first"), Authority(tmp_path, "second")
    certificate, key = authority.issue("shown")
    secured = server(certificate=certificate, key=key)
    for renewed, path in zip(successor.issue("renewed"), (certificate, key), strict=True):
        secured_by = renewed.read_bytes()
        path.with_suffix(f"{path.suffix}.new").write_bytes(secured_by)

    async def ask(place: str) -> httpx.Response:
        async with httpx.AsyncClient(verify=authority.trusting()) as client:
            await client.get(f"https://{place}/health/live")
        for path in (certificate, key):
            path.with_suffix(f"{path.suffix}.new").replace(path)
        secured.refresh()
        async with httpx.AsyncClient(verify=successor.trusting()) as client:
            return await client.get(f"https://{place}/health/live")

    assert served(secured, ask).status_code == 200
