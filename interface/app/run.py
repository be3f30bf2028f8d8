"""`hp24 run`: settle which configuration version runs, then keep the engine's parts alive until told to stop."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from interface.app import part
from interface.app.change import lines_of_money
from interface.app.collect import calm_collector
from interface.app.compose import App
from interface.channel.loader import Configuration
from interface.engine.fork import Forks
from interface.engine.supervise import PART_GRACE_SECS, Supervisor
from interface.mapping.problem import ProblemsError
from interface.observe import emit
from interface.operate.configuration import need_confirmation
from interface.settings import Settings

PARTS = ("listen", "process", "serve", "watch")  # in the order in which they are stopped
SUPERVISOR = "engine"  # under this name it counts


@dataclass(frozen=True, slots=True)
class Settled:
    """The version that will run, and how many of the edited files differ from it. `problems`: why those cannot be used."""

    config_id: int
    configuration: Configuration
    differing: int = 0
    problems: ProblemsError | None = None


def settle(app: App, actor: str, *, publishes: bool = False) -> Settled:
    """The active version. The edited files become it where there is none yet, or if `publishes`.

    Raises the files' ProblemsError where they are to be published and do not pass their check, and ActRefusedError
    `money-unconfirmed` where they touch money that an active version moves: a start asks nobody.
    """
    with app.store.snapshot() as reader:
        active_id = reader.active_config_id()
    if publishes or not active_id:
        edited = app.edited()
        need_confirmation(lines_of_money(app, edited), "", "hp24 config apply")
        return Settled(app.publish(edited, actor), edited)
    config_id, active = app.active()
    try:
        files = app.edited().files
    except ProblemsError as problems:
        return Settled(config_id, active, problems=problems)
    names = {*files, *active.files}
    return Settled(config_id, active, sum(files.get(name) != active.files.get(name) for name in names))


def parts_of(settings: Settings) -> tuple[str, ...]:
    """The parts that these settings ask for: nothing serves without a port, and nothing watches where nobody could be told."""
    wanted = {"serve": settings.fhir.port, "watch": settings.http_port or settings.alerts.is_told}
    return tuple(part for part in PARTS if wanted.get(part, True))


def run(app: App, actor: str, tell: Callable[[Settled], None], *, publishes: bool = False) -> int:
    """Run until SIGTERM or SIGINT; gives the exit code. `tell` hears which version runs, before anything starts."""
    emit.configure(sys.stderr, app.settings.log_level)
    tell(settle(app, actor, publishes=publishes))
    place = ["--home", str(app.home), "--root", str(app.root), "--supervised"]
    parts = {name: [name, *place] for name in parts_of(app.settings)}
    emit.share(app.home, SUPERVISOR)
    app.store.close()  # the supervisor holds no connection while its parts work
    part.load()
    calm_collector()
    return Supervisor(parts, app.settings.drain_secs + PART_GRACE_SECS, Forks(part.main)).run()
