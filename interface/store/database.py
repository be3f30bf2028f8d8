"""Opening a database: the engine, its connections, its schema, its keys.

The first open makes everything: tables, data keys, key file. Later ones check: the schema is one that this engine knows,
the key file opens the keys, the connections flush. Processes that open at once wait for each other.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc
from ulid import ULID

from interface.errors import StoreError, StoreUnavailableError
from interface.store import durability, turnstile, wire
from interface.store import schema_baseline as _baseline  # noqa: F401  importing a schema module adds its tables
from interface.store import schema_delivery as _deliveries  # noqa: F401
from interface.store import schema_ledger as _ledger  # noqa: F401
from interface.store import schema_message as _messages  # noqa: F401
from interface.store import schema_mirror as _mirror  # noqa: F401
from interface.store import schema_operation as t
from interface.store import schema_purge as _purge  # noqa: F401
from interface.store.counter import EPOCH
from interface.store.dialect import POSTGRESQL, SQLITE
from interface.store.files import files_translated
from interface.store.keysource import KeySource, key_source
from interface.store.schema import VERSION
from interface.store.vault import DataKeys, Vault, unwrap, wrap

_READ_ONLY_STATE = "25006"  # PostgreSQL: read_only_sql_transaction
_OPENING_LOCK = 0x68703234  # "hp24": the advisory lock of those who open a PostgreSQL database


@dataclass(frozen=True, slots=True)
class Limits:
    """The store's limits. A turn that is longer than `turn_limit_micros` is counted and reported, not broken off."""

    turn_limit_micros: int = 10_000
    busy_timeout_secs: float = 5.0  # for writers that are not ours: a backup, a shell
    connections: int = 16
    connect_wait_secs: float = 10.0  # for a free connection of the pool
    connect_secs: float = 10.0  # for a server to take a connection
    answer_secs: float = 0.0  # for a server's next answer; 0: people may wait as long as they like
    id_block: int = 1_000  # ids reserved at once
    key_command_secs: float = 30.0  # for the command that gives the master key, if one does
    is_scratch: bool = False  # a SQLite file for a proof, thrown away after it; never a store of record


@dataclass(frozen=True, slots=True)
class Opened:
    """A database that is ready. `notice` is what a person must know after the very first start, else empty."""

    engine: sa.Engine
    vault: Vault
    database_id: str
    wire_prefix: str
    wire_offset: int
    key_source: KeySource
    notice: str


def open_database(url: str, now: int, environ: Mapping[str, str], limits: Limits, *, makes: bool = True) -> Opened:
    """Open or upgrade a database; where there is none yet, make it only if `makes`.

    Errors: StoreError `database-url`, `database-damaged`, `durability-off`, `schema-newer`, `home-empty`, `key-missing`,
    `key-exposed`, `key-wrong`, `key-ambiguous`, `key-command-failed`; StoreUnavailableError `database-unavailable`,
    `home-unusable`.
    """
    with files_translated():
        engine = make_engine(url, limits, makes=makes)
    try:
        with files_translated(), translated(), opening(engine) as connection:
            if not makes and _version(connection) is None:
                raise _home_empty(engine.url)
            upgrade_schema(connection)
            installation = connection.execute(sa.select(t.installation)).first()
            if installation is None:
                return _found(engine, connection, now, environ, limits)
            return _reopen(engine, connection, installation, environ, limits)
    except BaseException:
        engine.dispose()
        raise


@contextmanager
def translated() -> Iterator[None]:
    """Turn the database's own failures into ours; their texts name no values (`hide_parameters`)."""
    try:
        yield
    except exc.DBAPIError as error:
        failure = _failure(error)
        if failure is None:
            raise
        raise failure from error
    except exc.TimeoutError as error:
        raise _unavailable(error) from error


def _failure(error: exc.DBAPIError) -> StoreError | None:
    """What a failure of the database means to us; None where it is a defect of a statement."""
    if getattr(error.orig, "sqlstate", "") == _READ_ONLY_STATE or getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == (
        sqlite3.SQLITE_READONLY
    ):
        return StoreUnavailableError(
            "database-read-only",
            "the database takes no writes",
            place="database",
            advice="nothing was stored; is it a standby, or its disk mounted read-only?",
        )
    if isinstance(error, exc.OperationalError | exc.InterfaceError) or error.connection_invalidated:
        return _unavailable(error)
    if type(error) is exc.DatabaseError:  # its kinds are defects of a statement; by itself it means the file
        return StoreError(
            "database-damaged",
            f"this is not a database, or a damaged one ({_first_line(error)})",
            place="database",
            advice="look which file it is; a damaged one is restored from a backup",
        )
    return None


def _unavailable(error: Exception) -> StoreUnavailableError:
    reason = type(getattr(error, "orig", None) or error).__name__
    return StoreUnavailableError(
        "database-unavailable",
        f"the database does not answer or has no room ({reason}: {_first_line(error)})",
        place="database",
        advice="nothing was stored; look at the database and its disk",
    )


