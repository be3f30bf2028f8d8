"""A disk that is as full as a test says, for the processes that run in its environment."""

from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).with_name("fulldisk.c")


class Disk:
    """The disk of `folder`; see fulldisk.c."""

    def __init__(self, folder: Path, library: Path) -> None:
        self._free = folder.with_name(f"{folder.name}.free")
        self.environ: Mapping[str, str] = {
            "LD_PRELOAD": str(library),
            "FULLDISK_UNDER": str(folder),
            "FULLDISK_FREE": str(self._free),
        }

    def leave(self, size_bytes: int) -> None:
        """Let so much be free; with 0, nothing grows any more."""
        partial = self._free.with_suffix(".partial")
        partial.write_text(str(size_bytes), encoding="ascii")
        partial.replace(self._free)

    def ease(self) -> None:
        """Let it be the disk that it is."""
        self._free.unlink(missing_ok=True)
