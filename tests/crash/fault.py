"""The faults: engines killed and paused, destinations that drop, delay and forget, a database that crashes or is kept busy.

Each class draws itself from a seed's randomness (`drawn`) and strikes. What it needs and the world has not (a database server,
a power switch) keeps it out of the draw, see `menu`.
"""

import signal
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Self

import psycopg

from interface.simulate.behaviour import Behaviour
from tests.crash.world import World
from tests.engine.processes import processes_of, send_signal, wait_until

_PAYMENT_SECS = 2.0


class Victim(StrEnum):
    """What a signal goes to."""

    ENGINE = "engine"  # every process at once
    LISTEN = "listen"  # one part; its supervisor starts it again
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL; a whole engine is started again from outside, and the next fault may fall while it starts."""

    victim: Victim

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        return cls(rng.choice(list(Victim)))

    def strike(self, world: World) -> None:
        if self.victim is Victim.ENGINE:
            world.engine.kill()
            world.engine.start(is_awaited=False)  # senders find out by trying
        else:
            world.engine.kill_part(self.victim)


@dataclass(frozen=True, slots=True)
class KillWhileSending:
    """The whole engine is killed once an EHR has a payment and before it answers; without a payment in time, all the same."""

    place: int

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        return cls(rng.randrange(99))

    def strike(self, world: World) -> None:
        ehr = world.places[self.place % len(world.places)].ehr
        before = len(ehr.record.journal.posted)
        ehr.behave(Behaviour.LATE, count=1, secs=_PAYMENT_SECS)
        with suppress(AssertionError):
            wait_until(lambda: len(ehr.record.journal.posted) > before, "a payment arrives", secs=_PAYMENT_SECS)
        Kill(Victim.ENGINE).strike(world)


@dataclass(frozen=True, slots=True)
class Pause:
    """SIGSTOP, and SIGCONT some time later: to others a stopped process looks alive, and it wakes up in the middle of a step."""

    victim: Victim
    secs: float

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        return cls(rng.choice((Victim.LISTEN, Victim.PROCESS)), rng.uniform(0.2, 2.0))

    def strike(self, world: World) -> None:
        stopped = [pid for pid, part in processes_of(world.engine.home).items() if part == self.victim]
        for pid in stopped:
            send_signal(pid, signal.SIGSTOP)
        time.sleep(self.secs)
        for pid in stopped:
            send_signal(pid, signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class FarSide:
    """One EHR treats its next messages badly: drops the connection, answers late, wrongly or not at all, and may book nothing."""

    place: int
    behaviour: Behaviour
    count: int
    secs: float
    books: bool

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        behaviour = rng.choice((Behaviour.SILENT, Behaviour.CLOSE, Behaviour.LATE, Behaviour.WRONG_CONTROL_ID))
        place, count, secs, books = rng.randrange(99), rng.randint(1, 3), rng.uniform(0.1, 2.5), rng.random() < 0.7
        # A late yes that books nothing is a lie, which nobody can tell from a payment whose echo is still to come.
        return cls(place, behaviour, count, secs, books or behaviour is Behaviour.LATE)

    def strike(self, world: World) -> None:
        ehr = world.places[self.place % len(world.places)].ehr
        ehr.behave(self.behaviour, count=self.count, secs=self.secs, books=self.books)


@dataclass(frozen=True, slots=True)
class Unreachable:
    """One EHR takes no new connections for a while."""

    place: int
    secs: float

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        return cls(rng.randrange(99), rng.uniform(0.2, 2.0))

    def strike(self, world: World) -> None:
        ehr = world.places[self.place % len(world.places)].ehr
        ehr.max_sessions = 0
        time.sleep(self.secs)
        ehr.max_sessions = None


@dataclass(frozen=True, slots=True)
class DatabaseCrash:
    """One of the PostgreSQL server's own processes is killed: it ends every session, and starts anew from its log."""

    @classmethod
    def drawn(cls, _rng: Random) -> Self:
        return cls()

    def strike(self, world: World) -> None:
        assert world.server is not None, "there is no server to crash"
        find = b"SELECT pid FROM pg_stat_activity WHERE backend_type = 'background writer'"
        with suppress(psycopg.OperationalError):  # it is down already
            found = world.server.ask(find)
            if found:
                send_signal(int(str(found[0])), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class DatabaseBusy:
    """Another program, a backup perhaps, holds the SQLite file for writing."""

    secs: float

    @classmethod
    def drawn(cls, rng: Random) -> Self:
        return cls(rng.uniform(0.1, 1.5))

    def strike(self, world: World) -> None:
        path: Path = world.engine.home / "hp24.db"
        other = sqlite3.connect(path, timeout=5, isolation_level=None)
        try:
            with suppress(sqlite3.OperationalError):  # the engine writes without a pause: it is busy as it is
                other.execute("BEGIN IMMEDIATE")
                time.sleep(self.secs)
                other.execute("ROLLBACK")
        finally:
            other.close()


@dataclass(frozen=True, slots=True)
class PowerCut:
    """Every process of the engine ends at once, and of what they wrote only that is left which was flushed."""

    seed: int

    def strike(self, world: World) -> None:
        assert world.power is not None, "there is no power to cut"
        world.engine.kill()
        world.power.cut(self.seed)
        world.engine.start(is_awaited=False)
