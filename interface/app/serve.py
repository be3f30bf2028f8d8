"""The serving part: answers programs over FHIR, in a process of its own, so that many questions slow no message down."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from importlib.metadata import version

from interface.app.compose import App
from interface.app.face import Face
from interface.app.surroundings import PRODUCT
from interface.app.wires import Runnable
from interface.engine.custody import Custody
from interface.engine.requested import RequestSource
from interface.engine.wake import Bell, Ringer
from interface.errors import StoreError
from interface.fhir.element import date_time
from interface.fhir.valid import issues_of, prepare
from interface.ledger.due import BalancePolicy
from interface.operate.resource import Resources
from interface.operate.token import token_of
from interface.view.token import TokenRow
from interface.web.fhir.door import Door, Identity
from interface.web.fhir.reading import Reading
from interface.web.fhir.server import application
from interface.web.fhir.taking import Taking
from interface.web.fhir.writing import Writing
from interface.web.server import Serving


class Serve:
    """The part's life. `start`, `adopt` and `stop` belong to the asyncio loop; each question is answered on a thread."""

    def __init__(
        self, app: App, running: Runnable, arrivals: Callable[[], int], room: Callable[[], StoreError | None]
    ) -> None:
        """`arrivals` gives the time that arrivals get, `room` the reason why nothing can be stored."""
        self._app = app
        self._running = running
        bell, ringer = Bell(app.home, "serve"), Ringer(app.home)
        self._custody = Custody(app.store, app.clock, app.settings.pace(), bell, ringer, room)
        reading = Reading(Resources(app.store, self._rules), self._zone_of)
        settings = app.settings.fhir
        identity = Identity(version(PRODUCT), str(date_time(app.clock.now())), settings.base_url)
        serving = Serving(
            settings.host,
            settings.port,
            settings.max_connections,
            app.settings.drain_secs,
            app.root / settings.certificate if settings.certificate else None,
            app.root / settings.key if settings.key else None,
            "fhir: port (HP24_FHIR_PORT)",
        )
        door = Door(self._gate, identity)
        taking = Taking(door, self._sources, issues_of, arrivals, self._new_number)
        writing = Writing(door, reading, self._custody, taking, arrivals)
        self._face = Face(application(reading, door, writing), serving, app.settings)

    def start(self) -> None:
        """Answer from now on."""
        prepare()  # or the first who writes waits for it
        self._custody.start()
        self._face.start()

    def adopt(self, running: Runnable) -> None:
        """Answer by a newer configuration version."""
        self._running = running

    async def stop(self) -> None:
        """End after the answers under way."""
        self._custody.hurry()
        await self._face.stop()
        await asyncio.to_thread(self._custody.stop, self._app.settings.drain_secs)

    def _sources(self) -> Mapping[str, RequestSource]:
        return self._running.requests

    def _new_number(self) -> str:
        return self._app.store.new_public_id("rq")

    def _rules(self) -> Mapping[str, BalancePolicy]:
        return self._running.rules

    def _zone_of(self, facility: str) -> tzinfo:
        return self._running.zones.get(facility, UTC)

    def _gate(self, secret: str) -> TokenRow | None:
        return token_of(self._app.store, self._app.clock, secret)
