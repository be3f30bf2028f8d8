"""The file of a backup: a zip whose members are zstd streams, and a manifest that is proven by a key of the database.

Ordinary tools can list it. Each member's digest stands in the manifest; the manifest's own proof is a keyed digest, so that nobody
without the master key can alter a backup unseen. Members are stored as they stream: no size need be known before.
"""

import base64
import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from interface.errors import ActRefusedError, StoreError
from interface.row.backup import AuditEnd, Manifest, Member
from interface.store.keyfile import flush_folder
from interface.store.vault import Vault

CHUNK_BYTES = 1 << 20
_FORMAT = 1
_MANIFEST, _PROOF = "manifest.json", "manifest.proof"
_MANIFEST_BYTES = 1 << 20  # one that is larger is none of ours
_LEVEL = 1  # most of a database is sealed and does not shrink
_PURPOSE = "backup manifest"


if TYPE_CHECKING:
    from backports import zstd
else:
    try:
        from compression import zstd
    except ImportError:  # Python before 3.14
        from backports import zstd


class ArchiveWriter:
    """Writes beside the final name; the file appears there once it is whole and flushed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        if path.exists():
            raise ActRefusedError("file-exists", "there is a file already", place=str(path), advice="give another name")
        with suppress(FileNotFoundError):
            self._partial.unlink()  # left by a backup that was broken off
        self._file = os.fdopen(os.open(self._partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED)
        self._members: list[Member] = []

    @property
    def members(self) -> tuple[Member, ...]:
        """What was written."""
        return tuple(self._members)

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write one member."""
        compressor, digest, size, stored = zstd.ZstdCompressor(level=_LEVEL), hashlib.sha256(), 0, 0
        with self._zip.open(name, "w", force_zip64=True) as member:
            for chunk in chunks:
                size += len(chunk)
                piece = compressor.compress(chunk)
                stored += len(piece)
                digest.update(piece)
                member.write(piece)
            piece = compressor.flush()
            stored += len(piece)
            digest.update(piece)
            member.write(piece)
        self._members.append(Member(name, size, stored, digest.hexdigest()))

    def finish(self, manifest: Manifest, vault: Vault) -> None:
        """Write the manifest with its proof, flush, and give the file its name."""
        text = orjson.dumps(_plain(manifest), option=orjson.OPT_INDENT_2)
        self._zip.writestr(_MANIFEST, text)
        self._zip.writestr(_PROOF, vault.digest(_PURPOSE, text).hex())
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._partial.rename(self._path)
        flush_folder(self._path.parent)

    def abandon(self) -> None:
        """Remove what was written so far."""
        with suppress(OSError, ValueError):
            self._zip.close()  # else it would write once more when it is forgotten
        with suppress(OSError):
            self._file.close()
        with suppress(FileNotFoundError):
            self._partial.unlink()


class ArchiveReader:
    """Reads a backup. `manifest` counts once `prove` has held, a member's bytes once its last chunk has come."""

    def __init__(self, path: Path, opened: zipfile.ZipFile) -> None:
        self._place = str(path)
        self._zip = opened
        if opened.getinfo(_MANIFEST).file_size > _MANIFEST_BYTES:
            raise _unreadable(path)
        self._text = opened.read(_MANIFEST)
        self._proof = opened.read(_PROOF)
        self.manifest = _manifest(self._text)

    def prove(self, vault: Vault) -> None:
        """Raise `backup-altered` unless the manifest is what this database's key has signed."""
        if vault.digest(_PURPOSE, self._text).hex().encode() != self._proof:
            raise self._altered("manifest")

    def chunks(self, member: Member) -> Iterator[bytes]:
        """A member's bytes as the database gave them. Whoever takes them must drop all where this raises `backup-altered`."""
        decompressor, digest, size, stored = zstd.ZstdDecompressor(), hashlib.sha256(), 0, 0
        try:
            with self._zip.open(member.name) as file:
                while piece := file.read(CHUNK_BYTES):
                    stored += len(piece)
                    digest.update(piece)
                    while piece or not decompressor.needs_input:
                        chunk = decompressor.decompress(piece, CHUNK_BYTES)
                        piece = b""
                        size += len(chunk)
                        if size > member.size:
                            raise self._altered(member.name)
                        if chunk:
                            yield chunk
                        if decompressor.eof:
                            break
        except (zipfile.BadZipFile, zstd.ZstdError, KeyError, EOFError) as error:
            raise self._altered(member.name) from error
        if (digest.hexdigest(), stored, size) != (member.digest, member.stored, member.size):
            raise self._altered(member.name)

    def _altered(self, what: str) -> StoreError:
        return StoreError(
            "backup-altered",
            f"{what} is not what was written into this backup",
            place=self._place,
            advice="nothing was restored; use another copy",
        )


@contextmanager
def reading(path: Path) -> Iterator[ArchiveReader]:
    """Open a backup file.

    Errors: StoreError `backup-unreadable` where it is none, or cut short.
    """
    try:
        opened = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise _unreadable(path) from error
    with opened:
        try:
            reader = ArchiveReader(path, opened)
        except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
            raise _unreadable(path) from error
        yield reader


def _unreadable(path: Path) -> StoreError:
    return StoreError(
        "backup-unreadable",
        "this is no backup of an HP24 database, or not all of one",
        place=str(path),
        advice="nothing was restored; use another copy",
    )


def _plain(manifest: Manifest) -> dict[str, object]:
    wrapped = {name: base64.b64encode(value).decode() for name, value in manifest.wrapped.items()}
    return {"format": _FORMAT, **asdict(manifest), "wrapped": wrapped}


def _manifest(text: bytes) -> Manifest:
    plain = orjson.loads(text)
    if plain.pop("format") != _FORMAT:
        raise ValueError("another format")
    plain["wrapped"] = {name: base64.b64decode(value) for name, value in plain["wrapped"].items()}
    plain["audit"] = AuditEnd(**plain["audit"]) if plain["audit"] else None
    plain["members"] = tuple(Member(**one) for one in plain["members"])
    return Manifest(**plain)
