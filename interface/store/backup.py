"""Taking a backup of a running store: one consistent snapshot, read beside the writers, who never wait for it.

SQLite: the online backup in steps inside one read transaction, which in WAL mode hinders no writer; the log grows meanwhile by what
is written. PostgreSQL: COPY of every table in one REPEATABLE READ snapshot, which needs no tool beside the driver and fits
every server version. What leaves the database is sealed already, and the keys in it are wrapped.
"""

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc

from interface.errors import StoreError
from interface.ports import Progress
from interface.row.backup import AuditEnd, BackupPace, Manifest
from interface.store import schema_operation as t
from interface.store.archive import CHUNK_BYTES, ArchiveWriter
from interface.store.audit_seal import LAST_LINK
from interface.store.dialect import SQLITE
from interface.store.schema import METADATA
from interface.store.vault import Vault

DATABASE = "database.sqlite.zst"  # the member that holds a whole SQLite file
_VERSION = sa.text("SELECT version_num FROM alembic_version")
_PAGE_SIZE = "PRAGMA page_size"


def member_of(table: sa.Table) -> str:
    """The member that holds a PostgreSQL table's rows, in COPY's binary format."""
    return f"{table.name}.copy.zst"


def copy_columns(table: sa.Table) -> str:
    """The table with its columns, as COPY wants it."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f'"{table.name}" ({names})'


def take(engine: sa.Engine, vault: Vault, file: Path, made_at: int, pace: BackupPace, progress: Progress) -> Manifest:
    """Write a backup of the database to `file`. `progress` hears bytes read and bytes in all.

    Errors: ActRefusedError `file-exists`; StoreError `backup-not-written` (no room, no permission), `database-damaged`.
    """
    try:
        writer = ArchiveWriter(file)
        try:
            dump = _dump_sqlite if engine.dialect.name == SQLITE else _dump_postgresql
            manifest = dump(engine, writer, file.parent, made_at, _Meter(pace, progress))
            writer.finish(manifest, vault)
        except BaseException:
            writer.abandon()
            raise
    except (OSError, sqlite3.Error, exc.DBAPIError) as error:
        raise StoreError(
            "backup-not-written",
            f"the backup could not be made ({type(error).__name__})",
            place=str(file),
            advice="is there room for the database twice, and may we write there? nothing of it was kept",
        ) from error
    return manifest


class _Meter:
    """Counts what was read, tells it, and rests so that no more is read in a second than the pace allows."""

    def __init__(self, pace: BackupPace, progress: Progress) -> None:
        self.pace = pace
        self._progress = progress
        self._started = time.monotonic()
        self._done = 0
        self.total = 0

    def read(self, done: int) -> None:
        """So many bytes were read in all."""
        self._done = done
        self._progress(min(done, self.total), self.total)
        ahead = done / self.pace.bytes_per_sec - (time.monotonic() - self._started)
        if ahead > 0:
            time.sleep(ahead)

    def add(self, size: int) -> None:
        self.read(self._done + size)


def _dump_sqlite(engine: sa.Engine, writer: ArchiveWriter, folder: Path, made_at: int, meter: _Meter) -> Manifest:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".hp24-backup-") as beside:
        copy = Path(beside) / "hp24.db"
        _copy_sqlite(engine, copy, meter)
        copied = sa.create_engine(f"sqlite:///{copy}")
        try:
            with copied.connect() as connection:
                _require_sound(connection)
                manifest = _manifest(connection, made_at)
        finally:
            copied.dispose()
        with copy.open("rb") as file:
            writer.add(DATABASE, iter(lambda: file.read(CHUNK_BYTES), b""))
    return _with_members(manifest, writer)


def _copy_sqlite(engine: sa.Engine, copy: Path, meter: _Meter) -> None:
    target = sqlite3.connect(copy)
    try:
        target.execute("PRAGMA synchronous = OFF")  # a temporary file; the archive is flushed
        with engine.connect() as connection, connection.begin():
            size = connection.exec_driver_sql(_PAGE_SIZE).scalar_one()
            connection.execute(sa.select(t.installation.c.id)).all()  # the snapshot begins: steps see nothing newer
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection), "the driver of SQLite"

            def stepped(_status: int, left: int, pages: int) -> None:
                meter.total = pages * size
                meter.read((pages - left) * size)

            source.backup(target, pages=max(1, meter.pace.step_bytes // size), progress=stepped)
    finally:
        target.close()


def _require_sound(connection: sa.Connection) -> None:
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise StoreError(
            "database-damaged",
            "the database's own check finds it damaged; no backup was kept",
            place="database",
            advice="keep the older backups; stop the engine, and restore the newest of them beside this home",
        )


def _dump_postgresql(engine: sa.Engine, writer: ArchiveWriter, _folder: Path, made_at: int, meter: _Meter) -> Manifest:
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect() as bare:
        connection = bare.execution_options(**options)
        with connection.begin():
            manifest = _manifest(connection, made_at)
            sizes = {
                table.name: int(connection.scalar(sa.select(sa.func.pg_table_size(table.name))) or 0)
                for table in METADATA.sorted_tables
            }
            meter.total = sum(sizes.values())
            for table in METADATA.sorted_tables:
                writer.add(member_of(table), _metered(_rows(connection, table), meter))
    return _with_members(manifest, writer)


def _metered(chunks: Iterator[bytes], meter: _Meter) -> Iterator[bytes]:
    for chunk in chunks:
        meter.add(len(chunk))
        yield chunk


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[bytes]:
    """The table's rows in COPY's binary format; the driver gives them one by one, here they gather."""
    cursor = connection.connection.cursor()
    gathered = bytearray()
    with cursor.copy(f"COPY {copy_columns(table)} TO STDOUT (FORMAT BINARY)") as copy:
        for row in copy:
            gathered += row
            if len(gathered) >= CHUNK_BYTES:
                yield bytes(gathered)
                gathered.clear()
    yield bytes(gathered)


def _manifest(connection: sa.Connection, made_at: int) -> Manifest:
    installation = connection.execute(sa.select(t.installation)).one()
    return Manifest(
        kind=connection.dialect.name,
        schema=str(connection.execute(_VERSION).scalar_one()),
        database_id=installation.id,
        made_at=made_at,
        wire_prefix=installation.wire_prefix,
        wrapped={row.name: bytes(row.wrapped) for row in connection.execute(sa.select(t.vault_key))},
        counts={
            str(table.name): connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in METADATA.sorted_tables
        },
        members=(),
        audit=_audit_end(connection),
    )


def _audit_end(connection: sa.Connection) -> AuditEnd | None:
    row = connection.execute(LAST_LINK).first()
    return None if row is None else AuditEnd(row.id, bytes(row.code).hex())


def _with_members(manifest: Manifest, writer: ArchiveWriter) -> Manifest:
    return replace(manifest, members=writer.members)
