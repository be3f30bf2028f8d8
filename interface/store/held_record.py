"""The books of the embedded HealthPay24: the newest record of each kind and public id, sealed."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from interface.row.mirror import HeldRecord
from interface.store import schema_mirror as t
from interface.store.dialect import insert_or_replace, within
from interface.store.tx import Tx
from interface.store.vault import scope_of

_RECORD = t.held_record.c
_PUT = insert_or_replace(t.held_record, ("key", "at", "sealed"), is_once=True)
_GET = sa.select(t.held_record).where(_RECORD.kind == sa.bindparam("of_kind"), within(_RECORD.public_id, "public_ids"))

_KEYS = sa.select(_RECORD.public_id, _RECORD.key).where(
    _RECORD.kind == sa.bindparam("of_kind"), within(_RECORD.public_id, "public_ids")
)
_UNDER = sa.select(_RECORD.public_id).where(_RECORD.key == sa.bindparam("key"))


def put(tx: Tx, kind: str, records: Sequence[HeldRecord]) -> None:
    """Write these records over what was held of them."""
    rows = [
        {
            "kind": kind,
            "public_id": one.public_id,
            "key": one.key,
            "at": one.at,
            "sealed": tx.vault.seal(one.value, scope_of("held_record", f"{kind}:{one.public_id}")),
        }
        for one in sorted(records, key=lambda one: one.public_id)
    ]
    tx.write(_PUT, rows)


def get(tx: Tx, kind: str, public_ids: Iterable[str]) -> dict[str, HeldRecord]:
    """What is held of these; unknown ones are left out."""
    return {
        row.public_id: HeldRecord(
            row.public_id,
            row.key,
            tx.vault.open(row.sealed, scope_of("held_record", f"{kind}:{row.public_id}")),
            row.at,
        )
        for row in tx.read_in(_GET, "public_ids", public_ids, of_kind=kind)
    }


def keys(tx: Tx, kind: str, public_ids: Iterable[str]) -> dict[str, str]:
    """The key of the last change of each of these; unknown ones are left out. Opens nothing."""
    return {row.public_id: row.key for row in tx.read_in(_KEYS, "public_ids", public_ids, of_kind=kind)}


def under(tx: Tx, key: str) -> str:
    """The public id of the record whose last change came under this idempotency key; "" where there is none."""
    row = tx.first(_UNDER, key=key)
    return "" if row is None else str(row.public_id)
