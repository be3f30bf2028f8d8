"""A backup: what its manifest says, and how fast one may be made."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """One part of a backup file: `size` bytes as the database gave them, `stored` bytes as they lie in the file."""

    name: str
    size: int
    stored: int
    digest: str  # SHA-256 of the stored bytes, hexadecimal


@dataclass(frozen=True, slots=True)
class AuditEnd:
    """The newest seal of the audit trail: a trail that ends before it was cut."""

    seal: int
    code: str  # hexadecimal


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `wrapped` are the data keys under the master key, which is never in it."""

    kind: str  # sqlite, postgresql
    schema: str
    database_id: str
    made_at: int  # UTC microseconds: what was committed before is in it
    wire_prefix: str
    wrapped: Mapping[str, bytes]
    counts: Mapping[str, int]  # rows by table
    members: tuple[Member, ...]
    audit: AuditEnd | None = None  # None: no row was sealed yet


@dataclass(frozen=True, slots=True)
class BackupPace:
    """How a backup leaves room for the engine: at most so many bytes are read at once, and in a second."""

    step_bytes: int = 1 << 20
    bytes_per_sec: int = 64 << 20


@dataclass(frozen=True, slots=True)
class LastHeld:
    """The newest message of a sender that we have custody of: the sender can be asked for what came after."""

    source: str
    sender: str  # MSH-3|MSH-4
    control_id: str  # MSH-10
    arrived_at: int
