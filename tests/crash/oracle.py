"""One run of the crash oracle: three hospitals' traffic and payments, faults drawn from a seed, and the checks of both.

What it cannot see: whether a flush reached the disk (the power cut and the flush watch look at that); two engines at once; what
only another timing than the machine's own would show; and anything that the simulated hospitals never do.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.crash.counts import CountsAddUp, ProofHolds
from tests.crash.desk import HostedDesk
from tests.crash.driver import differences, drive
from tests.crash.fault import ON_POSTGRESQL, ON_SQLITE
from tests.crash.feed import HospitalFeed
from tests.crash.halves import HalfFrames
from tests.crash.part import Check, Traffic
from tests.crash.payments import Payments
from tests.crash.program import Draw, Program, draw
from tests.crash.seen import Seen
from tests.crash.stuck import StuckPatients
from tests.crash.world import World, world
from tests.engine.harness import HP24
from tests.postgres import PostgresServer


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything: people, payments, stuck pairs and messages in halves for each hospital, faults, looks in full."""

    name: str
    patients: int
    payments: int
    stuck: int
    blows: int
    looks: int
    halves: int = 0
    is_proven: bool = False  # `hp24 verify`, too


SUITE = Size("suite", patients=8, payments=4, stuck=1, blows=6, looks=40, halves=4)
SOAK = Size("soak", patients=40, payments=16, stuck=3, blows=20, looks=1000, halves=30, is_proven=True)
SIZES = {size.name: size for size in (SUITE, SOAK)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run found (nothing: every promise was kept), and what it had done."""

    program: Program
    messages: int
    payments: int
    fallen: int
    secs: float
    found: tuple[str, ...]


def traffic_of(here: World, size: Size, *, give_up_secs: float = 60.0) -> list[Traffic]:
    """What every run sends. Later traffic goes beside it, with checks of its own.

    Payments are given up after `give_up_secs` on an account that never becomes known.
    """
    found: list[Traffic] = []
    desk = HostedDesk(here.engine.app, give_up_secs)
    for number, place in enumerate(here.places):
        feed = HospitalFeed(place, size.patients, looks=size.looks)
        found += [feed, Payments(place, feed, size.payments, desk, first_minor=1000 * (number + 1))]
        found += [StuckPatients(place, size.stuck), HalfFrames(place, size.halves)]
    return [*found, Sums(size.is_proven)]


@dataclass(frozen=True, slots=True)
class Sums:
    """Sends nothing; checks what is true of any traffic."""

    is_proven: bool

    @property
    def steps(self) -> int:
        return 0

    def send(self, world: World, done: object) -> None:
        return

    def is_settled(self, seen: Seen) -> bool:
        return True

    def checks(self, world: World) -> Sequence[Check]:
        return (CountsAddUp(), ProofHolds()) if self.is_proven else (CountsAddUp(),)


def run(
    folder: Path,
    seed: int,
    size: Size,
    *,
    server: PostgresServer | None = None,
    kinds: Sequence[Draw] = (),
    command: Sequence[str] = HP24,
) -> Verdict:
    """Everything once, in `folder`."""
    began = time.monotonic()
    kinds = kinds or (ON_SQLITE if server is None else ON_POSTGRESQL)
    with world(folder, seed, server=server, command=command) as here:
        traffic = traffic_of(here, size)
        program = draw(seed, kinds, blows=size.blows, steps=sum(one.steps for one in traffic))
        driven = drive(program, here, traffic)
        found = tuple(differences(here, traffic, driven))
    messages = sum(one.steps for one in traffic if not isinstance(one, Payments))
    paid = sum(len(one.taken) for one in traffic if isinstance(one, Payments))
    return Verdict(program, messages, paid, driven.fallen, time.monotonic() - began, found)


def replay_line(verdict: Verdict, size: Size, database: str) -> str:
    """How to do it again."""
    return f"make soak SEED={verdict.program.seed} SIZE={size.name} DATABASE={database}"


def told(verdict: Verdict, size: Size, database: str) -> Iterator[str]:
    """A failed run, line by line: what was found, what was done, how to do it again."""
    yield from verdict.found[:20]
    yield f"after {verdict.fallen} faults: {[blow.fault for blow in verdict.program.blows]}"
    yield replay_line(verdict, size, database)
