"""Making a database of a backup. All or nothing: until everything in the file has proven right, there is no database.

In the same commit the copy begins a life of its own: it sends nothing, and takes wire ids that the original never gave.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from interface.errors import ActRefusedError, StoreError
from interface.ports import Clock, Progress, Turn
from interface.row.backup import Manifest, Member
from interface.store import archive, installation, mirror
from interface.store.archive import ArchiveReader
from interface.store.backup import DATABASE, copy_columns, member_of
from interface.store.database import Limits, make_engine, opening, translated, upgrade_schema
from interface.store.dialect import SQLITE
from interface.store.files import files_translated
from interface.store.keyfile import flush_folder
from interface.store.keysource import key_source
from interface.store.schema import METADATA, VERSION
from interface.store.turn import SqlTurn
from interface.store.tx import Tx, Words
from interface.store.vault import Vault, unwrap

Settle = Callable[[Turn, Manifest], None]
_ALEMBIC = "alembic_version"


def restore(
    url: str,
    file: Path,
    clock: Clock,
    environ: Mapping[str, str],
    limits: Limits,
    settle: Settle,
    progress: Progress,
) -> Manifest:
    """Make the database at `url` of a backup. `settle` puts in order what was under way; it works in the same commit.

    Errors: StoreError `backup-unreadable`, `backup-altered`, `backup-other-database`, `schema-differs`, `key-missing`,
    `key-wrong`, `key-exposed`; ActRefusedError `database-not-empty`; StoreUnavailableError `database-unavailable`,
    `home-unusable`.
    """
    with archive.reading(file) as reader:
        manifest = reader.manifest
        source = key_source(manifest.database_id, environ, limits.key_command_secs)
        keys = unwrap(manifest.wrapped, source.keys(), manifest.database_id)
        vault = Vault(keys)
        reader.prove(vault)
        _require_fit(manifest, url)
        with files_translated(), translated(), _loaded(url, limits, reader, _Meter(manifest, progress)) as connection:
            tx = Tx(connection, vault, Words(), 0, clock.now())
            turn = SqlTurn(tx)
            installation.begin_restored(tx, manifest.made_at)
            settle(turn, manifest)
            mirror.write_marks(tx)
            tx.write_tallies()
    return manifest


def _require_fit(manifest: Manifest, url: str) -> None:
    if manifest.schema != VERSION:
        raise StoreError(
            "schema-differs",
            f"the backup has schema {manifest.schema}, this engine {VERSION}",
            place="backup",
            advice="restore it with the engine that made it, then upgrade that",
        )
    kind = sa.make_url(url).get_backend_name()
    if manifest.kind != kind:
        raise StoreError(
            "backup-other-database",
            f"the backup is of a {manifest.kind} database, and this is {kind}",
            place="database_url",
            advice=f"restore it into {manifest.kind}",
        )


class _Meter:
    """Tells how many of the backup's bytes have come."""

    def __init__(self, manifest: Manifest, progress: Progress) -> None:
        self._total = sum(member.size for member in manifest.members)
        self._done = 0
        self._progress = progress

    def chunks(self, reader: ArchiveReader, member: Member) -> Iterator[bytes]:
        for chunk in reader.chunks(member):
            self._done += len(chunk)
            self._progress(self._done, self._total)
            yield chunk


@contextmanager
def _loaded(url: str, limits: Limits, reader: ArchiveReader, meter: _Meter) -> Iterator[sa.Connection]:
    """The loaded database in a transaction, which ends well or leaves nothing."""
    if sa.make_url(url).get_backend_name() == SQLITE:
        with _loaded_sqlite(url, limits, reader, meter) as connection:
            yield connection
        return
    engine = make_engine(url, limits)
    try:
        with opening(engine) as connection:
            _require_empty(connection)
            upgrade_schema(connection)
            members = {member.name: member for member in reader.manifest.members}
            for table in METADATA.sorted_tables:
                _load(connection, table, meter.chunks(reader, members[member_of(table)]))
            _count_on(connection)
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _loaded_sqlite(url: str, limits: Limits, reader: ArchiveReader, meter: _Meter) -> Iterator[sa.Connection]:
    final = Path(str(sa.make_url(url).database)).absolute()
    if final.exists():
        raise _not_empty(str(final))
    # Under another name until all is well: an engine that starts meanwhile finds no database, never half of one.
    partial = final.with_name(f"{final.name}.restoring")
    _remove(partial)
    engine = make_engine(f"sqlite:///{partial}", limits)
    try:
        (member,) = (one for one in reader.manifest.members if one.name == DATABASE)
        with partial.open("r+b") as file:
            for chunk in meter.chunks(reader, member):
                file.write(chunk)
        with opening(engine) as connection:
            yield connection
        with engine.connect() as connection:  # not in a transaction: everything into the one file, flushed
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        partial.rename(final)
        flush_folder(final.parent)
    finally:
        engine.dispose()
        _remove(partial)


def _remove(partial: Path) -> None:
    for ending in ("", "-wal", "-shm", ".next", ".writer"):
        with suppress(FileNotFoundError):
            partial.with_name(partial.name + ending).unlink()


def _require_empty(connection: sa.Connection) -> None:
    present = set(sa.inspect(connection).get_table_names())
    if present & {_ALEMBIC, *(str(table.name) for table in METADATA.sorted_tables)}:
        raise _not_empty("database_url")


def _not_empty(place: str) -> ActRefusedError:
    return ActRefusedError(
        "database-not-empty",
        "there is a database already; nothing was changed",
        place=place,
        advice="restore into a new one, and keep this one until the restored one is in use",
    )


def _load(connection: sa.Connection, table: sa.Table, chunks: Iterator[bytes]) -> None:
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {copy_columns(table)} FROM STDIN (FORMAT BINARY)") as copy:
        for chunk in chunks:
            copy.write(chunk)


def _count_on(connection: sa.Connection) -> None:
    """Let the sequences behind row ids go on after the rows that came."""
    for table in METADATA.sorted_tables:
        for column in table.primary_key.columns:
            sequence = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
            if sequence is not None:
                last = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
                connection.execute(sa.select(sa.func.setval(sequence, last, False)))
