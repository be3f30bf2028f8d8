"""The chain over the audit trail: each link names its rows with a digest of each, and follows from the link before.

Digests and links are made with a key of the database (vault.py): who can write in the database and has not the key can make
neither. A row is given its number before its transaction is committed, and a smaller one may be committed later: before a link is
made, all who append are let out, once and for a moment, so that no row can come below where the link ends.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from interface.store import schema_operation as t
from interface.store.dialect import SQLITE, insert_or_replace
from interface.store.tx import Tx
from interface.store.vault import Vault

ROWS = (
    500  # covered by one link: read and digested in a few milliseconds, and removed in one turn when their time is over
)
DIGEST_BYTES = 16
_ID_BYTES = 8
_ONE = 1
_APPENDING = 0x68703235  # the advisory lock that appending shares and sealing has alone; beside that of opening
LAST_LINK = sa.select(t.audit_seal).order_by(t.audit_seal.c.id.desc()).limit(1)
_CHAIN = sa.select(t.audit_chain)
_NEWEST_ROW = sa.select(sa.func.coalesce(sa.func.max(t.audit.c.id), 0))
BETWEEN = (
    sa.select(t.audit)
    .where(t.audit.c.id > sa.bindparam("beyond"), t.audit.c.id <= sa.bindparam("last"))
    .order_by(t.audit.c.id)
)
_NEXT = BETWEEN.limit(ROWS)
_NEW = sa.insert(t.audit_seal)
SET_CHAIN = insert_or_replace(t.audit_chain, ("first_seal", "follows", "last_seal", "last_code", "code"), is_once=True)


@dataclass(frozen=True, slots=True)
class Link:
    """A seal: the rows beyond `beyond_row` up to `last_row`, as `rows` names them. `follows` is the code of the link before."""

    id: int
    at: int
    beyond_row: int
    last_row: int
    rows: bytes
    follows: bytes
    code: bytes

    def code_of(self, vault: Vault) -> bytes:
        """The code that it must have."""
        return vault.audit_code("link", self.id, self.at, self.beyond_row, self.last_row, self.rows, self.follows)

    def digests(self) -> dict[int, bytes]:
        """The digest of each row that it covers, by id."""
        size = _ID_BYTES + DIGEST_BYTES
        each = (self.rows[start : start + size] for start in range(0, len(self.rows), size))
        return {int.from_bytes(one[:_ID_BYTES], "big"): one[_ID_BYTES:] for one in each}


@dataclass(frozen=True, slots=True)
class Chain:
    """Where the chain begins and ends."""

    first_seal: int
    follows: bytes
    last_seal: int
    last_code: bytes
    code: bytes = b""

    def code_of(self, vault: Vault) -> bytes:
        """The code that it must have."""
        return vault.audit_code("chain", self.first_seal, self.follows, self.last_seal, self.last_code)


def enter(tx: Tx) -> None:
    """To be called before rows are appended: no link is made until this transaction has ended."""
    if tx.dialect != SQLITE:  # there, a writer is alone
        tx.connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_APPENDING)))


def row_digest(vault: Vault, row: sa.Row[Any]) -> bytes:
    """What a link keeps of a row."""
    parts = (row.id, row.at, row.actor, row.verb, row.subject, bytes(row.sealed))
    return vault.audit_code("row", *parts)[:DIGEST_BYTES]


def last_link(tx: Tx) -> Link | None:
    """The newest seal."""
    row = tx.first(LAST_LINK)
    return None if row is None else link_of(row)


def link_of(row: sa.Row[Any]) -> Link:
    """A seal as it stands in the database."""
    return Link(**row._mapping)


def chain(tx: Tx) -> Chain | None:
    """Both ends, as they are kept; None before the first seal."""
    row = tx.first(_CHAIN)
    if row is None:
        return None
    return Chain(row.first_seal, bytes(row.follows), row.last_seal, bytes(row.last_code), bytes(row.code))


def newest_row(tx: Tx) -> int:
    """The number of the newest row that is seen; a smaller one may still be committed."""
    return int(tx.read(_NEWEST_ROW)[0][0])


def settled_row(tx: Tx) -> int:
    """The number up to which no row will come any more. Waits until all who append now have ended, and lets no other begin."""
    if tx.dialect != SQLITE:
        tx.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_APPENDING)))
    return newest_row(tx)


def next_link(tx: Tx, up_to: int) -> Link | None:
    """The link that follows, over rows that are not sealed yet; None where there are none up to `up_to`."""
    before = last_link(tx)
    beyond = before.last_row if before else 0
    rows = tx.read(_NEXT, beyond=beyond, last=up_to)
    if not rows:
        return None
    named = b"".join(row.id.to_bytes(_ID_BYTES, "big") + row_digest(tx.vault, row) for row in rows)
    follows = before.code if before else b""
    link = Link(before.id + 1 if before else 1, tx.now, beyond, rows[-1].id, named, follows, b"")
    return _coded(tx.vault, link)


def _coded(vault: Vault, link: Link) -> Link:
    return Link(link.id, link.at, link.beyond_row, link.last_row, link.rows, link.follows, link.code_of(vault))


def add(tx: Tx, link: Link) -> None:
    """Append a link. Another one of this number, made by somebody else meanwhile, makes this transaction fail."""
    kept = chain(tx)
    first, follows = (kept.first_seal, kept.follows) if kept else (link.id, link.follows)
    tx.write(_NEW, [{name: getattr(link, name) for name in Link.__slots__}])
    set_chain(tx, Chain(first, follows, link.id, link.code))


def set_chain(tx: Tx, ends: Chain) -> None:
    """Note where the chain begins and ends."""
    row = {
        "id": _ONE,
        "first_seal": ends.first_seal,
        "follows": ends.follows,
        "last_seal": ends.last_seal,
        "last_code": ends.last_code,
        "code": ends.code_of(tx.vault),
    }
    tx.write(SET_CHAIN, [row])
