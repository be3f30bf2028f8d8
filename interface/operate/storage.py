"""Whether the store takes anything now, and how much room its disk has: for people who ask why nothing is received."""

from dataclasses import dataclass
from pathlib import Path

from interface.engine.room import MEGABYTE, Room, free_bytes, room_of
from interface.errors import StoreError
from interface.ports import Store


@dataclass(frozen=True, slots=True)
class Storage:
    """`free_bytes` of the disk of the database's file; None for a server's. `code` says why a small write failed, else empty."""

    free_bytes: int | None
    room: Room
    code: str

    @property
    def is_taken(self) -> bool:
        """Whether what arrives can be stored."""
        return not self.code and self.room is not Room.SHORT


def storage(store: Store, folder: Path | None, *, warn_mb: int, reserve_mb: int) -> Storage:
    """Look at the disk of `folder`, and try a small write."""
    code = ""
    try:
        store.check_writable()
    except StoreError as failure:
        code = failure.code
    if folder is None:
        return Storage(None, Room.AMPLE, code)
    free = free_bytes(folder)
    return Storage(free, room_of(free, warn_mb * MEGABYTE, reserve_mb * MEGABYTE), code)
