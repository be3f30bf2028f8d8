"""The one thread that makes received frames durable, many in one commit, and hands each its answer afterwards."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

from interface.errors import StoreError
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.observe.fault import fault
from interface.observe.receive import BatchStored
from interface.pipeline.receive import Answer, E, store_batch
from interface.ports import Store

Result = Answer[E] | StoreError
_STOP = None


@dataclass(frozen=True, slots=True)
class Waiting(Generic[E]):
    """An arrival on its way into the store, and who is told what became of it (called on the intake thread)."""

    examined: E
    tell: Callable[[Answer[E] | StoreError], None]


class Intake(Generic[E]):
    """Group commit: one message when idle, up to `batch_messages` under load.

    `stored` is called after each commit with the answers and before any sender is told; `settled` once all were told. Where
    `refusal` gives a reason, nothing is stored.
    """

    def __init__(
        self,
        store: Store,
        *,
        batch_messages: int,
        stored: Callable[[Sequence[Answer[E]]], None],
        settled: Callable[[], None],
        refusal: Callable[[], StoreError | None],
    ) -> None:
        self._refusal = refusal
        self._store = store
        self._batch_messages = batch_messages
        self._stored = stored
        self._settled = settled
        self._queue: queue.SimpleQueue[Waiting[E] | None] = queue.SimpleQueue()
        self._is_busy = False
        self._began = time.monotonic()  # the last batch
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, examined: E, tell: Callable[[Answer[E] | StoreError], None]) -> None:
        """Queue one arrival. The number of frames in flight is bounded by the wires, which stop reading."""
        self._queue.put(Waiting(examined, tell))

    @property
    def idle_secs(self) -> float:
        """For how long it has not come round although there is work; 0 where it rests. From any thread."""
        is_dead = not self._thread.is_alive() and not self._queue.empty()
        return time.monotonic() - self._began if self._is_busy or is_dead else 0.0

    def stop(self, timeout_secs: float) -> None:
        """Finish what is queued, then end."""
        self._queue.put(_STOP)
        self._thread.join(timeout_secs)

    def _run(self) -> None:
        while (first := self._queue.get()) is not _STOP:
            self._began, self._is_busy = time.monotonic(), True
            batch, is_last = self._fill(first)
            self._commit(batch)
            self._is_busy = False
            if is_last:
                return

    def _fill(self, first: Waiting[E]) -> tuple[list[Waiting[E]], bool]:
        batch = [first]
        while len(batch) < self._batch_messages:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
            if more is _STOP:
                return batch, True
            batch.append(more)
        return batch, False

    def _commit(self, batch: list[Waiting[E]]) -> None:
        for one, result in zip(batch, self._store_all([one.examined for one in batch]), strict=True):
            one.tell(result)
        self._settled()

    def _store_all(self, examined: Sequence[E]) -> Sequence[Answer[E] | StoreError]:
        started = time.perf_counter_ns()
        try:
            if (refusal := self._refusal()) is not None:
                raise refusal
            answers = store_batch(self._store, examined)
        except StoreError as failure:
            emit(StorageFailed(code=failure.code, place="intake"))
            return [failure] * len(examined)
        except Exception as bug:  # noqa: BLE001 - the edge of the thread: without it, one bug would silence every listener
            emit(fault(bug, "intake"))
            if len(examined) > 1:  # a bad message spoils only itself
                return [result for one in examined for result in self._store_all([one])]
            return [self._store_unread(examined[0], bug)]
        emit(BatchStored(messages=len(examined), took_micros=(time.perf_counter_ns() - started) // 1000))
        self._stored(answers)
        return answers

    def _store_unread(self, examined: E, bug: Exception) -> Answer[E] | StoreError:
        """Keep at least the bytes, so that a person sees them and the sender goes on; without that, nothing can be stored."""
        try:
            (answer,) = store_batch(self._store, [examined.unread()])
        except Exception as second:  # noqa: BLE001 - the same edge
            emit(fault(second, "intake"))
            return StoreError("internal-error", f"an unexpected {type(bug).__name__}", place="intake")
        return answer
