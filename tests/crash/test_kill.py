"""Kill -9 at any instant: nothing acknowledged is lost, nothing is applied twice, order holds, no payment doubles unreported."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time_ns

import pytest

from interface.simulate.behaviour import Behaviour
from interface.simulate.receiver import Receiver
from interface.simulate.traffic import morning
from tests.conftest import PROJECT
from tests.crash.driver import check, drive
from tests.crash.feed import MorningFeed
from tests.crash.payments import PaymentTraffic
from tests.crash.planted import planted
from tests.crash.program import Blow, Program, Victim, draw
from tests.engine.cashier import EhrTill, paying
from tests.engine.harness import free_ports, running_engine
from tests.engine.root import make_root

PATIENTS = 20  # some two hundred messages
PAYMENTS = 12
EHR_TAKES_SECS = 0.3  # to answer a payment: long enough for blows to fall in between


@pytest.fixture
def seed() -> int:
    """HP24_CRASH_SEED replays a failed run; without it every run is another one."""
    return int(os.environ.get("HP24_CRASH_SEED") or time_ns() // 1_000_000 % 1000)


@contextmanager
def desk(folder: Path, database_url: str) -> Iterator[EhrTill]:
    """An engine with the shipped channel, and one with an EHR that books whatever reaches it."""
    (port,) = free_ports(1)
    with Receiver(deduplicates=False) as ehr:
        root = make_root(folder / "root", more={"desk": paying("DESK", port, ehr.port)})
        with running_engine(folder / "home", root, database_url=database_url) as engine:
            engine.await_listening(port)
            yield EhrTill(engine, "desk", "DESK", port, ehr)


def survives(folder: Path, database_url: str, seed: int, *, blows: int, patients: int) -> None:
    feed = MorningFeed(morning(seed, patients))
    program = draw(seed, blows=blows, answers=len(feed))
    with desk(folder, database_url) as till:
        till.ehr.behave(Behaviour.LATE, secs=EHR_TAKES_SECS)
        payments = PaymentTraffic(till, tuple(till.open_account() for _ in range(PAYMENTS)))
        assert drive(program, till.engine, [feed, payments]), "no blow fell"
        check(program, till.engine, [feed, payments])


@pytest.mark.timeout(240)
def test_nothing_is_lost_or_doubled_on_sqlite(tmp_path: Path, seed: int) -> None:
    survives(tmp_path, "", seed, blows=5, patients=PATIENTS)


@pytest.mark.timeout(240)
def test_nothing_is_lost_or_doubled_on_postgresql(tmp_path: Path, postgres_url: str, seed: int) -> None:
    survives(tmp_path, postgres_url, seed, blows=3, patients=PATIENTS // 2)


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.parametrize("turn", range(4))
def test_nothing_is_lost_or_doubled_in_longer_runs(tmp_path: Path, database_url: str, seed: int, turn: int) -> None:
    survives(tmp_path, database_url, seed + turn, blows=15, patients=80)


def test_an_answer_before_the_commit_is_caught(tmp_path: Path) -> None:
    feed = MorningFeed(morning(42, PATIENTS // 2))
    program = Program(42, (Blow(30, 0.0, Victim.ENGINE),))
    command = planted("answered-early")
    with running_engine(
        tmp_path / "home",
        make_root(tmp_path / "root"),
        {"PYTHONPATH": str(PROJECT)},
        command=command,
        start=lambda engine: engine.start(
            "--part", "listen"
        ),  # what comes after the blow is the whole engine, unplanted
    ) as engine:
        drive(program, engine, [feed])
        with pytest.raises(AssertionError, match="acknowledged and lost"):
            check(program, engine, [feed])


def test_a_seed_gives_the_same_program_and_every_victim_is_hit() -> None:
    assert draw(7, blows=5, answers=200) == draw(7, blows=5, answers=200)
    assert draw(7, blows=5, answers=200) != draw(8, blows=5, answers=200)
    for seed in range(20):
        assert {blow.victim for blow in draw(seed, blows=5, answers=200).blows} == set(Victim)
