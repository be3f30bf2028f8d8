"""What the engine stands on: disk, certificates, key, clock, version."""

from importlib.metadata import version

from interface.app.certificates import standings_of
from interface.app.compose import App, known_of
from interface.channel.loader import Configuration
from interface.engine.room import free_bytes
from interface.errors import ConfigurationError
from interface.operate.health import CertificateStanding, Surroundings
from interface.operate.status import Known

PRODUCT = "hp24-interface"


class Surveyor:
    """Looks at the surroundings again and again; what costs is looked at only when it may have changed."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._config_id = 0
        self._configuration: Configuration | None = None
        self._certificates: tuple[CertificateStanding, ...] = ()
        self._looked_at = 0
        self.known = Known()
        self.silent_hours: dict[str, float] = {}  # by channel

    def look(self) -> Surroundings:
        """As things stand now. Raises StoreError while the database is away."""
        app, now = self._app, self._app.clock.now()
        with app.store.snapshot() as reader:
            found, database_now = reader.active_config(), reader.database_now()
        is_new = found is not None and found[0] != self._config_id
        if is_new:
            self._adopt()
        if is_new or now - self._looked_at >= app.settings.certificate_check_secs * 1_000_000:
            self._looked_at = now
            self._certificates = tuple(standings_of(app, self._configuration))
        return Surroundings(
            version(PRODUCT),
            self._config_id,
            free_bytes(app.home),
            self._certificates,
            app.store.has_key,
            None if database_now is None else database_now - app.clock.now(),
        )

    def _adopt(self) -> None:
        try:
            self._config_id, self._configuration = self._app.active()
        except ConfigurationError:  # published for another environment; the parts say so
            return
        self.silent_hours = {name: spec.silent_hours for name, spec in self._configuration.specs.items()}
        self.known = known_of(self._configuration)
