"""The one table, and the same rows as JSON."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench.measure import Measured, Row, Target

NOTES = (
    "Every message is new (its own control id), 1.1 kB, of one of 5,000 patients, and changes the patient's address.",
    "p50, p95, p99: a sender's wait from first byte out to whole answer in. End to end includes draining the backlog.",
    "Everything is flushed to disk and sealed before it is acknowledged; the peers store nothing.",
    "PostgreSQL runs with its default settings, which flush every commit.",
    "60 fields: the shipped mapping makes 72 values of them, with dates, tables and identifiers; the peers read the texts.",
    "Bytes: how much the database grew for each message, without its write-ahead log.",
)
FILE_WIDTH = 200  # characters, where no terminal sets the width
SHOWN_CPU_SECS = 0.05  # a part that took less is left out


def show(rows: list[Row], console: Console, machine: list[str]) -> None:
    """Print the table, what its words mean, and what it was measured on."""
    if not console.is_terminal:
        console.width = max(console.width, FILE_WIDTH)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("database", no_wrap=True)
    for heading in ("messages", "per second", "p50 ms", "p95 ms", "p99 ms"):
        table.add_column(heading, justify="right")
    table.add_column("bytes", justify="right")
    table.add_column("target", no_wrap=True)
    table.add_column("CPU seconds", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row))
    console.print(table)
    for row in rows:
        if row.failure:
            console.print(f"not measured: {row.name}, {row.database}: {row.failure}", style="red", markup=False)
    for line in (*NOTES, *machine):
        console.print(line, style="dim", highlight=False)


def as_json(rows: list[Row], machine: list[str]) -> dict[str, Any]:
    """The rows and what they were measured on, for other programs."""
    return {"rows": [_fields(row) for row in rows], "machine": machine}


def _cells(row: Row) -> list[str]:
    if row.measured is None:
        return [row.name, row.database, "", "[red]failed[/red]"]
    found, met = row.measured, row.measured.load
    waits = [f"{met.p50_ms:.1f}", f"{met.p95_ms:.1f}", f"{met.p99_ms:.1f}"] if met else ["", "", ""]
    size = "" if found.bytes_per_message is None else f"{found.bytes_per_message:,}"
    rate = f"{found.per_second:,.0f}"
    target = _target(found, row.target) if row.target else ""
    return [row.name, row.database, f"{found.messages:,}", rate, *waits, size, target, _cpu(found)]


def _target(found: Measured, target: Target) -> str:
    wanted = f">= {target.per_second:,.0f}/s" + (f", p99 <= {target.p99_ms:.0f} ms" if target.p99_ms else "")
    wanted += f", p95 <= {target.p95_ms:.0f} ms" if target.p95_ms else ""
    return f"[green]{wanted}[/green]" if found.meets(target) else f"[red]missed: {wanted}[/red]"


def _cpu(found: Measured) -> str:
    largest_first = sorted(found.cpu_secs.items(), key=lambda part: -part[1])
    return ", ".join(f"{part} {secs:.1f}" for part, secs in largest_first if secs >= SHOWN_CPU_SECS)


def _fields(row: Row) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": row.name, "database": row.database.value, "failure": row.failure or None}
    if row.target:
        fields |= {"target_per_second": row.target.per_second, "target_p99_ms": row.target.p99_ms}
    if row.measured:
        found, met = row.measured, row.measured.load
        fields |= {
            "messages": found.messages,
            "seconds": round(found.seconds, 3),
            "per_second": round(found.per_second, 1),
        }
        fields |= (
            {"p50_ms": met.p50_ms, "p95_ms": met.p95_ms, "p99_ms": met.p99_ms, "max_ms": met.max_ms} if met else {}
        )
        fields |= {"cpu_secs": {part: round(secs, 2) for part, secs in found.cpu_secs.items()}}
        fields |= {"bytes_per_message": found.bytes_per_message}
        fields |= {"meets_target": found.meets(row.target)} if row.target else {}
    return fields
