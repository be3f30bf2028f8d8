"""The processing part: one thread that runs batches, and one delivery loop per destination on the reactor."""

import threading
import time
from collections.abc import Callable

from interface.engine.wake import Bell, Ringer
from interface.errors import LockLostError, StoreError, StoreUnavailableError
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.observe.fault import fault
from interface.observe.room import StorageBack
from interface.pipeline.plan import Plan
from interface.pipeline.process import ProcessStage
from interface.ports import Store
from interface.settings import Pace


class ProcessThread:
    """Runs batches for as long as there is work; waits for the bell when there is none.

    It works only while it holds the store's lock for processing: `take_over` is called when it has got it, `hand_over` before it
    lets go. `plan_changed` gives a new plan once another configuration version became active. `deliver` wakes the delivery loops.
    `between` is called before each batch: what it does, it does while nothing is processed.
    """

    def __init__(
        self,
        store: Store,
        stage: ProcessStage,
        pace: Pace,
        bell: Bell,
        ringer: Ringer,
        *,
        take_over: Callable[[], None],
        hand_over: Callable[[], None],
        plan_changed: Callable[[], Plan | None],
        deliver: Callable[[], None],
        between: Callable[[], None],
    ) -> None:
        self._store = store
        self._stage = stage
        self._pace = pace
        self._bell = bell
        self._ringer = ringer
        self._take_over = take_over
        self._hand_over = hand_over
        self._plan_changed = plan_changed
        self._deliver = deliver
        self._between = between
        self._confirmed_at = 0.0  # when an idle thread last saw that the lock is still ours
        self.came_round = time.monotonic()  # when the thread last began a batch or looked for one
        self._away_since: float | None = None  # since when the store was not there, in seconds of the monotonic clock
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="process", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present batch."""
        self._is_stopping.set()
        self._ringer.ring("process")
        self._thread.join(self._pace.drain_secs)

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            try:
                self._hold_and_work()
            except StoreError as failure:
                self._note_away(failure)
                self._is_stopping.wait(self._pace.storage_retry_secs)
            except Exception as bug:  # noqa: BLE001 - the edge of the thread: a bug must not end processing for good
                emit(fault(bug, "process"))
                self._is_stopping.wait(self._pace.storage_retry_secs)

    def _hold_and_work(self) -> None:
        # One process at a time writes the ledger and delivers; another engine on the same database stands by.
        with self._store.exclusive("process") as is_ours:
            if not is_ours:
                self._is_stopping.wait(self._pace.standby_secs)
                return
            self._stage.forget()  # another engine may have written while we stood by
            self._take_over()
            self._note_back()
            try:
                self._queue_homeless()
                while not self._is_stopping.is_set():
                    self._work_once()
            except LockLostError:
                raise
            except StoreUnavailableError as failure:
                self._await_storage(failure)
            finally:
                self._hand_over()

    def _await_storage(self, failure: StoreUnavailableError) -> None:
        """Wait until the store takes writes again. Only then may anything be handed over: what the delivery loops know of their
        last sends is written nowhere yet, and whoever took over would find attempts without an outcome."""
        self._note_away(failure)
        while not self._is_stopping.wait(self._pace.storage_retry_secs):
            try:
                self._store.check_writable()
            except StoreError as still:
                self._note_away(still)
            else:
                return

    def _note_away(self, failure: StoreError) -> None:
        self._away_since = time.monotonic() if self._away_since is None else self._away_since
        emit(StorageFailed(code=failure.code, place="process"))

    def _note_back(self) -> None:
        since, self._away_since = self._away_since, None
        if since is not None:
            emit(StorageBack(place="process", took_micros=int((time.monotonic() - since) * 1_000_000)))

    def _work_once(self) -> None:
        self._between()
        self.came_round = time.monotonic()
        plan = self._plan_changed()
        if plan is not None:
            self._stage.plan = plan
            self._queue_homeless()
        result = self._stage.run_batch(self._pace.process_batch_messages)
        if result.has_answers:
            self._ringer.ring("listen")
            self._ringer.ring("serve")
        if result.has_deliveries:
            self._deliver()
        if 0 < result.taken < self._pace.process_batch_messages:
            self._is_stopping.wait(self._pace.gather_secs)
        if not result.taken:
            self._stage.tell_overdue()
            self._confirm_lock()
            if self._bell.wait(self._pace.poll_secs):
                self._deliver()  # what an operator queued; what falls due meanwhile the loops find for themselves

    def _queue_homeless(self) -> None:
        if self._stage.queue_homeless():
            self._deliver()

    def _confirm_lock(self) -> None:
        # A batch looks for itself. Where none comes, the delivery loops must stop all the same once another engine took over.
        now = time.monotonic()
        if now - self._confirmed_at >= self._pace.standby_secs:
            with self._store.turn("process"):
                self._confirmed_at = now
