"""Records of the embedded HealthPay24: one sealed value for each kind and key, written once."""

import sqlalchemy as sa

from interface.errors import ActRefusedError
from interface.store import schema_operation as t
from interface.store.compress import compress, expand
from interface.store.dialect import insert_or_keep
from interface.store.tx import Tx
from interface.store.vault import scope_of

_RECORD = t.record.c
_ADD = insert_or_keep(t.record)
_ONE = sa.select(_RECORD.sealed).where(_RECORD.kind == sa.bindparam("of_kind"), _RECORD.key == sa.bindparam("row_key"))


def record(tx: Tx, kind: str, key: str) -> bytes | None:
    """The value under a key; None where there is none."""
    hashed = tx.vault.lookup("record", key)
    row = tx.first(_ONE, of_kind=kind, row_key=hashed)
    return expand(tx.vault.open(row.sealed, _scope(kind, hashed))) if row else None


def _scope(kind: str, hashed: bytes) -> bytes:
    return scope_of(f"record {kind}", hashed)


def add_record(tx: Tx, kind: str, key: str, value: bytes) -> None:
    """Keep a value under a new key.

    Errors: ActRefusedError `record-exists` where another transaction was first. Whoever looked and found nothing must not
    go on: on PostgreSQL two can look at once, and the payment would be taken twice.
    """
    hashed = tx.vault.lookup("record", key)
    sealed = tx.vault.seal(compress(value), _scope(kind, hashed))
    if not tx.write(_ADD, [{"kind": kind, "key": hashed, "at": tx.now, "sealed": sealed}]):
        raise ActRefusedError(
            "record-exists",
            "the same was asked under this key a moment ago",
            place=f"record:{kind}",
            advice="ask again: the first answer is given",
        )
