"""Databases that are made already: making one takes longer than most tests that use it.

Whoever asks for one finds it as its first open left it. On SQLite that is a copy of the file; on PostgreSQL all tests of a
process use one database in turn, and its rows are put back before each. Tests that change more than rows take a new one.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from interface.store.schema import METADATA
from interface.store.store import open_store
from tests.store.given import HandClock

# Who is still connected has ended its test: waited for, so that it holds no row any more.
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_SEQUENCES = "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence"
_NO_TRIGGERS = "SET LOCAL session_replication_role = replica"  # tables that refuse change are emptied, too


@dataclass(frozen=True, slots=True)
class MadeDatabase:
    """Where a database is, and `environ`, which names its key file."""

    url: str
    environ: dict[str, str]

    def copied(self, folder: Path) -> "MadeDatabase":
        """A copy of a SQLite database in `folder`, under the same key."""
        file = shutil.copy(str(sa.make_url(self.url).database), folder / "hp24.db")
        return MadeDatabase(f"sqlite:///{file}", self.environ)


def make(url: str, folder: Path) -> MadeDatabase:
    """Make the database; its key goes to `folder`."""
    made = MadeDatabase(url, {"HP24_KEY_FILE": str(folder / "made.key")})
    open_store(url, HandClock(), made.environ).close()
    return made


class SharedDatabase:
    """A database that tests use in turn."""

    def __init__(self, made: MadeDatabase, engine: sa.Engine, rows: dict[str, Sequence[Any]]) -> None:
        self._made = made
        self._engine = engine
        self._rows = rows

    def as_made(self) -> MadeDatabase:
        """The database, with the rows that its first open gave it and no others."""
        with self._engine.begin() as connection:
            connection.execute(sa.text(_END_OTHERS))
            connection.execute(sa.text(_SEQUENCES))
            connection.execute(sa.text(_NO_TRIGGERS))
            for table in reversed(METADATA.sorted_tables):
                connection.execute(sa.delete(table))
            for table in METADATA.sorted_tables:
                if self._rows[table.name]:
                    connection.execute(sa.insert(table), self._rows[table.name])
        return self._made


@contextmanager
def shared(made: MadeDatabase) -> Iterator[SharedDatabase]:
    """Share a PostgreSQL database that nobody has used since it was made."""
    engine = sa.create_engine(made.url)
    with engine.begin() as connection:
        rows = {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in METADATA.sorted_tables
        }
    yield SharedDatabase(made, engine, rows)
    engine.dispose()
