"""`python -m tests.bench.fhir`: how long programs wait for what they read and search over FHIR, in a ledger of any size.

The server is the engine's own part, alone and over a socket; every look is audited and flushed before it is answered. Exit code 1
where a way could not be measured.
"""

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from interface.app.compose import App, open_app
from interface.fhir.element import instant
from interface.fhir.served import TYPES
from interface.ledger.noun import Noun
from interface.operate.act import By
from interface.operate.token import create_token
from interface.view.resource import ResourceFilter, Token
from tests.bench import fhir_store, load, machine
from tests.bench.__main__ import database
from tests.bench.engine import COMMAND, prepare
from tests.bench.fhir_store import Household
from tests.bench.measure import Database
from tests.bench.server import ServerFailedError, serving
from tests.bench.table import FILE_WIDTH
from tests.ports import free_ports

ROOT = "/fhir/r4"
TARGET_P95_MS = 25.0
CONNECTIONS = (1, 4, 16)
PAGE = 50
_DRAWS = 500  # different requests of each way
_SEED = 1
_BY = By("bench", "reads measured")
_OUT = Path(__file__).resolve().parent / "out"


@dataclass(frozen=True, slots=True)
class Waited:
    """One way of asking, with so many connections at once."""

    way: str
    database: str
    accounts: int
    met: load.Load
    load_average: float  # of the machine, just before

    @property
    def is_met(self) -> bool:
        return self.met.p95_ms <= TARGET_P95_MS


@dataclass(frozen=True, slots=True)
class Server:
    """The FHIR part under load: where it answers, a token, and its store, opened beside it for what is drawn."""

    app: App
    port: int
    token: str
    accounts: int

    def ids(self, noun: Noun, homes: Sequence[Household]) -> list[str]:
        """FHIR ids of the households' patients, or first accounts."""
        found = []
        with self.app.store.snapshot() as reader:
            for home in homes:
                number = Token(home.mrn if noun is Noun.PATIENT else home.account(0), "north")
                (row,) = reader.resources(ResourceFilter(noun, 1, identifiers=((number,),)))
                found.append(row.public_id.partition("_")[2])
        return found

    def times(self) -> tuple[int, int]:
        """When the first and the last account changed."""
        with self.app.store.snapshot() as reader:
            (first,) = reader.resources(ResourceFilter(Noun.ACCOUNT, 1))
            *_, last = reader.resources(
                ResourceFilter(Noun.ACCOUNT, PAGE, beyond=max(0, first.id + self.accounts - PAGE))
            )
        return first.updated_at, last.updated_at


def ways(server: Server) -> Iterator[tuple[str, list[str]]]:
    """What is asked, each with different requests of its kind."""
    chance = random.Random(_SEED)
    homes = list(fhir_store.sample(server.accounts, _DRAWS, chance))
    accounts, patients = server.ids(Noun.ACCOUNT, homes), server.ids(Noun.PATIENT, homes)
    first, last = server.times()

    def moments() -> Iterator[str]:
        return (quote(instant(chance.randint(first, last))) for _ in homes)

    yield "read Account", [f"Account/{one}" for one in accounts]
    yield "read Patient", [f"Patient/{one}" for one in patients]
    yield "Account by identifier", [f"Account?identifier=urn:id:north%7C{one.account(1)}" for one in homes]
    yield "Account by patient", [f"Account?patient={one}" for one in patients]
    yield (
        "Account by patient, with the patient",
        [f"Account?patient={one}&_include=Account:patient" for one in patients],
    )
    yield "Patient by whole name", [f"Patient?name={one.family}%20{one.given}" for one in homes]
    yield "Patient by family and birth date", [f"Patient?name={one.family}&birthdate={born(one)}" for one in homes]
    yield f"{PAGE} Accounts since a time", [f"Account?_lastUpdated=ge{at}&_count={PAGE}" for at in moments()]
    yield f"{PAGE} Patients until a time", [f"Patient?_lastUpdated=lt{at}&_count={PAGE}" for at in moments()]
    yield (
        f"{PAGE} Accounts, any page",
        [f"Account?_count={PAGE}&_cursor={chance.randrange(server.accounts)}" for _ in homes],
    )


def born(home: Household) -> str:
    return f"{1930 + home.number % 80}-{1 + home.number % 12:02d}-{1 + home.number % 28:02d}"


@contextmanager
def running(folder: Path, url: str, accounts: int, tell: fhir_store.Tell) -> Iterator[Server]:
    """A filled store and the part that serves it, until the block ends."""
    place = prepare(folder, url)
    home, root = folder / "home", folder / "root"
    (port,) = free_ports(1)
    environment = {**place.environment, "HP24_FHIR_PORT": str(port)}
    with open_app(home, root, environment) as app:
        app.publish(app.edited(), "bench")
        fhir_store.fill(app, accounts, tell)
        app.store.settle_space()
        _, token = create_token(app.store, app.clock, _BY, "bench", ["system/*.cruds"], days=1, types=TYPES)
        command = [str(COMMAND), "run", "--home", str(home), "--root", str(root), "--part", "serve"]
        with serving(command, (port,), folder / "engine.log", environment):
            yield Server(app, port, token, accounts)


def measure(
    server: Server, folder: Path, kind: str, connections: Sequence[int], chosen: argparse.Namespace
) -> Iterator[Waited]:
    """Every way with each number of connections. A warm store: what is asked was asked a few times before."""
    for way, paths in ways(server):
        if chosen.only and not any(part in way for part in chosen.only):
            continue
        file = folder / "requests.txt"
        file.write_text("".join(f"GET {ROOT}/{path}\n" for path in paths), encoding="utf-8")
        load.ask(server.port, 2, min(len(paths), chosen.requests), file, server.token)
        for count in connections:
            before = os.getloadavg()[0]
            met = load.ask(server.port, count, chosen.requests, file, server.token, first=count)
            if met.refused or met.errors:
                raise ServerFailedError(
                    f"{way}: {met.refused} of {met.messages} were refused, {met.errors} connections failed"
                )
            yield Waited(way, kind, server.accounts, met, before)


def show(found: Sequence[Waited], console: Console) -> None:
    """Print the table."""
    if not console.is_terminal:
        console.width = max(console.width, FILE_WIDTH)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("FHIR", "database"):
        table.add_column(heading, no_wrap=True)
    for heading in ("accounts", "connections", "per second", "p50 ms", "p95 ms", "p99 ms", "load before"):
        table.add_column(heading, justify="right")
    table.add_column("target", no_wrap=True)
    for one in found:
        colour, word = ("green", "") if one.is_met else ("red", "missed: ")
        waits = (f"{one.met.p50_ms:.1f}", f"{one.met.p95_ms:.1f}", f"{one.met.p99_ms:.1f}")
        counts = (f"{one.accounts:,}", str(one.met.connections), f"{one.met.per_second:,.0f}")
        target = f"[{colour}]{word}p95 <= {TARGET_P95_MS:.0f} ms[/{colour}]"
        table.add_row(one.way, one.database, *counts, *waits, f"{one.load_average:.1f}", target)
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
