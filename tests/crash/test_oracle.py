"""Whatever is killed, paused, dropped or started anew: nothing is lost or doubled, order holds, the books agree."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.crash.fault import Kill, Victim
from tests.crash.menu import MENU, ON_POSTGRESQL, ON_SQLITE
from tests.crash.oracle import OVER_HTTP, SUITE, run, told
from tests.crash.program import draw
from tests.postgres import PostgresServer


@pytest.fixture
def seed() -> int:
    """One program for every run of the suite; HP24_CRASH_SEED makes another, and `make soak` tries many."""
    return int(os.environ.get("HP24_CRASH_SEED") or 113)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that may crash: other tests have theirs."""
    with postgres.server() as server:
        yield server


@pytest.mark.timeout(400)
def test_every_promise_is_kept_on_sqlite(tmp_path: Path, seed: int) -> None:
    verdict = run(tmp_path, seed, SUITE)
    assert not verdict.found, "\n".join(told(verdict, SUITE, "sqlite"))


@pytest.mark.timeout(400)
@pytest.mark.proof
def test_every_promise_is_kept_on_postgresql(tmp_path: Path, own_server: PostgresServer, seed: int) -> None:
    kinds = MENU if "HP24_TEST_POSTGRES" in os.environ else ON_POSTGRESQL  # somebody else's server is left alone
    verdict = run(tmp_path, seed, SUITE, server=own_server, kinds=kinds)
    assert not verdict.found, "\n".join(told(verdict, SUITE, "postgresql"))


@pytest.mark.timeout(400)
@pytest.mark.proof
@pytest.mark.parametrize("number", [1, 2, 3])
def test_payments_over_http_are_booked_once_or_reported_on_sqlite(tmp_path: Path, number: int) -> None:
    verdict = run(tmp_path, number, OVER_HTTP)
    assert not verdict.found, "\n".join(told(verdict, OVER_HTTP, "sqlite"))
    assert verdict.fallen >= OVER_HTTP.blows // 2


@pytest.mark.timeout(400)
@pytest.mark.proof
@pytest.mark.skipif("HP24_TEST_POSTGRES" in os.environ, reason="somebody else's server is not to crash")
@pytest.mark.parametrize("number", [4, 5])
def test_payments_over_http_are_booked_once_or_reported_on_postgresql(
    tmp_path: Path, own_server: PostgresServer, number: int
) -> None:
    verdict = run(tmp_path, number, OVER_HTTP, server=own_server)
    assert not verdict.found, "\n".join(told(verdict, OVER_HTTP, "postgresql"))
    assert verdict.fallen >= OVER_HTTP.blows // 2


def test_a_seed_gives_the_same_program() -> None:
    assert draw(7, ON_SQLITE, blows=8, steps=200) == draw(7, ON_SQLITE, blows=8, steps=200)
    assert draw(7, ON_SQLITE, blows=8, steps=200) != draw(8, ON_SQLITE, blows=8, steps=200)


def test_every_kind_of_fault_strikes_where_there_are_enough() -> None:
    for seed in range(20):
        drawn = draw(seed, ON_POSTGRESQL, blows=len(ON_POSTGRESQL), steps=200)
        assert len({type(blow.fault) for blow in drawn.blows}) == len(ON_POSTGRESQL)


def test_faults_strike_in_the_order_of_the_traffic() -> None:
    for seed in range(20):
        steps = [blow.after_steps for blow in draw(seed, ON_SQLITE, blows=10, steps=500).blows]
        assert steps == sorted(steps)
        assert steps[-1] <= 500


def test_each_victim_of_a_kill_is_drawn() -> None:
    faults = [blow.fault for seed in range(20) for blow in draw(seed, [Kill.drawn], blows=5, steps=100).blows]
    assert {fault.victim for fault in faults if isinstance(fault, Kill)} == set(Victim)
