"""Builds the flush watch, and reads its trace: was every positive answer preceded by a flush that covers its message?"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("flushwatch.c")
SQLITE_LOG, POSTGRESQL_LOG = "-wal", "/pg_wal/"
_POSITIVE = re.compile(r"MSA\|[AC]A\|([^ |]*)")


def build(folder: Path, source: Path = SOURCE) -> Path:
    """Compile the watch, or another library to preload; the test is skipped on a machine without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip(f"{source.name} is written in C, and this machine has no C compiler (cc)")
    library = folder / f"{source.stem}.so"
    command = [compiler, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return library


def environment(library: Path, trace: Path, port: int, log: str = SQLITE_LOG) -> dict[str, str]:
    """What a process needs to be watched: the listener's port, and what the names of the database's log hold."""
    return {
        "LD_PRELOAD": str(library),
        "FLUSHWATCH_TRACE": str(trace),
        "FLUSHWATCH_LOG": log,
        "FLUSHWATCH_PORT": str(port),
    }


@dataclass(frozen=True, slots=True)
class Trace:
    """What the process did, in order: `(kind, rest)` with the kinds W, F, R and S of the watch."""

    events: tuple[tuple[str, str], ...]

    @property
    def flushes(self) -> int:
        """How often the log was flushed."""
        return sum(kind == "F" for kind, _rest in self.events)

    def answers(self) -> Iterator[tuple[str, bool]]:
        """Each positive answer's control id, and whether it was safe.

        Safe means: after its message was received, something was written to the log, and after that write, before the answer,
        the log was flushed. What other connections' messages add to the log meanwhile makes no difference to that.
        """
        written = flushed = 0  # positions of the last log write, and of the last one that a flush has covered
        received: dict[str, int] = {}
        for position, (kind, rest) in enumerate(self.events, start=1):
            match kind:
                case "W":
                    written = position
                case "F":
                    flushed = written
                case "R":
                    received[rest.split()[0]] = position
                case "S":
                    connection = rest.split()[0]
                    since = received.get(connection, 0)
                    for control_id in _POSITIVE.findall(rest):
                        yield control_id, flushed > since

    def strictly_safe(self) -> bool:
        """Whether nothing written to the log was unflushed at any positive answer: holds where one sender waits for each."""
        is_dirty = False
        for kind, rest in self.events:
            if kind == "W":
                is_dirty = True
            elif kind == "F":
                is_dirty = False
            elif kind == "S" and is_dirty and _POSITIVE.search(rest):
                return False
        return True


def read_trace(path: Path) -> Trace:
    """The trace as far as it is written."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return Trace(tuple((line[:1], line[2:]) for line in lines))
