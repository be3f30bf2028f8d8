"""Serving the HTTP face: the address, its TLS, and limits. An address that cannot be had is a clear error."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp

from interface.errors import ConfigurationError
from interface.web.protocol import BoundedHttp

Application = ASGIApp
_TLS_CODE = "tls-file-malformed"


@dataclass(frozen=True, slots=True)
class Serving:
    """Where and how the HTTP face is served. Without `certificate` and `key` in clear."""

    host: str
    port: int
    max_connections: int
    drain_secs: float
    certificate: Path | None = None
    key: Path | None = None
    setting: str = "http_port (HP24_HTTP_PORT)"  # where the port stands


class _Quiet(uvicorn.Server):
    """A server that leaves signals to the part that it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """One life of the server: `listen`, then `serve` until `stop`. All on one asyncio loop."""

    def __init__(self, application: ASGIApp, serving: Serving) -> None:
        self._serving = serving
        self._context: ssl.SSLContext | None = None
        config = uvicorn.Config(
            cast(Any, application),  # the two libraries write the same type in different words
            http=BoundedHttp,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=serving.max_connections,
            timeout_graceful_shutdown=max(1, int(serving.drain_secs)),
        )
        self._config = config
        self._server = _Quiet(config)
        self._socket: socket.socket | None = None

    @property
    def is_serving(self) -> bool:
        """Whether `serve` was begun."""
        return self._config.loaded

    @property
    def place(self) -> str:
        """host:port, with the real port once it has been bound."""
        port = self._socket.getsockname()[1] if self._socket is not None else self._serving.port
        return f"{self._serving.host}:{port}"

    def listen(self) -> None:
        """Bind the address.

        Errors: ConfigurationError `cannot-listen`, `tls-file-missing`, `tls-file-malformed`.
        """
        if self._serving.certificate is not None:
            self._context = self._secured()
        try:
            self._socket = socket.create_server((self._serving.host, self._serving.port), backlog=128)
        except OSError as refused:
            raise ConfigurationError(
                "cannot-listen",
                f"the HTTP face cannot listen: {refused.strerror or type(refused).__name__}",
                place=self.place,
                advice=f"set {self._serving.setting} to another one, or stop the program that holds this one",
            ) from refused

    def refresh(self) -> None:
        """Read certificate and key again, for connections from now on. Raises ConfigurationError; what was read before goes on."""
        if self._context is not None:
            self._load(self._context)

    def _secured(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load(context)
        return context

    def _load(self, context: ssl.SSLContext) -> None:
        certificate, key = self._serving.certificate, self._serving.key
        assert certificate is not None, "asked by the callers"
        for path in (certificate, key):
            if path is not None and not path.is_file():
                raise ConfigurationError(
                    "tls-file-missing",
                    "there is no such file",
                    place=str(path),
                    advice="paths are relative to the root",
                )
        try:
            context.load_cert_chain(certificate, key)
        except (ssl.SSLError, OSError) as broken:
            raise ConfigurationError(
                _TLS_CODE,
                "certificate and key cannot be used",
                place=str(certificate),
                advice="write both as PEM, the key without a passphrase and made for this certificate",
            ) from broken

    async def serve(self, started: Callable[[str], None]) -> None:
        """Answer until `stop`; `started` hears the place."""
        assert self._socket is not None, "listen comes first"
        self._config.load()
        if self._context is not None:
            self._config.ssl = self._context
        started(self.place)
        await self._server.serve(sockets=[self._socket])

    async def stop(self) -> None:
        """End after the answers under way."""
        self._server.should_exit = True
        await asyncio.sleep(0)
