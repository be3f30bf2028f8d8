"""The master key's file: 32 random bytes that never enter the database.

It is made once, with the database. An existing database whose key file is absent is an error, never a reason for a new
key: with a new key nothing stored could be read again. While a key is changed the file holds the new one above the old one, and
whichever fits opens the database.
"""

import base64
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from interface.errors import StoreError
from interface.store.vault import KEY_BYTES

VARIABLE = "HP24_KEY_FILE"
NOTICE = (
    "A new master key was made. Everything personal in this database is sealed under it: without this file no stored"
    " message, name or payment can be read again, by anyone. Keep a copy of the file apart from the database and its backups."
)
_HEADING = b"# master key of an HP24 database; without it the database cannot be read\n"
_MOST_KEYS = 4
MOST_BYTES = 4096  # of a file or of a command's output
_OTHERS_WRITE, _OTHERS_USE, _STICKY = 0o022, 0o077, 0o1000


def make(path: Path) -> bytes:
    """Write a new master key with mode 0600, flushed to disk; an existing file is read instead (one key, several databases)."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = os.urandom(KEY_BYTES)
    try:
        _write_new(path, [key])
    except FileExistsError:
        return read(path)[0]
    return key


def replace(path: Path, keys: Sequence[bytes]) -> None:
    """Let the file hold these keys: it is the old one or the new one at every instant."""
    path = path.resolve()  # a link stays one
    partial = path.with_name(f".{path.name}.partial")
    with suppress(FileNotFoundError):
        partial.unlink()
    _write_new(partial, keys)
    partial.rename(path)
    flush_folder(path.parent)


def _write_new(path: Path, keys: Sequence[bytes]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(_HEADING + b"".join(base64.b64encode(key) + b"\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    flush_folder(path.parent)


def keep_old(path: Path, key: bytes, stamp: str) -> Path:
    """Keep a key that is to be replaced in a file of its own, beside; gives its name."""
    old = path.with_name(f"{path.name}.old-{stamp}")
    _write_new(old, [key])
    return old


def flush_folder(folder: Path) -> None:
    """Make the names of files durable: a new file's name is so only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path) -> tuple[bytes, ...]:
    """The master key; more than one while it is being changed, the newest first.

    Errors: StoreError `key-missing` (no file), `key-exposed` (others may read or replace it), `key-wrong` (not a key file).
    """
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StoreError(
            "key-missing",
            "the database exists, its master key cannot be read",
            place=str(path),
            advice=f"put the key file back, or name it in {VARIABLE}; a new key could not read anything that is stored",
        ) from error
    if mode & _OTHERS_USE:
        raise StoreError("key-exposed", "other users may read the master key", place=str(path), advice="chmod 600 it")
    require_own(path.parent)
    return parse(content, str(path))


def require_own(path: Path) -> None:
    """Raise `key-exposed` where others may write: whoever can replace the key, or what gives it, has the next data."""
    mode = path.stat().st_mode
    if mode & _OTHERS_WRITE and not mode & _STICKY:
        raise StoreError(
            "key-exposed",
            "other users may replace the master key, or what gives it",
            place=str(path),
            advice="chmod go-w it",
        )


def parse(content: bytes, place: str) -> tuple[bytes, ...]:
    """The keys in a file or a command's output: one a line, in base64; lines that begin with # are remarks.

    Errors: StoreError `key-wrong`.
    """
    lines = [line.strip() for line in content.splitlines()]
    try:
        keys = [base64.b64decode(line, validate=True) for line in lines if line and not line.startswith(b"#")]
    except ValueError:
        keys = []
    if not 0 < len(keys) <= _MOST_KEYS or len(content) > MOST_BYTES or any(len(key) != KEY_BYTES for key in keys):
        raise StoreError(
            "key-wrong", "this is no master key", place=place, advice=f"{KEY_BYTES} bytes in base64 on a line"
        )
    return tuple(keys)
