"""An HTTP face's life in a part: listening again where its address is taken, certificates read again, ended with the part."""

import asyncio

from interface.errors import ConfigurationError
from interface.observe.emit import emit
from interface.observe.engine import HttpFailed, HttpStarted
from interface.settings import Settings
from interface.web.server import Application, HttpServer, Serving


class Face:
    """Serves one application. All on one asyncio loop."""

    def __init__(self, application: Application, serving: Serving, settings: Settings) -> None:
        self._application = application
        self._serving = serving
        self._settings = settings
        self._is_stopping = False
        self._server: HttpServer | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Answer from now on. On the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._serve())

    async def stop(self) -> None:
        """End after the answers under way."""
        self._is_stopping = True
        if self._server is not None:
            await self._server.stop()
        if self._task is not None:
            if self._server is None or not self._server.is_serving:
                self._task.cancel()
            await asyncio.wait([self._task], timeout=self._settings.drain_secs)

    async def _serve(self) -> None:
        while not self._is_stopping:
            server = HttpServer(self._application, self._serving)
            try:
                server.listen()
            except ConfigurationError as failure:
                emit(HttpFailed(failure.code, failure.place, failure.text, failure.advice))
                await asyncio.sleep(self._settings.listen_retry_secs)
                continue
            self._server = server
            refreshing = asyncio.create_task(self._refresh(server))
            try:
                await server.serve(lambda place: emit(HttpStarted(place)))
            finally:
                refreshing.cancel()

    async def _refresh(self, server: HttpServer) -> None:
        # A certificate that was renewed serves new connections; one that cannot be used changes nothing.
        while True:
            await asyncio.sleep(self._settings.certificate_check_secs)
            try:
                server.refresh()
            except ConfigurationError as failure:
                emit(HttpFailed(failure.code, failure.place, failure.text, failure.advice))
