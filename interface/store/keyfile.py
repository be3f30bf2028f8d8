"""The master key's file: 32 random bytes that never enter the database.

It is made once, with the database. An existing database whose key file is absent is an error, never a reason for a new
key: with a new key nothing stored could be read again.
"""

import base64
import os
from collections.abc import Mapping
from pathlib import Path

from interface.errors import StoreError
from interface.store.vault import KEY_BYTES

VARIABLE = "HP24_KEY_FILE"
NOTICE = (
    "A new master key was made. Everything personal in this database is sealed under it: without this file no stored"
    " message, name or payment can be read again, by anyone. Keep a copy of the file apart from the database and its backups."
)
_HEADING = "# master key of an HP24 database; without it the database cannot be read\n"


def location(database_id: str, environ: Mapping[str, str]) -> Path:
    """Where the key of a database lies: $HP24_KEY_FILE, else ~/.config/hp24/<database id>.key."""
    if given := environ.get(VARIABLE):
        return Path(given).expanduser()
    return Path(environ.get("HOME") or Path.home()) / ".config" / "hp24" / f"{database_id}.key"


def make(path: Path) -> bytes:
    """Write a new master key with mode 0600, flushed to disk; an existing file is read instead (one key, several databases)."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read(path)
    key = os.urandom(KEY_BYTES)
    with os.fdopen(handle, "wb") as file:
        file.write(_HEADING.encode() + base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    flush_folder(path.parent)
    return key


def flush_folder(folder: Path) -> None:
    """Make the names of files durable: a new file's name is so only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path) -> bytes:
    """The master key.

    Errors: StoreError `key-missing` (no file), `key-exposed` (others may read it), `key-wrong` (not a key file).
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text("ascii", "replace")
    except OSError as error:
        raise StoreError(
            "key-missing",
            "the database exists, its master key cannot be read",
            place=str(path),
            advice=f"put the key file back, or name it in {VARIABLE}; a new key could not read anything that is stored",
        ) from error
    if mode & 0o077:
        raise StoreError("key-exposed", "other users may read the master key", place=str(path), advice="chmod 600 it")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    try:
        key = base64.b64decode(lines[0], validate=True) if lines else b""
    except ValueError:  # also what is no ASCII
        key = b""
    if len(key) != KEY_BYTES:
        raise StoreError("key-wrong", "this is not a master key file", place=str(path), advice=f"see {VARIABLE}")
    return key
