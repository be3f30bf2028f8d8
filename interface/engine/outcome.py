"""Senders that wait for the outcome of processing: each gets it, or custody with a note once its time is up.

One compare-and-set in the store decides between the outcome and the deadline, so that the answer on the wire is always the one that
the store knows.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from interface.engine.wake import Bell
from interface.errors import StoreError
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.observe.fault import fault
from interface.pipeline.receive import Answer
from interface.ports import Store
from interface.row.message import Settled

TIME_IS_UP = "AA"  # we have custody: the sender need not keep it
_NOT_KNOWN_YET = "the message is kept; what becomes of it is not known yet"


@dataclass(frozen=True, slots=True)
class Waiter:
    """One sender that waits, until `deadline` (seconds of a clock that nobody sets)."""

    answer: Answer
    deadline: float
    tell: Callable[[Settled], None]


class Outcomes:
    """The thread that settles waiting answers; woken by the process part."""

    def __init__(
        self, store: Store, bell: Bell, *, poll_secs: float, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._seconds = seconds
        self._bell = bell
        self._poll_secs = poll_secs
        self._waiting: dict[int, list[Waiter]] = {}
        self._lock = threading.Lock()
        self._is_hurried = False
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="outcomes", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def hurry(self) -> None:
        """Wait for no outcome any longer: from now on every sender is told at once that we have custody."""
        self._is_hurried = True

    def stop(self, timeout_secs: float) -> None:
        """Tell every waiting sender that we have custody, then end."""
        self._is_hurried = True
        self._is_stopping = True
        self._thread.join(timeout_secs)

    def wait_for(self, answer: Answer, within_micros: int, tell: Callable[[Settled], None]) -> None:
        """Note a sender that waits so long. A repeat of a message that is still being answered waits for the same answer."""
        waiter = Waiter(answer, self._seconds() + within_micros / 1_000_000, tell)
        with self._lock:
            self._waiting.setdefault(answer.received.message_id, []).append(waiter)

    def _run(self) -> None:
        while True:
            self._bell.wait(self._poll_secs)
            try:
                self._settle()
            except StoreError as failure:
                emit(StorageFailed(code=failure.code, place="outcomes"))
            except Exception as bug:  # noqa: BLE001 - the edge of the thread: without it, one bug would silence every waiting sender
                emit(fault(bug, "outcomes"))
            if self._is_stopping and not self._waiting:
                return

    def _settle(self) -> None:
        with self._lock:
            open_now = {message_id: list(waiters) for message_id, waiters in self._waiting.items()}
        for message_id, waiters in open_now.items():
            settled = self._decided(message_id, min(waiter.deadline for waiter in waiters))
            if settled is None:
                continue
            with self._lock:
                told = self._waiting.pop(message_id)
            for waiter in told:
                waiter.tell(settled)

    def _decided(self, message_id: int, deadline: float) -> Settled | None:
        with self._store.snapshot() as reader:
            settled = reader.settled_answer(message_id)
        if settled is None and (self._is_hurried or self._seconds() >= deadline):
            with self._store.turn("answer") as turn:
                settled = turn.settled_answer(message_id)
                if settled is None and turn.settle_answer(message_id, TIME_IS_UP) == TIME_IS_UP:
                    settled = Settled(TIME_IS_UP, text=_NOT_KNOWN_YET)
        return settled
