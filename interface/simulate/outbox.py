"""What an EHR sends later by itself: echoes of payments, new balances, application acknowledgements.

A thread and a connection of its own carry the messages in the order of their due times, so whatever made them need
not wait.
"""

import heapq
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from interface.errors import InterfaceError
from interface.simulate.sender import Counts, Sender

Compose = Callable[[], bytes]
"""Words a message when it is due, so that it tells what is true then."""


class Outbox:
    """A queue with due times before a `Sender`. What could not be sent is in `failures` and not tried again."""

    def __init__(self, host: str, port: int, *, reply_timeout_secs: float = 5.0, give_up_secs: float = 30.0) -> None:
        self.failures: list[InterfaceError] = []
        self._sender = Sender(host, port, reply_timeout_secs=reply_timeout_secs, give_up_secs=give_up_secs)
        self._due: list[tuple[float, int, Compose]] = []
        self._taken = 0
        self._unsent = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="simulated EHR outbox", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def counts(self) -> Counts:
        """What was answered so far."""
        return self._sender.counts

    def put(self, delay_secs: float, compose: Compose) -> None:
        """Send a message, worded then, when the delay is over."""
        with self._changed:
            self._taken += 1
            self._unsent += 1
            heapq.heappush(self._due, (time.monotonic() + delay_secs, self._taken, compose))
            self._changed.notify_all()

    def wait_empty(self, timeout_secs: float) -> bool:
        """Wait until everything put has been answered or given up; False when it has not in that time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._unsent == 0, timeout_secs)

    def stop(self) -> None:
        """Drop what is not sent yet and end the connection."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        with self._sender:
            while (compose := self._next()) is not None:
                try:
                    self._sender.send(compose())
                except InterfaceError as failure:
                    self.failures.append(failure)
                with self._changed:
                    self._unsent -= 1
                    self._changed.notify_all()

    def _next(self) -> Compose | None:
        """Wait for the next message that is due; None when stopping."""
        with self._changed:
            while not self._stopping:
                wait_secs = self._due[0][0] - time.monotonic() if self._due else None
                if wait_secs is not None and wait_secs <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait_secs)
            return None
