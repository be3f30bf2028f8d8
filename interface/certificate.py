"""Certificates, keys and authorities in PEM files (RFC 7468): read, matched to each other, and what is wrong with them.

It opens no connection. Of a certificate it tells the fingerprint and the end of its validity, never the subject.
"""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from interface.errors import ConfigurationError

DAY_MICROS: Final = 86_400_000_000
_MAX_FILE_BYTES: Final = 4 * 1024 * 1024  # all authorities of a system take less than a megabyte


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where one side's files lie; None for what it does without."""

    certificate: Path | None = None  # first its own, then those between it and its authority
    key: Path | None = None
    authorities: Path | None = None  # whom its peers' certificates must come from

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files, those left out left out."""
        return tuple(path for path in (self.certificate, self.key, self.authorities) if path is not None)


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """What the files hold, fit to be used together."""

    chain: tuple[x509.Certificate, ...]  # empty: this side shows none
    key: PrivateKeyTypes | None
    authorities: tuple[x509.Certificate, ...]

    @property
    def fingerprint(self) -> str:
        """Of the certificate that this side shows; empty where it shows none."""
        return fingerprint_of(self.chain[0]) if self.chain else ""


@dataclass(frozen=True, slots=True)
class Validity:
    """How long the certificates of one file are good: until the first of them ends. Times are UTC microseconds."""

    path: Path
    fingerprint: str  # of the one that ends first
    ends_at: int

    def days_left(self, now: int) -> int:
        """Whole days; negative once it has ended."""
        return (self.ends_at - now) // DAY_MICROS


def fingerprint_of(certificate: x509.Certificate) -> str:
    """The first half of its SHA-256 in hexadecimal digits, as tools for certificates begin it."""
    return certificate.fingerprint(SHA256())[:16].hex()


def read_material(files: TlsFiles) -> TlsMaterial:
    """Read all files and see that they fit together. Raises ConfigurationError `tls-...`, with the file as its place."""
    chain = _certificates(files.certificate) if files.certificate is not None else ()
    key = _key(files.key) if files.key is not None else None
    if chain and key is not None and _public_bytes(key) != _spki(chain[0]):
        raise ConfigurationError(
            "tls-key-differs",
            "the key is not that of the certificate",
            place=str(files.key),
            advice="put the certificate and the key that was made for it in place, the certificate's own one first",
        )
    return TlsMaterial(chain, key, _certificates(files.authorities) if files.authorities is not None else ())


def validity(path: Path) -> Validity:
    """Of the certificate in this file that ends first. Raises ConfigurationError."""
    first = min(_certificates(path), key=lambda one: one.not_valid_after_utc)
    return Validity(path, fingerprint_of(first), _micros(first.not_valid_after_utc))


def validities(files: TlsFiles) -> Iterator[Validity]:
    """Of each file that holds certificates. Raises ConfigurationError."""
    for path in (files.certificate, files.authorities):
        if path is not None:
            yield validity(path)


def is_exposed(key: Path) -> bool:
    """Whether others than the file's owner and group may read it; its group may, as for keys that a service manager places."""
    try:
        return bool(key.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP))
    except OSError:
        return False


def signature(files: TlsFiles) -> tuple[object, ...]:
    """Changes when a file is written or replaced; a file that cannot be looked at has a value, too."""
    return tuple(_look(path) for path in files.paths)


def _look(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise _malformed(path, f"the file is larger than {_MAX_FILE_BYTES} bytes")
        return path.read_bytes()
    except FileNotFoundError as missing:
        raise ConfigurationError(
            "tls-file-missing", "there is no such file", place=str(path), advice="paths are relative to the root"
        ) from missing
    except OSError as refused:
        raise ConfigurationError(
            "tls-file-unreadable",
            f"the file cannot be read: {refused.strerror}",
            place=str(path),
            advice="let the user that runs the engine read it",
        ) from refused


def _certificates(path: Path) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(_read(path)))
    except ValueError as wrong:
        raise _malformed(path, "the file holds no certificate that can be read") from wrong


def _key(path: Path) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(_read(path), None)
    except TypeError as locked:
        raise _malformed(path, "the key is locked with a passphrase") from locked
    except ValueError as wrong:
        raise _malformed(path, "the file holds no key that can be read") from wrong


def _malformed(path: Path, text: str) -> ConfigurationError:
    advice = "write it as PEM (-----BEGIN ...), a key without a passphrase and readable by the engine's user alone"
    return ConfigurationError("tls-file-malformed", text, place=str(path), advice=advice)


def _public_bytes(key: PrivateKeyTypes) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _spki(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _micros(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000
