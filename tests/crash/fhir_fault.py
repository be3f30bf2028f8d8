"""Faults of writes over FHIR: the serving part killed or stopped, and processing away for longer than requests wait."""

import signal
import time
from dataclasses import dataclass
from random import Random
from typing import Self

from tests.crash.world import World
from tests.engine.processes import processes_of, send_signal

_SERVE, _PROCESS = "serve", "process"


@dataclass(frozen=True, slots=True)
class ServingKilled:
    """SIGKILL to the serving part: whoever waits there for an answer gets none."""

    @classmethod
    def drawn(cls, _rng: Random) -> Self:
        return cls()

    def strike(self, world: World) -> None:
        world.engine.kill_part(_SERVE)


@dataclass(frozen=True, slots=True)
class BothKilled:
    """The serving part and processing at once, so that what was stored is run by one that never heard of who waited."""

    @classmethod
    def drawn(cls, _rng: Random) -> Self:
        return cls()

    def strike(self, world: World) -> None:
        world.engine.kill_part(_SERVE)
        world.engine.kill_part(_PROCESS)


@dataclass(frozen=True, slots=True)
class Stopped:
    """SIGSTOP to a part, and SIGCONT some time later; of processing for about as long as requests wait, so that both may win."""

    part: str
    secs: float

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        part = rng.choice((_SERVE, _PROCESS, _PROCESS))
        return cls(part, rng.uniform(0.9, 2.0) if part == _PROCESS else rng.uniform(0.2, 2.0))

    def strike(self, world: World) -> None:
        stopped = [pid for pid, part in processes_of(world.engine.home).items() if part == self.part]
        for pid in stopped:
            send_signal(pid, signal.SIGSTOP)
        time.sleep(self.secs)
        for pid in stopped:
            send_signal(pid, signal.SIGCONT)


FOR_FHIR = (ServingKilled.drawn, BothKilled.drawn, Stopped.drawn)
