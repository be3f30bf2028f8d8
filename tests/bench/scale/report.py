"""What was measured: one table of figures beside their targets, the curve as a picture, and both as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench.measure import Database
from tests.bench.scale.disk import STORED, TOLD, Disk
from tests.bench.scale.find import PAGE, Found
from tests.bench.scale.grow import PATIENTS, Point
from tests.bench.table import FILE_WIDTH

SEARCH_MS = 50.0
RESTART_SECS = 2.0
RAW_SHARE = 0.6
MEMORY_GROWTH = 0.05
BETWEEN = (100_000, 500_000)  # messages, for memory


@dataclass(frozen=True, slots=True)
class Grown:
    """Everything about one store that has grown."""

    database: Database
    points: Sequence[Point]
    found: Sequence[Found]
    disk: Disk | None
    backlog: int
    restarts: Sequence[float]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. `is_met` is None where there is no target."""

    what: str
    figure: str
    target: str = ""
    is_met: bool | None = None


def lines(grown: Grown) -> Iterator[Line]:
    """The figures of a store, in the order of the table."""
    for one in grown.found:
        told = f"{one.median_ms:.1f} ms, longest {one.longest_ms:.1f}"
        yield Line(f"search by {one.what}", told, f"<= {SEARCH_MS:.0f} ms", one.longest_ms <= SEARCH_MS)
    if grown.restarts:
        longest = max(grown.restarts)
        what = f"killed and started, {grown.backlog:,} waiting: to listening"
        yield Line(what, f"{longest:.2f} s", f"<= {RESTART_SECS:.0f} s", longest <= RESTART_SECS)
    if grown.disk is not None:
        yield from _disk(grown.disk)
    yield from _memory(grown.points)
    yield from _cost(grown.points)


def _disk(disk: Disk) -> Iterator[Line]:
    stored, told = disk.share(STORED), disk.share(STORED + TOLD)
    yield Line(
        "message and its bytes on disk, of raw",
        f"{stored:.2f}",
        f"<= {RAW_SHARE} x {disk.raw:,.0f}",
        stored <= RAW_SHARE,
    )
    yield Line("with its arrival and run", f"{told:.2f}")
    whole = sum(disk.tables.values()) + sum(disk.indexes.values())
    yield Line("whole database, ledger and indexes, for each message", f"{whole:,.0f} bytes")


def _memory(points: Sequence[Point]) -> Iterator[Line]:
    by_stored = {point.stored: point.memory_mib for point in points}
    start, end = (by_stored.get(stored) for stored in BETWEEN)
    if start and end:
        growth = sum(end.values()) / sum(start.values()) - 1
        what = f"resident memory from {BETWEEN[0]:,} to {BETWEEN[1]:,}"
        parts = ", ".join(f"{part} {start[part]:.0f} to {end[part]:.0f}" for part in start)
        yield Line(what, f"{growth:+.1%} ({parts} MiB)", f"< {MEMORY_GROWTH:.0%}", growth < MEMORY_GROWTH)


def _cost(points: Sequence[Point]) -> Iterator[Line]:
    known = [point for point in points if point.stored > PATIENTS]
    for point in (known[0], known[-1]) if len(known) > 1 else known:
        yield Line(
            f"cost of a message at {point.stored:,}",
            f"{point.micros_per_message:,.0f} us, {point.cpu_micros_per_message:,.0f} of processors; "
            f"a sender's wait p99 {point.p99_ms:.0f} ms",
        )


def show(grown: Sequence[Grown], console: Console, machine: Sequence[str]) -> None:
    """Print the table."""
    if not console.is_terminal:
        console.width = max(console.width, FILE_WIDTH)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("", "database", "figure", "target"):
        table.add_column(heading, no_wrap=True)
    for one in grown:
        stored = one.points[-1].stored
        for line in lines(one):
            colour = {True: "green", False: "red", None: "dim"}[line.is_met]
            missed = "missed: " if line.is_met is False else ""
            table.add_row(line.what, f"{one.database}, {stored:,}", line.figure, f"[{colour}]{missed}{line.target}[/]")
    console.print(table)
    notes = (
        f"A08s of {PATIENTS:,} patients come through a running engine; each search is one page of {PAGE} with its audit.",
        *machine,
    )
    for note in notes:
        console.print(note, style="dim", highlight=False)


def as_json(grown: Sequence[Grown], machine: Sequence[str]) -> dict[str, Any]:
    """Everything, for other programs."""
    return {"machine": list(machine), "stores": [asdict(one) for one in grown]}


def draw(grown: Sequence[Grown], file: Path) -> None:
    """The curves as a picture: cost and memory over what is stored."""
    import matplotlib as mpl

    mpl.use("svg" if file.suffix == ".svg" else "agg")
    from matplotlib import pyplot as plt

    figure, (cost, memory) = plt.subplots(2, 1, figsize=(9, 8), sharex=True, layout="constrained")
    for one in grown:
        stored = [point.stored for point in one.points]
        (line,) = cost.plot(
            stored, [point.micros_per_message for point in one.points], marker="o", markersize=3, label=one.database
        )
        spent = [point.cpu_micros_per_message for point in one.points]
        cost.plot(stored, spent, linestyle="--", color=line.get_color(), label=f"{one.database}, processor time")
        for part in one.points[-1].memory_mib:
            held = [point.memory_mib.get(part, 0.0) for point in one.points]
            memory.plot(stored, held, marker="o", markersize=3, label=f"{one.database}, {part}")
    cost.axvline(PATIENTS, color="grey", linewidth=0.8, linestyle=":")
    cost.annotate("every patient is known", (PATIENTS, 0), xytext=(4, 6), textcoords="offset points", color="grey")
    cost.set(title="Cost of one message, received and processed", ylabel="microseconds", ylim=(0, None))
    memory.set(title="Resident memory", ylabel="MiB", xlabel="messages stored", ylim=(0, None))
    memory.xaxis.set_major_formatter(lambda number, _place: f"{number:,.0f}")
    for plot in (cost, memory):
        plot.grid(alpha=0.3)
        plot.legend()
    figure.savefig(file)
    plt.close(figure)
