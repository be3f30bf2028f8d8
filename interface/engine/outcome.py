"""Senders that wait for the outcome of processing: each gets it, or what its protocol has to say once its time is up.

One compare-and-set in the store decides between the outcome and the deadline, so that the answer on the wire is always the one that
the store knows.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from interface.engine.wake import Bell
from interface.errors import StoreError
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.observe.fault import fault
from interface.ports import Store, Turn
from interface.row.message import Settled

TIME_IS_UP = "AA"  # we have custody: the sender need not keep it
GIVEN_BACK = "503"  # over HTTP: Service Unavailable
NOT_IN_TIME = "not-done-in-time"
_NOT_KNOWN_YET = "the message is kept; what becomes of it is not known yet"
EndWaiting = Callable[[Turn, Sequence[int]], dict[int, Settled]]


@dataclass(frozen=True, slots=True)
class Waiter:
    """One sender that waits, until `deadline` (seconds of a clock that nobody sets)."""

    deadline: float
    tell: Callable[[Settled], None]


class Outcomes:
    """The thread that settles waiting answers; woken by the process part."""

    def __init__(
        self,
        store: Store,
        bell: Bell,
        end_waiting: EndWaiting,
        *,
        poll_secs: float,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`end_waiting` decides what those are told whose time is up, unless the outcome was first."""
        self._store = store
        self._end_waiting = end_waiting
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

    def wait_for(self, message_id: int, within_micros: int, tell: Callable[[Settled], None]) -> None:
        """Note a sender that waits so long. A repeat of a message that is still being answered waits for the same answer."""
        waiter = Waiter(self._seconds() + within_micros / 1_000_000, tell)
        with self._lock:
            self._waiting.setdefault(message_id, []).append(waiter)

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
            deadlines = {number: min(one.deadline for one in waiters) for number, waiters in self._waiting.items()}
        if not deadlines:
            return
        with self._store.snapshot() as reader:
            settled = reader.settled_answers(deadlines)
        now = self._seconds()
        late = [
            number
            for number, deadline in deadlines.items()
            if number not in settled and (self._is_hurried or now >= deadline)
        ]
        if late:
            with self._store.turn("answer") as turn:
                settled |= self._end_waiting(turn, late)
        for number, outcome in settled.items():
            with self._lock:
                told = self._waiting.pop(number)
            for waiter in told:
                waiter.tell(outcome)


def take_custody(turn: Turn, message_ids: Sequence[int]) -> dict[int, Settled]:
    """The sender need not keep the message: it is ours, whatever becomes of it."""
    settled = turn.settled_answers(message_ids)
    stands = turn.settle_answers({number: TIME_IS_UP for number in message_ids if number not in settled})
    return settled | {number: Settled(code, text=_NOT_KNOWN_YET) for number, code in stands.items()}


def give_back(turn: Turn, message_ids: Sequence[int]) -> dict[int, Settled]:
    """The sender keeps the request: it is refused, and never applied."""
    refused = turn.give_up(message_ids, GIVEN_BACK, NOT_IN_TIME)
    return turn.settled_answers(message_ids) | dict.fromkeys(refused, Settled(GIVEN_BACK, cause=NOT_IN_TIME))
