"""Tokens, each found by the keyed hash of its secret."""

from typing import Any

import sqlalchemy as sa

from interface.store import schema_operation as t
from interface.store.tx import Tx
from interface.view.token import TokenRow

_T = t.token.c
_BY_SECRET = sa.select(t.token).where(_T.secret == sa.bindparam("found"))
_ALL = sa.select(t.token).order_by(_T.id)
_NEW = sa.insert(t.token)
_REVOKE = sa.update(t.token).where(_T.public_id == sa.bindparam("named"), _T.revoked_at.is_(None))
_USE = sa.update(t.token).where(_T.public_id == sa.bindparam("named"))


def token(tx: Tx, secret: str) -> TokenRow | None:
    """The token that is this secret."""
    row = tx.first(_BY_SECRET, found=_hash(tx, secret))
    return None if row is None else _row(row)


def tokens(tx: Tx) -> list[TokenRow]:
    """All, oldest first."""
    return [_row(row) for row in tx.read(_ALL)]


def add_token(tx: Tx, one: TokenRow, secret: str) -> None:
    """Keep a new token."""
    row = {
        "public_id": one.public_id,
        "secret": _hash(tx, secret),
        "name": one.name,
        "scopes": " ".join(one.scopes),
        "channel": one.channel,
        "actor": one.actor,
        "created_at": one.created_at,
        "expires_at": one.expires_at,
        "revoked_at": None,
        "used_at": None,
    }
    tx.write(_NEW, [row])


def revoke_token(tx: Tx, public_id: str, at: int) -> bool:
    """Let a token open nothing from now on; False where none of this name still stood."""
    done = tx.connection.execute(_REVOKE.values(revoked_at=at), {"named": public_id})
    return bool(done.rowcount)


def use_token(tx: Tx, public_id: str, at: int) -> None:
    """Note when a token was used."""
    tx.connection.execute(_USE.values(used_at=at), {"named": public_id})


def _hash(tx: Tx, secret: str) -> bytes:
    return tx.vault.lookup("token", secret)


def _row(row: sa.Row[Any]) -> TokenRow:
    return TokenRow(
        row.public_id,
        row.name,
        tuple(row.scopes.split()),
        row.actor,
        row.created_at,
        row.expires_at,
        row.revoked_at or 0,
        row.used_at or 0,
        row.channel,
    )
