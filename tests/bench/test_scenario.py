"""The harness measures: peers answer it, a row says what it cost, and a server that fails costs its row only."""

import sys
from pathlib import Path

import pytest

from tests.bench import fields
from tests.bench.measure import Database, Measured, Target
from tests.bench.scenario import SCENARIOS, Bench, peer
from tests.bench.server import ServerFailedError, serving
from tests.bench.usage import part_of
from tests.mapping.speed import values
from tests.ports import free_ports


# As many as take a peer some hundredths of a second: the system counts processor time no finer.
@pytest.mark.parametrize(("name", "once", "messages"), [("python-hl7", False, 100), ("hl7apy", True, 10)])
def test_a_peer_answers_every_message(name: str, once: bool, messages: int, tmp_path: Path) -> None:
    measured = peer(name, once=once)(Bench(tmp_path, "", messages))
    assert measured.messages == messages
    assert measured.load is not None
    assert measured.load.refused == measured.load.errors == 0
    assert measured.cpu_secs["server"] > 0


def test_a_server_that_stops_is_reported_with_its_complaint(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    command = [sys.executable, "-c", "raise SystemExit('no such port here')"]
    with pytest.raises(ServerFailedError, match="no such port here"), serving(command, (port,), tmp_path / "log"):
        pass


def test_a_row_meets_its_target_by_rate_and_wait() -> None:
    quick = Measured(messages=1000, seconds=1.0)
    assert quick.meets(Target(900))
    assert not quick.meets(Target(1100))


def test_postgresql_may_take_longer() -> None:
    assert Target(1000, p99_ms=7).on(Database.POSTGRESQL) == Target(700, p99_ms=10)
    assert Target(1000, p99_ms=7).on(Database.SQLITE) == Target(1000, p99_ms=7)


@pytest.mark.parametrize(
    ("command", "name", "part"),
    [
        (["/usr/bin/postgres", "-D", "/tmp/x"], "postgres", "database"),
        (["python", "hp24", "run"], "hp24 listen", "listen"),
        (["python", "hp24", "run", "--part", "listen"], "python", "listen"),
        (["python", "hp24", "run"], "python", "server"),
    ],
)
def test_cpu_time_is_counted_by_part(command: list[str], name: str, part: str) -> None:
    assert part_of(command, name) == part


def test_rows_have_names_of_their_own() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


def test_every_reader_reads_the_same_fields() -> None:
    ours = [fields.parse(fields.RAW).text(path) for path in fields.PATHS]
    assert len(ours) == 60
    assert all(ours)
    assert fields.by_python_hl7() == ours
    assert fields.by_hl7apy() == ours


def test_the_mapping_makes_as_many_values_of_them() -> None:
    assert values(fields.mapped()) >= 60
    assert fields.mapped_alone()() == fields.mapped()
