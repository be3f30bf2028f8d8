"""`python -m tests.bench.fhir`: how long programs wait for what they read and search over FHIR, in a ledger of any size.

The server is the engine's own part, alone and over a socket; every look is audited and flushed before it is answered. Exit code 1
where a way could not be measured.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.bench import load, machine, usage
from tests.bench.__main__ import database
from tests.bench.fhir_server import DRAWS, Server, running, ways
from tests.bench.measure import Database
from tests.bench.server import ServerFailedError
from tests.bench.table import FILE_WIDTH

TARGET_P95_MS = 25.0
CONNECTIONS = (1, 4, 16)
_OUT = Path(__file__).resolve().parent / "out"


@dataclass(frozen=True, slots=True)
class Waited:
    """One way of asking, with so many connections at once."""

    way: str
    database: str
    accounts: int
    met: load.Load
    cpu_ms: float  # of server and database for one request, whatever else the machine does
    load_average: float  # of the machine, just before

    @property
    def is_met(self) -> bool:
        return self.met.p95_ms <= TARGET_P95_MS


def measure(
    server: Server, folder: Path, kind: str, connections: Sequence[int], chosen: argparse.Namespace
) -> Iterator[Waited]:
    """Every way with each number of connections. A warm store: what is asked was asked a few times before."""
    for way, _paths in ways(server):
        if chosen.only and not any(part in way for part in chosen.only):
            continue
        file = server.requests(way, folder)
        server.ask(file, 2, min(DRAWS, chosen.requests))
        for count in connections:
            before, spent = os.getloadavg()[0], usage.cpu_secs()
            met = server.ask(file, count, chosen.requests)
            taken = sum(secs - spent.get(part, 0.0) for part, secs in usage.cpu_secs().items() if part != usage.ENDED)
            yield Waited(way, kind, server.accounts, met, round(taken / met.messages * 1000, 2), before)


def show(found: Sequence[Waited], console: Console) -> None:
    """Print the table."""
    if not console.is_terminal:
        console.width = max(console.width, FILE_WIDTH)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("FHIR", "database"):
        table.add_column(heading, no_wrap=True)
    for heading in ("accounts", "connections", "per second", "p50 ms", "p95 ms", "p99 ms", "CPU ms", "load before"):
        table.add_column(heading, justify="right")
    table.add_column("target", no_wrap=True)
    for one in found:
        colour, word = ("green", "") if one.is_met else ("red", "missed: ")
        waits = (f"{one.met.p50_ms:.1f}", f"{one.met.p95_ms:.1f}", f"{one.met.p99_ms:.1f}")
        counts = (f"{one.accounts:,}", str(one.met.connections), f"{one.met.per_second:,.0f}")
        target = f"[{colour}]{word}p95 <= {TARGET_P95_MS:.0f} ms[/{colour}]"
        table.add_row(one.way, one.database, *counts, *waits, f"{one.cpu_ms:.2f}", f"{one.load_average:.1f}", target)
    console.print(table)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.fhir", description="Measure reads and searches over FHIR."
    )
    parser.add_argument(
        "--accounts", type=int, default=1_000_000, help="how many accounts the ledger holds (1,000,000)"
    )
    parser.add_argument("--requests", type=int, default=2000, help="how many requests each figure is of (2000)")
    parser.add_argument(
        "--only", metavar="NAME", action="append", help="only ways whose name contains NAME; repeatable"
    )
    parser.add_argument(
        "--connections", default=",".join(map(str, CONNECTIONS)), help="numbers of connections (1,4,16)"
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="only on this database")
    parser.add_argument("--out", type=Path, default=_OUT, help="where the JSON goes (tests/bench/out)")
    return parser.parse_args()


def main() -> int:
    chosen = options()
    load.generator(name=load.HTTP)  # compiled before anything is measured
    described = machine.describe()
    kinds = [one for one in (Database.SQLITE, Database.POSTGRESQL) if chosen.database in (None, one.name.lower())]
    connections = [int(one) for one in chosen.connections.split(",")]
    found: list[Waited] = []
    failed = False
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for kind in kinds:
            task = progress.add_task(f"{kind}: filling", total=chosen.accounts)

            def tell(done: int, task: TaskID = task) -> None:
                progress.update(task, completed=done)

            try:
                with ExitStack() as stack:
                    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hp24-fhir-")))
                    url = stack.enter_context(database(kind, folder))
                    server = stack.enter_context(running(folder, url, chosen.accounts, tell))
                    progress.update(task, description=f"{kind}: asking")
                    found.extend(measure(server, folder, str(kind), connections, chosen))
            except ServerFailedError as failure:
                failed = True
                progress.console.print(f"not measured: {kind}: {failure}", style="red", markup=False)
    show(found, Console())
    chosen.out.mkdir(parents=True, exist_ok=True)
    rows = [asdict(one) | {"per_second": round(one.met.per_second, 1), "is_met": one.is_met} for one in found]
    (chosen.out / "fhir.json").write_text(json.dumps({"rows": rows, "machine": described}, indent=2) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
