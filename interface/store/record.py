"""Records of the embedded HealthPay24: one sealed value for each kind and key, so that writing twice is harmless."""

from collections.abc import Iterator

import sqlalchemy as sa

from interface.store import schema_operation as t
from interface.store.compress import compress, expand
from interface.store.dialect import insert_or_keep
from interface.store.tx import Tx
from interface.store.vault import scope_of

_RECORD = t.record.c
_ADD = insert_or_keep(t.record)
_REPLACE = (
    sa.update(t.record)
    .where(_RECORD.kind == sa.bindparam("of_kind"), _RECORD.key == sa.bindparam("row_key"))
    .values(sealed=sa.bindparam("value"), at=sa.bindparam("now"))
)
_ONE = sa.select(_RECORD.sealed).where(_RECORD.kind == sa.bindparam("of_kind"), _RECORD.key == sa.bindparam("row_key"))
_ALL = sa.select(_RECORD.key, _RECORD.sealed).where(_RECORD.kind == sa.bindparam("of_kind")).order_by(_RECORD.id)


def record(tx: Tx, kind: str, key: str) -> bytes | None:
    """The value under a key; None where there is none."""
    hashed = tx.vault.lookup("record", key)
    row = tx.first(_ONE, of_kind=kind, row_key=hashed)
    return _open(tx, kind, hashed, row.sealed) if row else None


def records(tx: Tx, kind: str) -> Iterator[bytes]:
    """All values of a kind, in the order in which they were added."""
    for row in tx.connection.execute(_ALL, {"of_kind": kind}):
        yield _open(tx, kind, row.key, row.sealed)


def _open(tx: Tx, kind: str, hashed: bytes, sealed: bytes) -> bytes:
    return expand(tx.vault.open(sealed, scope_of(f"record {kind}", hashed)))


def _row(tx: Tx, kind: str, key: str, value: bytes) -> tuple[bytes, bytes]:
    hashed = tx.vault.lookup("record", key)
    return hashed, tx.vault.seal(compress(value), scope_of(f"record {kind}", hashed))


def add_record(tx: Tx, kind: str, key: str, value: bytes) -> None:
    """Keep a value; one that is there already stays as it is."""
    hashed, sealed = _row(tx, kind, key, value)
    tx.write(_ADD, [{"kind": kind, "key": hashed, "at": tx.now, "sealed": sealed}])


def put_record(tx: Tx, kind: str, key: str, value: bytes) -> None:
    """Keep a value in place of the one that is there."""
    hashed, sealed = _row(tx, kind, key, value)
    if not tx.write(_REPLACE, [{"of_kind": kind, "row_key": hashed, "value": sealed, "now": tx.now}]):
        tx.write(_ADD, [{"kind": kind, "key": hashed, "at": tx.now, "sealed": sealed}])
