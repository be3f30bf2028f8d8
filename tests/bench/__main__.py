"""`python -m tests.bench`: measure every row and print the table. Exit code 1 when a row could not be measured."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from tests import postgres
from tests.bench import load, machine, table
from tests.bench.measure import Database, Row
from tests.bench.scenario import SCENARIOS, Bench, Scenario
from tests.bench.server import ServerFailedError

QUICK = 10  # a quick run measures a tenth


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the engine and its peers.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages: a look, not a measurement")
    parser.add_argument(
        "--only", metavar="NAME", action="append", help="only rows whose name contains NAME; repeatable"
    )
    parser.add_argument("--database", choices=[one.name.lower() for one in Database], help="only rows on this database")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the rows there as well")
    return parser.parse_args()


def chosen_rows(chosen: argparse.Namespace) -> Iterator[tuple[Scenario, Database]]:
    for scenario in SCENARIOS:
        if any(part in scenario.name for part in chosen.only or [""]):
            yield from ((scenario, one) for one in scenario.databases if chosen.database in (None, one.name.lower()))


@contextmanager
def database(kind: Database, folder: Path) -> Iterator[str]:
    """URL of an empty database for one row, gone afterwards; a peer gets none."""
    match kind:
        case Database.SQLITE:
            yield f"sqlite:///{folder / 'home' / 'hp24.db'}"
        case Database.POSTGRESQL:
            with postgres.server() as server, server.database() as url:
                yield url
        case Database.NONE:
            yield ""


def measure(scenario: Scenario, kind: Database, messages: int) -> Row:
    """Run one row in a folder of its own. A server that fails costs its row, not the table."""
    target = scenario.target.on(kind) if scenario.target else None
    with tempfile.TemporaryDirectory(prefix="hp24-bench-") as name, database(kind, Path(name)) as url:
        try:
            return Row(scenario.name, kind, scenario.run(Bench(Path(name), url, messages)), target)
        except ServerFailedError as failure:
            return Row(scenario.name, kind, target=target, failure=str(failure))


def main() -> int:
    chosen = options()
    console = Console(stderr=True)
    load.generator()  # compiled before anything is measured
    rows, found = [], machine.describe()
    for scenario, kind in chosen_rows(chosen):
        with console.status(f"{scenario.name} ({kind})"):
            rows.append(measure(scenario, kind, scenario.messages // QUICK if chosen.quick else scenario.messages))
    table.show(rows, Console(), found)
    if chosen.json:
        chosen.json.write_text(json.dumps(table.as_json(rows, found), indent=2) + "\n", encoding="utf-8")
    return 1 if any(row.failure for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
