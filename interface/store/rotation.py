"""Changing the master key: the data keys are wrapped anew, nothing that they sealed is touched.

Whoever opens the database meanwhile finds a key that fits: the key file holds both until the new one has opened what was committed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from os import urandom
from pathlib import Path

import sqlalchemy as sa

from interface.errors import ActRefusedError, StoreError
from interface.store import keyfile
from interface.store import schema_operation as t
from interface.store.keysource import KeyFile, KeySource
from interface.store.tx import Tx
from interface.store.vault import KEY_BYTES, DataKeys, opening_key, unwrap, wrap

_WRAPPED = sa.select(t.vault_key.c.name, t.vault_key.c.wrapped)
_REWRAP = (
    sa.update(t.vault_key)
    .where(t.vault_key.c.name == sa.bindparam("of_name"))
    .values(wrapped=sa.bindparam("anew"), wrapped_at=sa.bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """A change of the master key under way. Never printed."""

    source: KeySource
    database_id: str
    keys: DataKeys
    master: bytes
    old_file: Path | None = None

    def __repr__(self) -> str:
        return "KeyRotation(...)"


def wrapped_keys(tx: Tx) -> Mapping[str, bytes]:
    """The data keys as they lie in the database."""
    return {row.name: bytes(row.wrapped) for row in tx.read(_WRAPPED)}


def begin(source: KeySource, database_id: str, wrapped: Mapping[str, bytes], now: int) -> KeyRotation:
    """Have a new master key beside the present one. One that is there already, from a change that was broken off, is taken.

    Errors: ActRefusedError `key-not-new` where a command gives no newer key; StoreError `key-not-written`; see `KeySource.keys`.
    """
    masters = source.keys()
    present = opening_key(wrapped, masters, database_id)
    rotation = KeyRotation(source, database_id, unwrap(wrapped, masters, database_id), masters[0])
    if not isinstance(source, KeyFile):
        if present == masters[0]:
            raise ActRefusedError(
                "key-not-new",
                "the command gives the key that this database is under already",
                place=source.place,
                advice="let it print the new key on a line above the old one, then call this again",
            )
        return rotation
    stamp = datetime.fromtimestamp(now / 1_000_000, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    try:
        old_file = keyfile.keep_old(source.path, present, stamp)
        if present != masters[0]:
            return replace(rotation, old_file=old_file)
        master = urandom(KEY_BYTES)
        keyfile.replace(source.path, [master, present])
    except OSError as error:
        raise StoreError(
            "key-not-written",
            f"the new master key cannot be written ({type(error).__name__}); the old one stays in use",
            place=source.place,
            advice="let the engine's user write in the key's folder",
        ) from error
    return replace(rotation, master=master, old_file=old_file)


def rewrap(tx: Tx, rotation: KeyRotation) -> None:
    """Wrap the data keys under the new master key, in this transaction."""
    anew = wrap(rotation.keys, rotation.master, rotation.database_id)
    tx.write(_REWRAP, [{"of_name": name, "anew": value, "at": tx.now} for name, value in anew.items()])


def finish(rotation: KeyRotation, wrapped: Mapping[str, bytes]) -> Path | None:
    """Prove that what the source gives now opens what was committed, and let a key file hold the new key alone.

    Gives the file that holds the old key. Errors: StoreError `key-wrong` where it does not open: the old key stays in the file.
    """
    if unwrap(wrapped, rotation.source.keys()[:1], rotation.database_id) != rotation.keys:
        raise StoreError("key-wrong", "the new master key does not open the data keys", place=rotation.source.place)
    if isinstance(rotation.source, KeyFile):
        keyfile.replace(rotation.source.path, [rotation.master])
    return rotation.old_file
