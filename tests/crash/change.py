"""Faults that people bring: files edited and applied while messages come in and payments go out, and rolled back; a restart.

Nothing that they edit changes what a message means, so that the books know what must be there at the end.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Self

from interface.app.change import apply, plan, plan_to
from interface.channel.loader import load
from interface.errors import InterfaceError
from interface.operate.act import By
from interface.operate.configuration import version_before
from interface.view.configuration import How
from tests.crash.part import Fault
from tests.crash.world import World
from tests.engine.root import Spec, read_channel, write_channel

_BY = By("tester", "a change under load")


def _limit(spec: Spec, number: int) -> None:
    spec["source"]["mllp"]["max_in_flight"] = 8 + number  # the listener is opened anew


def _connection(spec: Spec, number: int) -> None:
    spec["destinations"]["dft"]["mllp"]["connect_timeout_secs"] = 5.0 + number  # connected anew


def _waits(spec: Spec, number: int) -> None:
    spec["destinations"]["dft"]["retry"]["max_wait_secs"] = 1.0 + number / 100  # taken over between two sends


def _words(spec: Spec, number: int) -> None:
    spec["about"] = f"edited {number} times"  # nothing but another version


_EDITS: Mapping[str, Callable[[Spec, int], None]] = {
    "listener": _limit,
    "connection": _connection,
    "waits": _waits,
    "words": _words,
}


@dataclass(frozen=True, slots=True)
class Applied:
    """One channel's file is edited, and the files are applied."""

    place: int
    edit: str
    number: int

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        return cls(rng.randrange(99), rng.choice(list(_EDITS)), rng.randrange(50))

    def strike(self, world: World) -> None:
        channel = world.places[self.place % len(world.places)].channel
        spec = read_channel(world.engine.root, channel)
        _EDITS[self.edit](spec, self.number)
        write_channel(world.engine.root, spec)
        app = world.engine.app
        with suppress(InterfaceError):  # the database may be away at this moment
            apply(app, _BY, plan(app), How.APPLY, command="apply", is_confirmed=True)


@dataclass(frozen=True, slots=True)
class RolledBack:
    """The version before is made active again, where there is one."""

    @classmethod
    def drawn(cls, _rng: Random) -> Self:
        return cls()

    def strike(self, world: World) -> None:
        app = world.engine.app
        with suppress(InterfaceError):
            with app.store.snapshot() as reader:
                files = reader.config_files(version_before(app.store))
            wanted = plan_to(app, load(files, app.environ, app.root))
            apply(app, _BY, wanted, How.ROLLBACK, command="rollback", is_confirmed=True)


@dataclass(frozen=True, slots=True)
class Restarted:
    """The engine is told to stop, drains, and is started again."""

    @classmethod
    def drawn(cls, _rng: Random) -> Self:
        return cls()

    def strike(self, world: World) -> None:
        world.engine.drain()
        world.engine.start(is_awaited=False)


CHANGES: tuple[Callable[[Random], Fault], ...] = (Applied.drawn, RolledBack.drawn, Restarted.drawn)
