"""The serving part: answers programs over FHIR, in a process of its own, so that many questions slow no message down."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from importlib.metadata import version

from interface.app.compose import App
from interface.app.face import Face
from interface.app.surroundings import PRODUCT
from interface.app.wires import Runnable
from interface.fhir.element import date_time
from interface.ledger.due import BalancePolicy
from interface.operate.resource import Resources
from interface.operate.token import token_of
from interface.view.token import TokenRow
from interface.web.fhir.reading import Reading
from interface.web.fhir.server import Identity, application
from interface.web.server import Serving


class Serve:
    """The part's life. `start`, `adopt` and `stop` belong to the asyncio loop; each question is answered on a thread."""

    def __init__(self, app: App, running: Runnable) -> None:
        self._app = app
        self._running = running
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
        self._face = Face(application(reading, self._gate, identity), serving, app.settings)

    def start(self) -> None:
        """Answer from now on."""
        self._face.start()

    def adopt(self, running: Runnable) -> None:
        """Answer by a newer configuration version."""
        self._running = running

    async def stop(self) -> None:
        """End after the answers under way."""
        await self._face.stop()

    def _rules(self) -> Mapping[str, BalancePolicy]:
        return self._running.rules

    def _zone_of(self, facility: str) -> tzinfo:
        return self._running.zones.get(facility, UTC)

    def _gate(self, secret: str) -> TokenRow | None:
        return token_of(self._app.store, self._app.clock, secret)
