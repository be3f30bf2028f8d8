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
PARTS = ("listen", "process", "watch")
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
        words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        name = (entry / "comm").read_text().strip().removeprefix("hp24 ")
        is_zombie = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):  # ended meanwhile
        return ""
    if home not in words or is_zombie:
        return ""
    return name if name in PARTS else SUPERVISOR


def kill_all(home: Path) -> None:
    """Kill -9 everything of this engine, the supervisor first so that nothing comes back; returns when all are gone."""
    while found := processes_of(home):
        for pid in sorted(found, key=lambda pid: found[pid] != SUPERVISOR):
            send_signal(pid, signal.SIGKILL)
        time.sleep(STEP_SECS / 5)


def send_signal(pid: int, number: signal.Signals) -> None:
    """Signal one process; one that ended meanwhile needs none."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