def _home_empty(url: sa.URL) -> StoreError:
    return StoreError(
        "home-empty",
        "no engine was ever started here: there is no database",
        place=str(url.database) if url.get_backend_name() == SQLITE else f"database {url.database}",
        advice="name the engine's home (--home DIR, or HP24_HOME), or make a new one with `hp24 run`",
    )


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


def make_engine(url: str, limits: Limits, *, makes: bool = True) -> sa.Engine:
    """The engine of a database; its connections are checked when they are made. A SQLite file that is not there is made if `makes`.

    Errors: StoreError `database-url`.
    """
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError as error:
        raise _bad_url() from error
    if parsed.get_backend_name() == SQLITE and parsed.database not in (None, "", ":memory:"):
        path = Path(str(parsed.database))
        if makes:
            _make_file(path)
        elif not path.exists() or not path.stat().st_size:
            raise _home_empty(parsed)
    elif parsed.get_backend_name() != POSTGRESQL:
        raise _bad_url()
    else:
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(
        parsed,
        hide_parameters=True,
        pool_size=limits.connections,
        max_overflow=0,
        pool_timeout=limits.connect_wait_secs,
    )
    _watch(engine, limits)
    return engine


def _bad_url() -> StoreError:
    return StoreError(
        "database-url",
        "not a database that this engine can use",
        place="database url",
        advice="give sqlite:////path/to/file.db or postgresql://user@host/name",
    )


def _make_file(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Only where there is none yet: closing any handle of a file lets go of all locks that this process has on it, SQLite's too.
    with suppress(FileExistsError):
        os.close(
            os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        )  # SQLite's other files take the mode of this one


def _watch(engine: sa.Engine, limits: Limits) -> None:
    if engine.dialect.name == SQLITE:

        @event.listens_for(engine, "do_connect")
        def on_connecting(_dialect: Any, _record: Any, given: Any, named: dict[str, Any]) -> Any:
            # Never a new file: SQLite would take an empty one in the place of ours for a new database, and delete the
            # write-ahead log beside it, in which commits lie that senders were told yes for.
            path, *more = given
            return sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=rw", *more, uri=True, **named)

        @event.listens_for(engine, "connect")
        def on_connect(connection: Any, _record: Any) -> None:
            if limits.is_scratch:
                durability.prepare_scratch(connection)
            else:
                durability.prepare_sqlite(connection, limits.busy_timeout_secs)

        @event.listens_for(engine, "begin")
        def on_begin(connection: sa.Connection) -> None:
            writes = connection.get_execution_options().get("writes", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    else:
        from interface.store import bounded  # noqa: PLC0415 - the driver of a server, which many do without

        bounded.bound(engine, limits.connect_secs, limits.answer_secs)

        @event.listens_for(engine, "connect")
        def on_connect_server(connection: Any, _record: Any) -> None:
            durability.check_postgresql(connection)


@contextmanager
def opening(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction in which nobody else opens the same database."""
    if engine.dialect.name == SQLITE:
        # Connecting is a part of the turn: the first of all connections rewrites the file's header.
        with closing(turnstile.Turnstile(sqlite_path(engine))) as entrance, entrance.turn(), engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                yield connection
        return
    with engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_OPENING_LOCK)))
        yield connection


def sqlite_path(engine: sa.Engine) -> Path:
    """The file of a SQLite database."""
    return Path(str(engine.url.database)).absolute()


def upgrade_schema(connection: sa.Connection) -> None:
    """Bring an empty or older database to the schema of this engine."""
    version = _version(connection)
    if version == VERSION:
        return
    # Imported here: migrations are rare, and Alembic would add a fifth of a second to every command.
    from interface.store.migration import upgrade  # noqa: PLC0415

    upgrade.run(connection, version)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _found(
    engine: sa.Engine, connection: sa.Connection, now: int, environ: Mapping[str, str], limits: Limits
) -> Opened:
    database_id = str(ULID.from_timestamp(now / 1_000_000))
    prefix = wire.prefix_at(now)
    keys = DataKeys.fresh()
    source = key_source(database_id, environ, limits.key_command_secs)
    # The key is durable before the first row that needs it.
    master, notice = source.first()
    wrapped = wrap(keys, master, database_id)
    connection.execute(sa.insert(t.counter), {"name": EPOCH, "value": 0})
    connection.execute(
        sa.insert(t.installation), {"id": database_id, "created_at": now, "wire_prefix": prefix, "wire_offset": 0}
    )
    rows = [{"name": name, "wrapped": value, "wrapped_at": now} for name, value in wrapped.items()]
    connection.execute(sa.insert(t.vault_key), rows)
    return Opened(engine, Vault(keys), database_id, prefix, 0, source, notice)


def _reopen(
    engine: sa.Engine,
    connection: sa.Connection,
    installation: sa.Row[Any],
    environ: Mapping[str, str],
    limits: Limits,
) -> Opened:
    source = key_source(installation.id, environ, limits.key_command_secs)
    wrapped = {row.name: row.wrapped for row in connection.execute(sa.select(t.vault_key))}
    keys = unwrap(wrapped, source.keys(), installation.id)
    prefix, offset = installation.wire_prefix, installation.wire_offset
    return Opened(engine, Vault(keys), installation.id, prefix, offset, source, "")
