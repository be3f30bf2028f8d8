"""The watching part: looks at the engine's health again and again, and shows it over HTTP.

It is a process of its own and asks nobody, so that it answers when intake or processing is stuck or dead, and when the database is
away. Requests are answered from the last look; none makes the database work.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from interface.app.alerting import Alerting
from interface.app.compose import App, open_app
from interface.app.face import Face
from interface.app.surroundings import PRODUCT, Surveyor
from interface.engine.clock import SystemClock
from interface.engine.heartbeat import SignOfLife
from interface.errors import ConfigurationError, StoreError
from interface.observe.alert import AlertNotKept
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.observe.expose import expose
from interface.observe.fault import fault
from interface.observe.gauge import Reading
from interface.operate.conditions import Watched
from interface.operate.health import SECOND, Health, Reason, Surroundings, health, without_database
from interface.operate.measure import readings
from interface.settings import Settings
from interface.view.alert import Rule
from interface.view.count import PartState
from interface.web.application import application
from interface.web.server import Serving

NAME = "watch"
_OLD_LOOKS = 5  # so many looks late, the last one is not to be trusted


class Watch:
    """The part's life. `start` and `stop` belong to the asyncio loop; looking happens on a thread of its own."""

    def __init__(
        self, home: Path, root: Path, settings: Settings, alerting: Callable[[App], Alerting] | None = None
    ) -> None:
        """`alerting` makes what judges and tells; None: nobody is told."""
        self._home = home
        self._root = root
        self._settings = settings
        self._make_alerting = alerting
        self._alerting: Alerting | None = None
        self._away_since = 0
        self._clock = SystemClock()
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)
        self._surveyor: Surveyor | None = None
        self._sign: SignOfLife | None = None
        self._began_at = self._clock.now()
        self._held = ExitStack()
        self._app: App | None = None
        self._picture = self._unseen()
        self._readings: list[Reading] = readings(self._picture)
        self._http: Face | None = None

    def _unseen(self) -> Health:
        reason = Reason("not-looked-yet", NAME, "the engine has just been started", "ask again in a few seconds")
        return Health(self._clock.now(), (reason,), (), Surroundings(version(PRODUCT)))

    # ------------------------------------------------------------ what the HTTP face shows

    def health(self) -> Health:
        """The last picture; one that is too old says so."""
        picture = self._picture
        age_secs = (self._clock.now() - picture.at) / SECOND
        if age_secs <= max(_OLD_LOOKS * self._settings.health_secs, _OLD_LOOKS):
            return picture
        text = f"the last look at the engine is {age_secs:.0f} s old: the database does not answer"
        stuck = Reason("check-stuck", NAME, text, "look at the database and its disk")
        return replace(picture, reasons=(stuck, *picture.reasons))

    def metrics(self, accept: str) -> tuple[bytes, str]:
        """The exposition: what the parts count, and the gauges of the last look."""
        rest = [one for one in self._readings if one.name != "ready"]
        return expose(self._home, [Reading("ready", self.health().is_ready), *rest], accept)

    # ------------------------------------------------------------ looking

    def start(self) -> None:
        """Look, and answer over HTTP where a port is set. On the running loop."""
        self._thread.start()
        if self._settings.http_port:
            self._http = self._face()
            self._http.start()

    async def stop(self) -> None:
        """End after the answers under way."""
        self._is_stopping.set()
        if self._http is not None:
            await self._http.stop()
        await asyncio.to_thread(self._thread.join, self._settings.drain_secs)
        if self._alerting is not None:
            await self._alerting.stop()
            self._alerting.close()
        self._held.close()

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            try:
                self._look(self._app or self._open())
            except (StoreError, ConfigurationError) as failure:
                self._away(failure)
            except Exception as bug:  # noqa: BLE001 - the edge of the thread: a bug must not end watching for good
                emit(fault(bug, NAME))
            self._is_stopping.wait(self._settings.health_secs)
        if self._sign is not None:
            self._sign.write(PartState.STOPPED)

    def _open(self) -> App:
        app = self._held.enter_context(open_app(self._home, self._root, makes=False))
        self._sign, self._surveyor = SignOfLife(app.store, app.clock, NAME), Surveyor(app)
        self._app = app
        self._alerting = self._make_alerting(app) if self._make_alerting is not None else None
        return app

    def _look(self, app: App) -> None:
        assert self._sign is not None and self._surveyor is not None, "made with the app"
        self._sign.write(PartState.RUNNING)
        surroundings = self._surveyor.look()
        picture = health(app.store, app.clock, self._surveyor.known, surroundings, stuck_secs=self._settings.stuck_secs)
        self._show(picture)
        if picture.status is None:
            self._note_away(picture.reasons[0])
        elif self._alerting is not None:
            watched = Watched(self._began_at, self._surveyor.silent_hours)
            self._alerting.run(picture, watched, self._away_since)
            self._away_since = 0

    def _note_away(self, reason: Reason) -> None:
        # An alert about the database cannot be kept in it: it is told once the database is back, with its times.
        if not self._away_since:
            self._away_since = self._clock.now()
            emit(AlertNotKept(Rule.DATABASE_AWAY, reason.code))

    def _away(self, failure: StoreError | ConfigurationError) -> None:
        if failure.code not in [one.code for one in self._picture.reasons]:  # told once
            emit(StorageFailed(code=failure.code, place=NAME))
        told = StoreError(failure.code, failure.text, place=failure.place, advice=failure.advice)
        self._show(without_database(self._clock.now(), Surroundings(version(PRODUCT)), told))
        if self._app is not None:
            self._note_away(self._picture.reasons[0])

    def _show(self, picture: Health) -> None:
        self._readings, self._picture = readings(picture), picture

    def _face(self) -> Face:
        settings = self._settings
        serving = Serving(
            settings.http_host,
            settings.http_port,
            settings.http_max_connections,
            settings.drain_secs,
            self._root / settings.http_certificate if settings.http_certificate else None,
            self._root / settings.http_key if settings.http_key else None,
        )
        return Face(application(self), serving, settings)
