"""Sealing, digests and look-ups: what keeps personal values unreadable in the database and still findable.

Sealed values are AES-256-GCM with a random 96-bit nonce; what a value belongs to (table and row) is authenticated with it, so
that a sealed value moved to another row does not open. Digests and look-ups are BLAKE2b, keyed with keys of their own (never a bare
hash: names and birth dates can be guessed) and separated by purpose. The audit trail's seals are HMAC-SHA256, so that anybody who
is given the key can make them again. The four data keys are made with the database, stay the same for its life, and lie in it
wrapped by the master key (keyfile.py); changing the master key wraps them anew.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from interface.errors import StoreError

KEY_BYTES = 32
KEY_NAMES = ("sealing", "digest", "lookup", "audit")
_NONCE_BYTES = 12
_FORMAT = b"\x01"  # AES-256-GCM under the sealing key; another first byte can mean another way later


@dataclass(frozen=True, slots=True)
class DataKeys:
    """The keys made with the database, 32 bytes each. Never printed."""

    sealing: bytes
    digest: bytes
    lookup: bytes
    audit: bytes

    def __repr__(self) -> str:
        return "DataKeys(...)"

    @staticmethod
    def fresh() -> "DataKeys":
        """New random keys, for a new database."""
        return DataKeys(*(os.urandom(KEY_BYTES) for _ in KEY_NAMES))


def wrap(keys: DataKeys, master: bytes, database_id: str) -> dict[str, bytes]:
    """Each data key sealed by the master key, by name."""
    return {name: _wrap_one(getattr(keys, name), master, _wrap_scope(name, database_id)) for name in KEY_NAMES}


def _wrap_one(key: bytes, master: bytes, scope: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(master).encrypt(nonce, key, scope)


def _wrap_scope(name: str, database_id: str) -> bytes:
    return f"hp24 data key|{name}|{database_id}".encode()


def unwrap(wrapped: Mapping[str, bytes], masters: Sequence[bytes], database_id: str) -> DataKeys:
    """Open the data keys of a database with the master key that fits.

    Errors: StoreError `key-wrong` when none of these wrapped them.
    """
    return _unwrap_one(wrapped, opening_key(wrapped, masters, database_id), database_id)


def opening_key(wrapped: Mapping[str, bytes], masters: Sequence[bytes], database_id: str) -> bytes:
    """The master key under which the data keys are.

    Errors: StoreError `key-wrong`.
    """
    for master in masters:
        try:
            _unwrap_one(wrapped, master, database_id)
        except (InvalidTag, KeyError, ValueError):  # not this one, or no wrapped key at all
            continue
        return master
    raise StoreError(
        "key-wrong",
        "the master key does not open this database's keys",
        advice="give the key that this database, or this backup, was made with",
    )


def _unwrap_one(wrapped: Mapping[str, bytes], master: bytes, database_id: str) -> DataKeys:
    cipher = AESGCM(master)
    return DataKeys(
        *(cipher.decrypt(wrapped[name][1:13], wrapped[name][13:], _wrap_scope(name, database_id)) for name in KEY_NAMES)
    )


class Vault:
    """Seals and opens, digests and looks up. Stateless after construction and safe to share between threads."""

    def __init__(self, keys: DataKeys) -> None:
        self._cipher = AESGCM(keys.sealing)
        self._digest = hashlib.blake2b(key=keys.digest, digest_size=16, person=b"hp24 message")
        self._lookup_key = keys.lookup
        self._audit_key = keys.audit
        # Copying a keyed hash that has taken its key costs half of keying one anew.
        self._short: dict[str, Any] = {}
        self._long: dict[str, Any] = {}

    def seal(self, plain: bytes, scope: bytes) -> bytes:
        """Encrypt. `scope` names table and row, and must be given again to open."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, plain, scope)

    def open(self, sealed: bytes, scope: bytes) -> bytes:
        """Decrypt.

        Errors: StoreError `seal-broken` when the value was altered or belongs to another row.
        """
        try:
            return self._cipher.decrypt(sealed[1:13], sealed[13:], scope)
        except InvalidTag as error:
            raise StoreError(
                "seal-broken",
                "a sealed value does not open: it was altered or moved",
                place=scope.partition(b":")[0].decode(),
                advice="restore the database from a backup",
            ) from error

    def seal_json(self, value: Any, scope: bytes) -> bytes:
        """Encrypt a JSON value."""
        return self.seal(orjson.dumps(value), scope)

    def open_json(self, sealed: bytes, scope: bytes) -> Any:
        """Decrypt a JSON value."""
        return orjson.loads(self.open(sealed, scope))

    def digest(self, source: str, raw: bytes) -> bytes:
        """16 bytes that are equal for equal bytes of one source, and for nothing else."""
        state = self._digest.copy()
        state.update(source.encode() + b"\0" + raw)
        digest: bytes = state.digest()
        return digest

    def lookup(self, kind: str, value: str) -> bytes:
        """16 bytes by which a value of this kind is found: identifiers, names, dates of birth."""
        state = self._keyed(self._long, kind, 16)
        state.update(value.encode("utf-8", "surrogateescape"))
        found: bytes = state.digest()
        return found

    def search_key(self, kind: str, value: str) -> int:
        """A signed 64-bit look-up for searching, where a stray match once in 10^11 searches does no harm."""
        state = self._keyed(self._short, kind, 8)
        state.update(value.encode("utf-8", "surrogateescape"))
        return int.from_bytes(state.digest(), "big", signed=True)

    def audit_code(self, purpose: str, *parts: bytes | int | str) -> bytes:
        """32 bytes that only who has the key can make of these parts, in this order: a link or a row of the audit's chain."""
        state = hmac.new(self._audit_key, digestmod=hashlib.sha256)
        for part in (purpose, *parts):
            plain = part if isinstance(part, bytes) else str(part).encode()
            state.update(len(plain).to_bytes(8, "big") + plain)
        return state.digest()

    def _keyed(self, cache: dict[str, Any], kind: str, size: int) -> Any:
        state = cache.get(kind)
        if state is None:
            person = kind.encode()[: hashlib.blake2b.PERSON_SIZE]
            state = cache[kind] = hashlib.blake2b(key=self._lookup_key, digest_size=size, person=person)
        return state.copy()


def scope_of(table: str, row: int | bytes | str) -> bytes:
    """What a sealed value belongs to: its table and its row's id (or digest)."""
    return table.encode() + b":" + (row if isinstance(row, bytes) else str(row).encode())
