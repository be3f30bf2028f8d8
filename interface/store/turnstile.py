"""Fair turns for the writers of one SQLite file, across threads and processes.

SQLite lets one writer in at a time and makes the others poll, so that a busy writer starves the rest. Here each writer
takes the lock "next", then waits for the lock "writer", then lets "next" go: whoever has "next" is served when the
present writer ends, and the present writer must queue for "next" like everybody else. The kernel drops a dead process's
locks.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interface.store.files import files_translated


class Turnstile:
    """Two lock files beside the database."""

    def __init__(self, database: Path) -> None:
        self._paths = (database.with_name(f"{database.name}.next"), database.with_name(f"{database.name}.writer"))
        # Locks belong to an open file, not to a process: with files of its own each thread queues like a process.
        self._spare: list[tuple[int, int]] = []
        self._guard = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the only writing turn; waits for those who came before."""
        pair = self._take()
        following, writer = pair
        try:
            fcntl.flock(following, fcntl.LOCK_EX)
            try:
                fcntl.flock(writer, fcntl.LOCK_EX)
            finally:
                fcntl.flock(following, fcntl.LOCK_UN)
            try:
                yield
            finally:
                fcntl.flock(writer, fcntl.LOCK_UN)
        finally:
            self._give_back(pair)

    def _take(self) -> tuple[int, int]:
        with self._guard:
            if self._spare:
                return self._spare.pop()
        with files_translated():
            following = _open(self._paths[0])
            try:
                return following, _open(self._paths[1])
            except OSError:
                os.close(following)
                raise

    def _give_back(self, pair: tuple[int, int]) -> None:
        with self._guard:
            self._spare.append(pair)

    def close(self) -> None:
        """Close the files of those who are not writing."""
        with self._guard:
            spare, self._spare = self._spare, []
        for pair in spare:
            for handle in pair:
                os.close(handle)


@contextmanager
def hold(path: Path) -> Iterator[bool]:
    """Hold a lock file for the length of the block; gives False at once where someone else holds it."""
    with files_translated():
        handle = _open(path)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
