"""Files applied and rolled back under load, alone and among other faults: nothing is lost, doubled or out of order."""

import os
from pathlib import Path

import pytest

from tests import postgres
from tests.crash.change import CHANGES
from tests.crash.menu import ON_POSTGRESQL, ON_SQLITE
from tests.crash.oracle import Size, run, told

CHANGING = Size("changing", patients=40, payments=10, stuck=1, blows=16, looks=200, halves=60, http=10, is_proven=True)


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_applying_and_rolling_back_keeps_every_promise(tmp_path: Path, seed: int) -> None:
    verdict = run(tmp_path, seed, CHANGING, kinds=CHANGES)
    assert not verdict.found, "\n".join(told(verdict, CHANGING, "sqlite"))
    assert verdict.fallen >= CHANGING.blows // 4  # where applying takes long, the traffic ends before the last ones


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_among_kills_and_pauses_it_keeps_them_too(tmp_path: Path) -> None:
    verdict = run(tmp_path, 3, CHANGING, kinds=(*CHANGES, *CHANGES, *ON_SQLITE))
    assert not verdict.found, "\n".join(told(verdict, CHANGING, "sqlite"))


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.skipif("HP24_TEST_POSTGRES" in os.environ, reason="somebody else's server is not to crash")
def test_on_postgresql_it_keeps_them_too(tmp_path: Path) -> None:
    with postgres.server() as server:
        verdict = run(tmp_path, 4, CHANGING, server=server, kinds=(*CHANGES, *CHANGES, *ON_POSTGRESQL))
    assert not verdict.found, "\n".join(told(verdict, CHANGING, "postgresql"))
