"""Whether a connection really flushes what it commits: asked of every new connection, never assumed.

A positive answer promises that a message survives a power cut. Both databases can be told, by a file far away from this engine,
to answer "committed" before that is true.
"""

import sqlite3
from typing import Any

from interface.errors import StoreError

_FULL, _EXTRA = 2, 3  # PRAGMA synchronous
_MEMORY_KB = 64 * 1024
_CHECKPOINT_PAGES = 16_000  # 64 MB: pages that change often are written to the database file once, not at every commit
_LOG_BYTES = (
    2 * _CHECKPOINT_PAGES * 4096
)  # a log that grew beyond this, beside a long read, is cut once it is written back


def prepare_sqlite(connection: sqlite3.Connection, busy_timeout_secs: float) -> None:
    """Set up a new connection to a SQLite file and read the settings back."""
    connection.isolation_level = None  # BEGIN is ours: the driver's own would start writing turns late
    connection.execute(f"PRAGMA busy_timeout = {int(busy_timeout_secs * 1000)}")
    # The mode stays with the file. To set it asks for the file alone, and does not always wait for that: only who opens a new
    # file does so, in its turn.
    if _pragma(connection, "journal_mode") != "wal":
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # so that the file can become smaller again
        connection.execute("PRAGMA journal_mode = WAL")
    for setting in (
        "synchronous = FULL",
        "fullfsync = ON",  # macOS: its plain fsync stops at the drive's cache
        "checkpoint_fullfsync = ON",
        "foreign_keys = ON",
        "recursive_triggers = ON",  # else INSERT OR REPLACE would remove a row past its trigger
        f"cache_size = -{_MEMORY_KB}",
        f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
        "temp_store = MEMORY",  # what a statement sets aside needs no room on another disk
        f"journal_size_limit = {_LOG_BYTES}",
    ):
        connection.execute(f"PRAGMA {setting}")
    check_sqlite(connection)


def prepare_scratch(connection: sqlite3.Connection) -> None:
    """Set up a file that is thrown away after a proof: nothing in it is promised, and its messages stay where they are."""
    connection.isolation_level = None
    for setting in ("journal_mode = MEMORY", "synchronous = OFF", "foreign_keys = OFF", f"cache_size = -{_MEMORY_KB}"):
        connection.execute(f"PRAGMA {setting}")


def check_sqlite(connection: sqlite3.Connection) -> None:
    """Raise `durability-off` unless this connection flushes at every commit and keeps references whole."""
    _require(_pragma(connection, "journal_mode") == "wal", "journal_mode is not WAL")
    _require(_pragma(connection, "synchronous") in (_FULL, _EXTRA), "synchronous is not FULL")
    _require(_pragma(connection, "foreign_keys") == 1, "foreign_keys is not ON")


def _pragma(connection: sqlite3.Connection, name: str) -> Any:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def check_postgresql(connection: Any) -> None:
    """Raise `durability-off` unless this server and session flush at every commit. Takes a new driver connection."""
    with connection.cursor() as cursor:
        for name, advice in (
            ("fsync", "fsync = on"),
            ("full_page_writes", "full_page_writes = on"),
            ("synchronous_commit", "synchronous_commit = on"),
        ):
            cursor.execute(f"SHOW {name}")
            _require(cursor.fetchone()[0] != "off", f"{name} is off", advice)
    connection.rollback()


def _require(holds: bool, text: str, advice: str = "remove what changes it") -> None:
    if not holds:
        raise StoreError("durability-off", f"committed is not flushed: {text}", place="database", advice=advice)
