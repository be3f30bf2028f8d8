"""Whether a SQLite file still is the one that was opened. The system lets a process go on writing to a file that was removed or
replaced: what it commits there, nobody finds again."""

import os
from pathlib import Path

from interface.errors import StoreReplacedError, StoreUnavailableError


class Place:
    """A file's name, and the file that it stood for when this was made. A look costs a microsecond."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _file(path)

    def check(self) -> None:
        """Raise StoreUnavailableError `database-missing`, or StoreReplacedError `database-replaced`, unless it is the same file."""
        found = _file(self._path)
        if found is None:
            raise StoreUnavailableError(
                "database-missing",
                "the database's file is not there any more",
                place=str(self._path),
                advice="nothing was stored; put it back, or mount its disk, and the engine goes on",
            )
        if found != self._file:
            raise StoreReplacedError(
                "database-replaced",
                "another file stands where the database was opened",
                place=str(self._path),
                advice="nothing was stored; the part ends and opens what is there now",
            )


def _file(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a third of the cost of a Path's own, and each write pays it
    except OSError:
        return None
    return found.st_dev, found.st_ino
