"""How much room is left on the disk of the store: told early, and intake ends before the last of it is gone.

What is kept back is for those who must still write when nothing is received any more: processing, and the outcomes of what was
sent.
"""

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from interface.errors import StoreUnavailableError
from interface.observe.emit import emit as emit_to_all
from interface.observe.event import Event
from interface.observe.room import DiskEased, DiskLow, DiskShort

MEGABYTE = 1_000_000
_EASE_PERCENT = (
    110  # of the limit: a disk at the limit is not told of again and again, and no listener opens and closes
)


class Room(StrEnum):
    """How the room on a disk stands."""

    AMPLE = "ample"
    LOW = "low"  # to be told of
    SHORT = "short"  # nothing is received


def free_bytes(folder: Path) -> int:
    """What an ordinary user may still write to the folder's disk."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def room_of(free: int, warn: int, reserve: int, was: Room = Room.AMPLE) -> Room:
    """How `free` bytes stand to the limits; what was worse before needs a tenth more to be better."""
    if free * 100 < reserve * (_EASE_PERCENT if was is Room.SHORT else 100):
        return Room.SHORT
    if free * 100 < warn * (100 if was is Room.AMPLE else _EASE_PERCENT):
        return Room.LOW
    return Room.AMPLE


class DiskRoom:
    """Watches the disk of one folder; a look costs a microsecond. From any thread."""

    def __init__(
        self,
        folder: Path,
        *,
        warn_mb: int,
        reserve_mb: int,
        emit: Callable[[Event], None] = emit_to_all,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._folder = folder
        self._warn = warn_mb * MEGABYTE
        self._reserve = reserve_mb * MEGABYTE
        self._emit = emit
        self._free = free
        self._room = Room.AMPLE

    def refusal(self) -> StoreUnavailableError | None:
        """Why nothing may be received now; None where there is room. A disk that cannot be asked speaks by its writes."""
        try:
            free = self._free(self._folder)
        except OSError:
            return None
        self._see(free)
        if self._room is not Room.SHORT:
            return None
        return StoreUnavailableError(
            "disk-reserve",
            f"the disk has {free // MEGABYTE} MB left, less than is kept back for what was received before",
            place=str(self._folder),
            advice="make room; receiving goes on by itself (`disk_reserve_mb`)",
        )

    def _see(self, free: int) -> None:
        was, self._room = self._room, room_of(free, self._warn, self._reserve, self._room)
        if self._room is was:
            return
        place = str(self._folder)
        match self._room:
            case Room.SHORT:
                self._emit(DiskShort(place, free, self._reserve))
            case Room.LOW if was is Room.AMPLE:
                self._emit(DiskLow(place, free, self._warn))
            case Room.LOW | Room.AMPLE:
                self._emit(DiskEased(place, free))
