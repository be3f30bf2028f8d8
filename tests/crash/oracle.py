"""One run of the crash oracle: the hospitals' traffic and payments, faults drawn from a seed, and the checks of both.

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
from tests.crash.feed import HospitalFeed
from tests.crash.fhir_writes import FhirWrites
from tests.crash.halves import HalfFrames
from tests.crash.http_payments import HttpPayments
from tests.crash.menu import (
    FHIR_ON_POSTGRESQL,
    FHIR_ON_SQLITE,
    HTTP_ON_POSTGRESQL,
    HTTP_ON_SQLITE,
    ON_POSTGRESQL,
    ON_SQLITE,
)
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
    """How much of everything for each hospital: people, payments, stuck pairs, messages in halves; faults, looks in full.

    `http` is how many payments each of those has that take them over HTTP, `fhir` how many acts there are of programs that write;
    without patients it is only these.
    """

    name: str
    patients: int
    payments: int
    stuck: int
    blows: int
    looks: int
    halves: int = 0
    http: int = 0
    fhir: int = 0
    is_proven: bool = False  # `hp24 verify`, too


SUITE = Size("suite", patients=8, payments=4, stuck=1, blows=8, looks=40, halves=4, http=6, fhir=24)
SOAK = Size(
    "soak", patients=40, payments=16, stuck=3, blows=20, looks=1000, halves=30, http=16, fhir=150, is_proven=True
)
OVER_HTTP = Size("http", patients=0, payments=0, stuck=0, blows=14, looks=0, http=24, is_proven=True)
OVER_FHIR = Size("fhir", patients=0, payments=0, stuck=0, blows=16, looks=0, halves=20, fhir=400, is_proven=True)
SIZES = {size.name: size for size in (SUITE, SOAK, OVER_HTTP, OVER_FHIR)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run found (nothing: every promise was kept), and what it had done."""

    program: Program
    messages: int
    payments: int
    fallen: int
    secs: float
    found: tuple[str, ...]


def traffic_of(here: World, size: Size, *, seed: int = 0, give_up_secs: float = 60.0) -> list[Traffic]:
    """What every run sends. Later traffic goes beside it, with checks of its own.

    Payments are given up after `give_up_secs` on an account that never becomes known.
    """
    found: list[Traffic] = []
    desk = HostedDesk(here.engine.app, give_up_secs)
    for number, place in enumerate(here.places if size.patients else ()):
        feed = HospitalFeed(place, size.patients, looks=size.looks)
        found += [feed, Payments(place, feed, size.payments, desk, first_minor=1000 * (number + 1))]
        found += [StuckPatients(place, size.stuck), HalfFrames(place, size.halves)]
    if here.fhir is not None:
        found.append(FhirWrites(here.fhir, size.fhir, seed))
        found += [HalfFrames(place, size.halves) for place in here.places if not size.patients]
    for number, http in enumerate(here.http_places if size.http else ()):
        found.append(HttpPayments(http, size.http, desk, first_minor=1000 * (number + 7)))
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


def kinds_for(size: Size, *, is_server: bool) -> Sequence[Draw]:
    """What may strike in a run of such a size, on SQLite or on a PostgreSQL server of its own."""
    if size.fhir and not size.patients:
        return FHIR_ON_POSTGRESQL if is_server else FHIR_ON_SQLITE
    if not size.patients:
        return HTTP_ON_POSTGRESQL if is_server else HTTP_ON_SQLITE
    return ON_POSTGRESQL if is_server else ON_SQLITE


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
    kinds = kinds or kinds_for(size, is_server=server is not None)
    with world(folder, seed, server=server, command=command, is_written=bool(size.fhir)) as here:
        traffic = traffic_of(here, size, seed=seed)
        program = draw(seed, kinds, blows=size.blows, steps=sum(one.steps for one in traffic))
        driven = drive(program, here, traffic)
        found = tuple(differences(here, traffic, driven))
    messages = sum(one.steps for one in traffic if not isinstance(one, Payments | HttpPayments))
    paid = sum(len(one.taken) for one in traffic if isinstance(one, Payments | HttpPayments))
    return Verdict(program, messages, paid, driven.fallen, time.monotonic() - began, found)


def replay_line(verdict: Verdict, size: Size, database: str) -> str:
    """How to do it again."""
    return f"make soak SEED={verdict.program.seed} SIZE={size.name} DATABASE={database}"


def told(verdict: Verdict, size: Size, database: str) -> Iterator[str]:
    """A failed run, line by line: what was found, what was done, how to do it again."""
    yield from verdict.found[:20]
    yield f"after {verdict.fallen} faults: {[blow.fault for blow in verdict.program.blows]}"
    yield replay_line(verdict, size, database)
