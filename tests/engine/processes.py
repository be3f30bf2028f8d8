"""Which processes an engine consists of, found by its home on their command lines: orphans and half-started ones are seen, too.

Parts share the command line of their supervisor, and tell themselves apart by the name that `ps -o comm` shows.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

WAIT_SECS = 60.0  # generous: the machine may be busy
STEP_SECS = 0.05
PARTS = ("listen", "process", "serve", "watch")
SUPERVISOR = "engine"  # how the process that keeps the others alive is called here


def wait_until(holds: Callable[[], bool], what: str, *, secs: float = WAIT_SECS) -> None:
    """Wait until `holds()`; AssertionError naming `what` after `secs`."""
    deadline = time.monotonic() + secs
    while not holds():
        assert time.monotonic() < deadline, f"not within {secs:g} s: {what}"
        time.sleep(STEP_SECS)


def processes_of(home: Path) -> dict[int, str]:
    """Living processes started with `--home HOME`: pid -> `engine`, `listen`, `process` or `watch`."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (name := _part(entry, str(home))):
            found[int(entry.name)] = name
    return found


def _part(entry: Path, home: str) -> str:
    try:
        # Of a process whose first thread has ended only the others know the command line.
        words = {
            word for thread in _living(entry) for word in (thread / "cmdline").read_text(errors="replace").split("\0")
        }
        name = (entry / "comm").read_text().strip().removeprefix("hp24 ")
    except OSError:  # ended meanwhile
        return ""
    if home not in words:
        return ""
    return name if name in PARTS else SUPERVISOR


def _living(entry: Path) -> list[Path]:
    """The threads of a process that still run. While there is one its sockets are open, and listeners take connections."""
    return [one for one in (entry / "task").iterdir() if _state(one) not in "ZX"]


def _state(thread: Path) -> str:
    try:
        return (thread / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def has_ended(pid: int) -> bool:
    """Whether nothing of a process runs any more."""
    try:
        return not _living(Path("/proc") / str(pid))
    except OSError:
        return True


def kill_all(home: Path) -> None:
    """Kill -9 everything of this engine, the supervisor first so that nothing comes back; returns when all are gone.

    Gone to the last thread: one that dies has no command line any more, and its listeners are still open for a moment.
    """
    killed: set[int] = set()
    while found := processes_of(home):
        killed |= found.keys()
        for pid in sorted(found, key=lambda pid: found[pid] != SUPERVISOR):
            send_signal(pid, signal.SIGKILL)
        time.sleep(STEP_SECS / 5)
    wait_until(lambda: all(has_ended(pid) for pid in killed), "what was killed has ended")


def send_signal(pid: int, number: signal.Signals) -> None:
    """Signal one process; one that ended meanwhile needs none."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
