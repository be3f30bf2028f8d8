"""What a measurement costs beside time: CPU seconds of each part, and bytes on disk."""

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import psutil
import psycopg
from sqlalchemy import make_url

ENDED = "commands"  # what ran beside the servers and has ended: the load generator and the verbs that were asked
PARTS = ("listen", "process", "deliver")


def part_of(command: list[str], name: str) -> str:
    """Which part of the whole a process is: the database, a part by its name or its command line, or the server itself."""
    if name.startswith("postgres"):
        return "database"
    return next((part for part in PARTS if any(part in word for word in (name, *command[1:]))), "server")


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


def stored_bytes(database_url: str) -> int:
    """Bytes of the database without its write-ahead log, which is reused for ever; all that was written is in them."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return _sqlite_bytes(str(url.database))
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0


def _sqlite_bytes(path: str) -> int:
    # What lies in the log alone does not count yet: move it over first.
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return Path(path).stat().st_size
