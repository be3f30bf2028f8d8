"""`python -m tests.bench.scale`: grow a store to a million messages and measure it. Exit code 1 when it could not be measured."""

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.bench import load, machine
from tests.bench.__main__ import database
from tests.bench.engine import prepare
from tests.bench.measure import Database
from tests.bench.scale import report
from tests.bench.scale.again import pile_up, restarts
from tests.bench.scale.disk import disk
from tests.bench.scale.find import searches
from tests.bench.scale.grow import grow
from tests.bench.scale.report import Grown
from tests.bench.server import ServerFailedError

_SEED = 1
_OUT = Path(__file__).resolve().parents[1] / "out"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description="Measure a store that grows.")
    parser.add_argument("--messages", type=int, default=1_000_000, help="how many to store (1,000,000)")
    parser.add_argument("--backlog", type=int, default=100_000, help="how many wait when it is restarted (100,000)")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="only on this database")
    parser.add_argument("--out", type=Path, default=_OUT, help="where the picture and the JSON go (tests/bench/out)")
    return parser.parse_args()


def measure(kind: Database, chosen: argparse.Namespace, progress: Progress) -> Grown:
    """One store from empty to full, searched, weighed, killed and started."""
    task = progress.add_task(f"{kind}: growing", total=chosen.messages)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hp24-scale-")))
        url = stack.enter_context(database(kind, folder))
        place = prepare(folder, url)
        with place.running() as engine:
            points = grow(engine, url, chosen.messages, lambda stored: progress.update(task, completed=stored))
            progress.update(task, description=f"{kind}: searching")
            found = list(searches(engine.app, _SEED))
        weighed = disk(url)
        progress.update(task, description=f"{kind}: piling up", completed=0, total=chosen.backlog)
        pile_up(place, chosen.backlog, lambda stored: progress.update(task, completed=stored))
        progress.update(task, description=f"{kind}: restarting")
        waits = restarts(place)
    return Grown(kind, points, found, weighed, chosen.backlog, waits)


def main() -> int:
    chosen = options()
    load.generator()  # compiled before anything is measured
    described = machine.describe()
    kinds = [one for one in (Database.SQLITE, Database.POSTGRESQL) if chosen.database in (None, one.name.lower())]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    grown: list[Grown] = []
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        for kind in kinds:
            try:
                grown.append(measure(kind, chosen, progress))
            except ServerFailedError as failure:
                progress.console.print(f"not measured: {kind}: {failure}", style="red", markup=False)
    if grown:
        report.show(grown, Console(), described)
        chosen.out.mkdir(parents=True, exist_ok=True)
        (chosen.out / "scale.json").write_text(json.dumps(report.as_json(grown, described), indent=2) + "\n")
        report.draw(grown, chosen.out / "scale.svg")
        report.draw(grown, chosen.out / "scale.png")
    return 1 if len(grown) < len(kinds) else 0


if __name__ == "__main__":
    sys.exit(main())
