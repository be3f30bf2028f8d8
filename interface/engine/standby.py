"""One part of a kind for each home: that of a second engine on the same home stands by until the first one's has ended."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from interface.observe.emit import emit
from interface.observe.engine import PartStandsBy


@contextmanager
def only_one(home: Path, part: str, waiting: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """Be the home's only part of this kind; waits, inside of `waiting`, for another one to end.

    The kernel drops a dead process's lock.
    """
    path = _path(home, part)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            emit(PartStandsBy(part=part, place=str(home)))
            with waiting():
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def is_there(home: Path, part: str) -> bool:
    """Whether a living process is this part of the home, whatever it can say of itself in the store."""
    try:
        return is_held(_path(home, part))
    except OSError:
        return False


def is_held(lock: Path) -> bool:
    """Whether a living process holds this lock file. OSError where it cannot be opened."""
    handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)


def _path(home: Path, part: str) -> Path:
    return home / "run" / f"{part}.lock"
