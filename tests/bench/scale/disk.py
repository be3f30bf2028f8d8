"""What a stored message takes on disk: tables apart from their indexes."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass

import psycopg
from sqlalchemy import make_url

STORED = ("message", "body")  # what a message is; the rest tells of it: arrivals, runs, keys to find it by
TOLD = ("arrival", "run")

_SQLITE = """
SELECT m.type, m.tbl_name, SUM(d.pgsize) FROM dbstat d JOIN sqlite_schema m ON m.name = d.name GROUP BY d.name
"""
_POSTGRESQL = """
SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
"""
_RAW = "SELECT COUNT(*), SUM(size) FROM message"


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes per message. `tables` and `indexes` are by table; `raw` is what came over the wire."""

    messages: int
    raw: float
    tables: dict[str, float]
    indexes: dict[str, float]

    def share(self, names: tuple[str, ...]) -> float:
        """What these tables take of the raw bytes, without their indexes."""
        return sum(self.tables.get(name, 0.0) for name in names) / self.raw


def disk(database_url: str) -> Disk | None:
    """The sizes; None where this SQLite was built without its table of page sizes."""
    url = make_url(database_url)
    try:
        if url.get_backend_name() == "sqlite":
            return _of_sqlite(str(url.database))
    except sqlite3.OperationalError:
        return None
    return _of_postgresql(url.set(drivername="postgresql").render_as_string(hide_password=False))


def _of_sqlite(path: str) -> Disk:
    with closing(sqlite3.connect(path)) as connection:
        messages, raw = connection.execute(_RAW).fetchone()
        tables: dict[str, float] = {}
        indexes: dict[str, float] = {}
        for kind, table, size in connection.execute(_SQLITE):
            found = tables if kind == "table" else indexes
            found[table] = found.get(table, 0.0) + size / messages
    return Disk(messages, raw / messages, tables, indexes)


def _of_postgresql(url: str) -> Disk:
    with psycopg.connect(url) as connection:
        messages, raw = connection.execute(_RAW).fetchone() or (0, 0)
        rows = connection.execute(_POSTGRESQL).fetchall()
    return Disk(
        messages,
        float(raw) / messages,
        {name: table / messages for name, table, _ in rows},
        {name: index / messages for name, _, index in rows},
    )
