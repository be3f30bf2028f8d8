"""Programs write over FHIR while parts are killed and stopped: what was answered stands once, what was given back is nowhere."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.crash.oracle import OVER_FHIR, run, told
from tests.postgres import PostgresServer


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that may crash: other tests have theirs."""
    with postgres.server() as server:
        yield server


@pytest.mark.timeout(400)
@pytest.mark.proof
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_was_answered_stands_on_sqlite(tmp_path: Path, seed: int) -> None:
    verdict = run(tmp_path, seed, OVER_FHIR)
    assert not verdict.found, "\n".join(told(verdict, OVER_FHIR, "sqlite"))
    assert verdict.fallen >= OVER_FHIR.blows // 2


@pytest.mark.timeout(400)
@pytest.mark.proof
@pytest.mark.skipif("HP24_TEST_POSTGRES" in os.environ, reason="somebody else's server is not to crash")
@pytest.mark.parametrize("seed", [4, 5])
def test_what_was_answered_stands_on_postgresql(tmp_path: Path, own_server: PostgresServer, seed: int) -> None:
    verdict = run(tmp_path, seed, OVER_FHIR, server=own_server)
    assert not verdict.found, "\n".join(told(verdict, OVER_FHIR, "postgresql"))
    assert verdict.fallen >= OVER_FHIR.blows // 2
