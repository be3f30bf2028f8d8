"""The table shows every row: what was measured, what was missed, and what failed and why."""

import io

import pytest
from rich.console import Console

from tests.bench import table
from tests.bench.load import Load
from tests.bench.measure import Database, Measured, Row, Target

MET = Load(
    connections=32,
    messages=1000,
    seconds=0.5,
    p50_ms=1.5,
    p95_ms=3.0,
    p99_ms=9.0,
    max_ms=11.0,
    refused=0,
    errors=0,
    cpu_secs=0.1,
)
COSTS = {"listen": 0.41, "process": 0.78, "commands": 0.01}
ROWS = [
    Row("met", Database.SQLITE, Measured(1000, 0.5, MET, COSTS, bytes_per_message=2345), Target(1500, p99_ms=10)),
    Row("late", Database.SQLITE, Measured(1000, 0.5, MET), Target(1500, p99_ms=8)),
    Row("slow", Database.POSTGRESQL, Measured(1000, 0.5), Target(2500)),
    Row("broken", Database.SQLITE, failure="not listening: [no] reason"),
]


@pytest.fixture
def lines() -> dict[str, str]:
    """The printed lines by their first word."""
    console = Console(file=io.StringIO(), width=200)
    table.show(ROWS, console, ["two cores"])
    text = console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO given above
    return {line.split()[0]: line for line in text.splitlines() if line.strip()}


def test_a_measured_row_tells_rate_waits_cost_and_size(lines: dict[str, str]) -> None:
    assert lines["met"].split()[1:8] == ["SQLite", "1,000", "2,000", "1.5", "3.0", "9.0", "2,345"]
    assert lines["met"].rstrip().endswith("process 0.8, listen 0.4")


def test_a_missed_target_is_said_in_words(lines: dict[str, str]) -> None:
    assert "missed" not in lines["met"]
    assert "missed: >= 1,500/s, p99 <= 8 ms" in lines["late"]
    assert "missed: >= 2,500/s" in lines["slow"]


def test_a_failed_row_gives_its_reason(lines: dict[str, str]) -> None:
    assert "failed" in lines["broken"]
    assert "broken, SQLite: not listening: [no] reason" in lines["not"]


def test_json_has_the_same_rows() -> None:
    rows = {row["name"]: row for row in table.as_json(ROWS, ["two cores"])["rows"]}
    assert rows["met"]["per_second"] == 2000
    assert (rows["met"]["p99_ms"], rows["met"]["bytes_per_message"]) == (9.0, 2345)
    assert [rows[name].get("meets_target") for name in ("met", "late", "slow", "broken")] == [True, False, False, None]
    assert rows["broken"]["failure"] == "not listening: [no] reason"
