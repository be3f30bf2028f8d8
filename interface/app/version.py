"""Which configuration version a running part runs, and whether a newer one became active that it can run."""

from interface.app.compose import App
from interface.app.wires import Runnable, runnable
from interface.errors import ConfigurationError
from interface.observe.emit import emit
from interface.observe.engine import VersionRefused, VersionTaken


class Versions:
    """Follows the active version for one part. Blocking: to be asked on a thread."""

    def __init__(self, app: App, part: str) -> None:
        """Raises ConfigurationError where the active version cannot run here: the part cannot start."""
        self._app = app
        self._part = part
        self._refused = 0  # told once
        self.running: Runnable = runnable(*app.active(), root=app.root)
        self.taken()

    def newer(self) -> Runnable | None:
        """The active version, if it is another than the one that runs; from then on it counts as running.

        One that cannot run here, for the environment lacks something, changes nothing and is told.
        """
        with self._app.store.snapshot() as reader:
            config_id = reader.active_config_id()
        if config_id in (self.running.config_id, self._refused):
            return None
        try:
            self.running = runnable(*self._app.active(), root=self._app.root)
        except ConfigurationError as failure:
            self._refused = config_id
            emit(VersionRefused(self._part, failure.code, failure.place, config_id))
            return None
        self._refused = 0
        return self.running

    def taken(self) -> None:
        """Tell that everything of this part goes by the version that runs."""
        emit(VersionTaken(self._part, self.running.config_id))
