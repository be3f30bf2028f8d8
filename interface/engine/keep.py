"""The thread that keeps what is stored: it seals the audit trail and purges, while this engine holds the `process` lock."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from interface.errors import StoreError
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.observe.fault import fault
from interface.observe.purge import PurgeEnded
from interface.pipeline.purge import PurgeReport, Rest
from interface.ports import Store
from interface.settings import Pace

_PLACE = "keep"
Purge = Callable[[Rest], PurgeReport | None]


@dataclass(slots=True)
class _Task:
    """Work that comes again: how often, and when it is due next (on the monotonic clock; 0: at once)."""

    work: Callable[[], None]
    every_secs: float
    due: float = 0.0


class KeepThread:
    """Wakes for whatever is due next, and rests.

    `purge` runs the purge and rests as it is told; it gives None where somebody else runs it. `take_baseline` has the process
    thread take one, between two batches.
    """

    def __init__(self, store: Store, pace: Pace, *, purge: Purge, take_baseline: Callable[[], None]) -> None:
        self._store = store
        self._pace = pace
        self._purge = purge
        self._take_baseline = take_baseline
        self._seal = _Task(self._seal_audit, pace.audit_seal_secs)
        self._tasks = (self._seal, _Task(self._run_purge, pace.purge_every_hours * 3600))
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=_PLACE, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present step."""
        self._is_stopping.set()
        self._thread.join(self._pace.drain_secs)

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            for task in self._tasks:
                self._do(task)
            self._is_stopping.wait(max(0.0, min(task.due for task in self._tasks) - time.monotonic()))

    def _do(self, task: _Task) -> None:
        if task.due > time.monotonic() or self._is_stopping.is_set():
            return
        wait_secs = self._pace.storage_retry_secs
        try:
            task.work()
            wait_secs = task.every_secs
        except StoreError as failure:
            emit(StorageFailed(code=failure.code, place=_PLACE))
        except Exception as bug:  # noqa: BLE001 - the edge of the thread: a bug must not end keeping for good
            emit(fault(bug, _PLACE))
        task.due = time.monotonic() + wait_secs

    def _seal_audit(self) -> None:
        self._store.seal_audit()

    def _run_purge(self) -> None:
        report = self._purge(self._rest)
        if report is not None and report.wants_baseline and report.is_whole:
            self._take_baseline()
            report = self._purge(self._rest)
        if report is not None:
            kept = sum(one.kept.total() for one in report.rules)
            emit(PurgeEnded(report.rows, sum(one.size_bytes for one in report.rules), kept))

    def _rest(self, secs: float) -> bool:
        """Between two steps of a purge, which may take hours: the audit trail is sealed all the same."""
        self._do(self._seal)
        return self._is_stopping.wait(secs)
