"""hp24 with a planted bug, as a command: `python -m tests.crash.planted BUG VERB ...`. What proves safety must catch each of them.

The product has no switch that turns a promise off; here its own functions are replaced from outside.
"""

import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from unittest.mock import patch

import psycopg

from interface.cli.main import run
from interface.engine import intake
from interface.pipeline import receive
from interface.ports import Store
from interface.row.message import Received
from interface.store import durability

LATE_SECS = 0.5


def unflushed() -> None:
    """Commits are not flushed: the setting goes after the engine has looked at it."""
    prepare = durability.prepare_sqlite

    def prepare_carelessly(connection: sqlite3.Connection, busy_timeout_secs: float) -> None:
        prepare(connection, busy_timeout_secs)
        connection.execute("PRAGMA synchronous = OFF")

    check = durability.check_postgresql

    def check_carelessly(connection: psycopg.Connection) -> None:
        check(connection)
        connection.execute("SET synchronous_commit = off")
        connection.commit()

    patch.object(durability, "prepare_sqlite", prepare_carelessly).start()
    patch.object(durability, "check_postgresql", check_carelessly).start()


def answered_early() -> None:
    """Senders are told yes, and their messages are stored half a second later."""
    store_batch = receive.store_batch

    def store_later(store: Store, examined: Sequence[receive.Examined]) -> list[receive.Answer]:
        threading.Timer(LATE_SECS, store_batch, (store, examined)).start()
        return [
            receive.Answer(one, Received(0, False, one.intake.state, one.intake.answer), one.intake.answer)
            for one in examined
        ]

    patch.object(intake, "store_batch", store_later).start()


BUGS: dict[str, Callable[[], None]] = {"unflushed": unflushed, "answered-early": answered_early}


def planted(bug: str) -> tuple[str, ...]:
    """The command that stands for `hp24`. Its environment must find the project's tests (PYTHONPATH)."""
    return (sys.executable, "-m", "tests.crash.planted", bug)


if __name__ == "__main__":
    BUGS[sys.argv[1]]()
    sys.exit(run(sys.argv[2:]))
