"""The thread that keeps what is stored: it seals the audit trail, while this engine holds the `process` lock."""

import threading
import time
from collections.abc import Callable

from interface.errors import StoreError
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.observe.fault import fault
from interface.ports import Store
from interface.settings import Pace

_PLACE = "keep"


class KeepThread:
    """Wakes for whatever is due next, and rests."""

    def __init__(self, store: Store, pace: Pace) -> None:
        self._store = store
        self._pace = pace
        self._sealed_at = 0.0
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=_PLACE, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present piece of work."""
        self._is_stopping.set()
        self._thread.join(self._pace.drain_secs)

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            wait_secs = min(self._kept(self._seal), self._pace.audit_seal_secs)
            self._is_stopping.wait(wait_secs)

    def _kept(self, work: Callable[[], float]) -> float:
        """One piece of work; gives the seconds until it is due again."""
        try:
            return work()
        except StoreError as failure:
            emit(StorageFailed(code=failure.code, place=_PLACE))
        except Exception as bug:  # noqa: BLE001 - the edge of the thread: a bug must not end keeping for good
            emit(fault(bug, _PLACE))
        return self._pace.storage_retry_secs

    def _seal(self) -> float:
        left = self._sealed_at + self._pace.audit_seal_secs - time.monotonic()
        if left > 0 and self._sealed_at:
            return left
        self._store.seal_audit()
        self._sealed_at = time.monotonic()
        return self._pace.audit_seal_secs
