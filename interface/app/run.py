"""`hp24 run`: settle which configuration version runs, then keep the engine's parts alive until told to stop."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from interface.app.compose import App
from interface.channel.loader import Configuration
from interface.engine.supervise import PART_GRACE_SECS, Supervisor
from interface.mapping.problem import ProblemsError
from interface.observe import emit
from interface.settings import Settings

PARTS = ("listen", "process", "watch")  # in the order in which they are stopped
SUPERVISOR = "engine"  # under this name it counts


@dataclass(frozen=True, slots=True)
class Settled:
    """The version that will run. `problems` is why the edited files were not published; None where they were."""

    config_id: int
    configuration: Configuration
    problems: ProblemsError | None = None


def settle(app: App, actor: str) -> Settled:
    """Publish the edited files when they pass; else go on with the active version.

    Raises the files' ProblemsError where there is no active version to go on with.
    """
    try:
        edited = app.edited()
    except ProblemsError as problems:
        with app.store.snapshot() as reader:
            has_version = reader.active_config() is not None
        if not has_version:
            raise
        config_id, active = app.active()
        return Settled(config_id, active, problems)
    return Settled(app.publish(edited, actor), edited)


def parts_of(settings: Settings) -> tuple[str, ...]:
    """The parts that these settings ask for: nothing watches where nobody could be told."""
    return PARTS if settings.http_port or settings.alerts.is_told else PARTS[:-1]


def run(app: App, actor: str, tell: Callable[[Settled], None]) -> int:
    """Run until SIGTERM or SIGINT; gives the exit code. `tell` hears which version runs, before anything starts."""
    emit.configure(sys.stderr, app.settings.log_level)
    tell(settle(app, actor))
    place = ["--home", str(app.home), "--root", str(app.root)]
    commands = {
        part: [sys.executable, "-m", "interface.app.part", part, *place, "--supervised"]
        for part in parts_of(app.settings)
    }
    emit.share(app.home, SUPERVISOR)
    app.store.close()  # the supervisor holds no connection while its parts work
    return Supervisor(commands, app.settings.drain_secs + PART_GRACE_SECS).run()
