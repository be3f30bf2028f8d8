"""What a measurement costs beside time: CPU seconds of each part, and bytes on disk."""

import resource
from pathlib import Path

import psutil
import psycopg
from sqlalchemy import make_url

ENDED = "commands"  # what ran beside the servers and has ended: the load generator and the verbs that were asked
PARTS = ("listen", "process", "deliver")


def part_of(command: list[str], name: str) -> str:
    """Which part of the whole a process is: the database, a part that its command line names, or the server itself."""
    if name.startswith("postgres"):
        return "database"
    return next((part for part in PARTS if any(part in argument for argument in command[1:])), "server")


def cpu_secs() -> dict[str, float]:
    """CPU seconds spent so far, by part, of every process below this one."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = {ENDED: ended.ru_utime + ended.ru_stime}
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
            part = part_of(process.cmdline(), process.name())
        except psutil.NoSuchProcess:
            continue
        spent[part] = spent.get(part, 0.0) + times.user + times.system
    return spent


def stored_bytes(database_url: str, home: Path) -> int:
    """Bytes that the engine holds on disk: its home folder, and its PostgreSQL database without the write-ahead log."""
    on_disk = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    if not database_url.startswith("postgresql"):
        return on_disk
    dsn = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return on_disk + int(row[0] if row else 0)
