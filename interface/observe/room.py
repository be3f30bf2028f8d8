"""Events of what the engine lives on: room on its disk, and a store that takes what it is given."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.engine import Running
from interface.observe.event import Level


@dataclass(frozen=True, slots=True)
class DiskLow(Running):
    """The disk of `place` has less room than `disk_warn_mb`."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "disk_low_total"
    place: str
    free_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class DiskShort(Running):
    """The disk of `place` has less room than `disk_reserve_mb`: nothing is received until there is more."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "disk_short_total"
    place: str
    free_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class DiskEased(Running):
    """The disk of `place` has more room again than it was told to lack."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "disk_eased_total"
    place: str
    free_bytes: int


@dataclass(frozen=True, slots=True)
class StorageBack(Running):
    """The store takes writes again, after `took_micros`; `place` names the part that goes on."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "storage_back_total"
    split_by: ClassVar = ("place",)
    ends_quiet: ClassVar = True
    place: str
    took_micros: int
