"""Log lines that cannot be written: the engine goes on, and tells later how many are missing."""

import errno
import fcntl
import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from interface.observe import emit as emitting
from interface.observe.emit import configure, emit
from interface.observe.engine import PartStarted, StorageFailed
from interface.observe.room import StorageBack


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    own, root = logging.getLogger("interface"), logging.getLogger()
    before = (own.handlers[:], own.propagate, own.level, root.handlers[:])
    yield
    own.handlers[:], own.propagate, root.handlers[:] = before[0], before[1], before[3]
    own.setLevel(before[2])
    emitting._written_at.clear()


class Failing(io.StringIO):
    """A stream that takes nothing while `error` is set."""

    error = 0

    def write(self, text: str) -> int:
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        return super().write(text)


def events(text: str) -> list[str]:
    return [json.loads(line)["event"] for line in text.splitlines()]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EPIPE, errno.EIO])
def test_lines_that_cannot_be_written_are_counted_and_told_of(error: int) -> None:
    stream = Failing()
    configure(stream)
    emit(PartStarted("listen", 1))
    stream.error = error
    for pid in range(2, 9):
        emit(PartStarted("listen", pid))
    stream.error = 0
    emit(PartStarted("listen", 9))
    assert events(stream.getvalue()) == ["part-started", "log-lost", "part-started"]
    assert json.loads(stream.getvalue().splitlines()[1])["lines"] == 7


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """A pipe: its reading end, and the other as a stream."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1 << 14)
    with os.fdopen(writing, "w") as stream:
        yield reading, stream
    os.close(reading)


def test_a_reader_that_reads_no_more_costs_lines_and_stops_nothing(pipe: tuple[int, TextIO]) -> None:
    reading, stream = pipe
    configure(stream)
    for pid in range(500):
        emit(PartStarted("listen", pid))
    first = os.read(reading, 1 << 16).decode()
    emit(PartStarted("listen", 500))
    second = os.read(reading, 1 << 16).decode()
    whole = events(first) + events(second)
    lost = next(json.loads(line)["lines"] for line in second.splitlines() if "log-lost" in line)
    assert whole.count("part-started") + lost == 501
    assert lost > 0


def test_a_reader_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        configure(stream)
        emit(PartStarted("listen", 1))
        emit(PartStarted("listen", 2))


def test_the_same_failure_is_written_once_until_it_is_over() -> None:
    stream = io.StringIO()
    configure(stream)
    for _ in range(3):
        emit(StorageFailed("database-unavailable", "intake"))
        emit(StorageFailed("database-unavailable", "process"))
    emit(StorageBack("listen", 1))
    emit(StorageFailed("database-unavailable", "intake"))
    told = [json.loads(line)["place"] for line in stream.getvalue().splitlines()]
    assert told == ["intake", "process", "listen", "intake"]
