"""The supervisor: runs the engine's parts as processes of their own, starts a dead one again, passes a stop on to all.

It keeps no state and opens no database: killing it with everything else loses nothing, and a part that is killed alone comes back.
Each part reads a pipe that only the supervisor holds open, so that its parts end when it does, however it ended.
"""

import errno
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from interface.engine.service import ALIVE, READY, STOPPING, ServiceWatch
from interface.observe.emit import emit
from interface.observe.engine import PartNotStarted, PartStarted, PartStopped

_QUICK_SECS = 5.0  # a part that lived shorter than this is started again with a growing wait
_FIRST_WAIT_SECS = 0.2
_MAX_WAIT_SECS = 10.0
_POLL_SECS = 0.1
_ALIVE_SECS = 1.0  # how often the service manager hears that the supervisor lives
PART_GRACE_SECS = 5.0  # beyond its draining, for a part to end
FAILED = 3  # the part met what may pass: it is started again, with a growing wait
CANNOT_START = 78  # EX_CONFIG: the part said why; starting it again would not help


class Child(Protocol):
    """The process of a part. `returncode` is None while it lives, and minus the number of the signal that ended it."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...
    def wait(self) -> object: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class _Part:
    name: str
    arguments: Sequence[str]
    process: Child | None = None
    started: float = 0.0
    wait_secs: float = _FIRST_WAIT_SECS
    due: float = 0.0
    has_run: bool = False  # longer than a moment: what it meets later may pass, and ends no other part


@dataclass(slots=True)
class Supervisor:
    """`parts` names each part's arguments, with which `spawn` starts it; `drain_secs` is how long a part may take to end."""

    parts: Mapping[str, Sequence[str]]
    drain_secs: float
    spawn: Callable[[str, Sequence[str]], Child]
    service: ServiceWatch = field(default_factory=lambda: ServiceWatch(os.environ))
    _stop: threading.Event = field(default_factory=threading.Event)
    _stops: int = 0

    def run(self) -> int:
        """Run until told to stop; gives the exit code. A second stop signal ends at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        parts = [_Part(name, arguments) for name, arguments in self.parts.items()]
        exit_code = 0
        self.service.tell(READY)
        told_at = 0.0
        while not self._stop.is_set():
            for part in parts:
                self._keep_alive(part)
            if time.monotonic() - told_at >= _ALIVE_SECS:
                told_at = time.monotonic()
                self.service.tell(ALIVE)
            if any(part.process and part.process.poll() == CANNOT_START and not part.has_run for part in parts):
                exit_code = CANNOT_START
                break
            self._stop.wait(_POLL_SECS)
        self.service.tell(STOPPING)
        self._end(parts)
        return exit_code

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._stops += 1
        self._stop.set()

    def _keep_alive(self, part: _Part) -> None:
        now = time.monotonic()
        if part.process is None:
            if now >= part.due:
                self._start(part, now)
            return
        lived, code = now - part.started, part.process.poll()
        if code is None:
            part.has_run |= lived > _QUICK_SECS
        elif code != CANNOT_START or part.has_run:
            emit(PartStopped(part=part.name, pid=part.process.pid, cause="killed" if code < 0 else "crashed"))
            part.process.close()
            part.wait_secs = _FIRST_WAIT_SECS if lived > _QUICK_SECS else min(part.wait_secs * 2, _MAX_WAIT_SECS)
            part.process, part.due = None, now + part.wait_secs

    def _start(self, part: _Part, now: float) -> None:
        try:
            part.process = self.spawn(part.name, part.arguments)
        except OSError as refused:  # no process, file or memory to be had: what runs goes on, and this is tried again
            part.wait_secs = min(part.wait_secs * 2, _MAX_WAIT_SECS)
            part.due = now + part.wait_secs
            emit(PartNotStarted(part=part.name, cause=errno.errorcode.get(refused.errno or 0, "unknown")))
            return
        part.started = now
        emit(PartStarted(part=part.name, pid=part.process.pid))

    def _end(self, parts: Sequence[_Part]) -> None:
        # In the order given: listening ends first, so that nothing new comes while the rest is finished.
        for part in parts:
            if part.process is None:
                continue
            part.process.terminate()
            deadline = time.monotonic() + self.drain_secs
            while part.process.poll() is None and time.monotonic() < deadline and self._stops < 2:
                time.sleep(_POLL_SECS / 2)
            if part.process.poll() is None:
                part.process.kill()
            part.process.wait()
            emit(
                PartStopped(
                    part=part.name, pid=part.process.pid, cause="drained" if part.process.returncode == 0 else "killed"
                )
            )


def end_with_supervisor() -> None:
    """In a part: drain and end as soon as the supervisor is gone, whose end of our standard input closes with it."""
    threading.Thread(target=_await_end, name="supervisor watch", daemon=True).start()


def _await_end() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
