"""The database's own row: who it is, and whether it was restored from a backup and still sends nothing."""

import sqlalchemy as sa

from interface.store import schema_operation as t
from interface.store import wire
from interface.store.dialect import SQLITE
from interface.store.tx import Tx
from interface.view.count import Restored

_ROW = t.installation.c
# In SQL, for statements that ask it by the way: restored, and nobody has said that it may send.
STANDING = sa.case((sa.and_(_ROW.restored_at.is_not(None), _ROW.resumed_at.is_(None)), 1), else_=0)
_RESTORED = sa.select(_ROW.id, _ROW.backup_at, _ROW.restored_at, _ROW.resumed_at)
_PREFIX = sa.select(_ROW.wire_prefix, _ROW.wire_offset)
_SET_PREFIX = sa.update(t.installation).values(wire_prefix=sa.bindparam("prefix"))
_BEGIN = sa.update(t.installation).values(
    backup_at=sa.bindparam("made"),
    restored_at=sa.bindparam("now"),
    resumed_at=None,
    wire_prefix=sa.bindparam("prefix"),
    wire_offset=sa.bindparam("offset"),
)
_RESUME = (
    sa.update(t.installation)
    .where(_ROW.restored_at.is_not(None), _ROW.resumed_at.is_(None))
    .values(resumed_at=sa.bindparam("now"))
)
_NOW = sa.text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)")
_BACKED_UP = sa.select(_ROW.backed_up_at)
_NOTE_BACKUP = sa.update(t.installation).values(backed_up_at=sa.bindparam("at"))
_NO_PARTS = sa.delete(t.part)


def restored(tx: Tx) -> Restored | None:
    """When and from what this database was restored; None where it never was."""
    row = tx.first(_RESTORED)
    if row is None or row.restored_at is None:
        return None
    return Restored(row.backup_at, row.restored_at, row.resumed_at or 0)


def begin_restored(tx: Tx, made_at: int) -> None:
    """Begin the life of a restored copy of what was backed up at `made_at`: it sends nothing, and takes wire ids of its own.

    The prefix is of a minute after any that the original had begun by then.
    """
    row = tx.read(_PREFIX)[0]
    earlier = max(row.wire_prefix, wire.prefix_at(made_at))
    prefix = max(wire.prefix_at(tx.now), wire.prefix_after(earlier))
    offset = wire.far_from(row.wire_offset)
    tx.write(_BEGIN, [{"made": made_at, "now": tx.now, "prefix": prefix, "offset": offset}])
    tx.connection.execute(_NO_PARTS)  # the original's


def database_now(tx: Tx) -> int | None:
    """The database's own clock; SQLite has none but ours."""
    return None if tx.dialect == SQLITE else int(tx.read(_NOW)[0][0])


def last_backup_at(tx: Tx) -> int:
    """When the last backup was finished; 0 where none was ever made."""
    row = tx.first(_BACKED_UP)
    return 0 if row is None else row.backed_up_at or 0


def note_backup(tx: Tx, at: int) -> None:
    """A backup was finished."""
    tx.write(_NOTE_BACKUP, [{"at": at}])


def renew_wire_prefix(tx: Tx) -> str:
    """The present minute's prefix, noted for every process that opens the store from now on; never an older one."""
    prefix = max(str(tx.read(_PREFIX)[0].wire_prefix), wire.prefix_at(tx.now))
    tx.write(_SET_PREFIX, [{"prefix": prefix}])
    return prefix


def resume(tx: Tx) -> bool:
    """Send again; False where nothing stands still."""
    return bool(tx.write(_RESUME, [{"now": tx.now}]))
