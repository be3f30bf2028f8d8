"""Many messages over several connections at once; those of one lane share a connection and so keep their order."""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from zlib import crc32

from interface.simulate.sender import Answered, Counts, Sender
from interface.simulate.sent import Sent

_WAITING_PER_CONNECTION = 64
"""Messages read ahead: enough that a slow connection rarely holds up the others, little enough to stop soon."""

Progress = Callable[[Answered], None]
"""Told of each answer, by one thread at a time."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of all messages: every answer (in order within a connection), counts added up, time it took."""

    answers: tuple[Answered, ...]
    counts: Counts
    secs: float

    @property
    def per_sec(self) -> float:
        """Answers a second."""
        return len(self.answers) / self.secs if self.secs else 0.0


def send_all(
    messages: Iterable[Sent],
    host: str,
    port: int,
    *,
    connections: int = 1,
    reply_timeout_secs: float = 10.0,
    give_up_secs: float = 30.0,
    progress: Progress | None = None,
) -> Sending:
    """Send all messages, drawing them as needed. Raises what `Sender.send` or `progress` raised, at the end."""
    lock = threading.Lock()
    senders = [
        Sender(host, port, reply_timeout_secs=reply_timeout_secs, give_up_secs=give_up_secs) for _ in range(connections)
    ]
    lines = [_Line(sender, progress, lock) for sender in senders]
    began = time.perf_counter()
    try:
        for sent in messages:
            line = lines[crc32(sent.lane.encode()) % connections]
            line.put(sent)
            if any(line.failure for line in lines):
                break
    finally:
        for line in lines:
            line.put(None)
        for line in lines:
            line.join()
    for line in lines:
        if line.failure:
            raise line.failure
    return Sending(
        tuple(answered for sender in senders for answered in sender.answers),
        _added_up([sender.counts for sender in senders]),
        time.perf_counter() - began,
    )


class _Line:
    """A sender with a thread of its own and a short queue in front."""

    def __init__(self, sender: Sender, progress: Progress | None, lock: threading.Lock) -> None:
        self.failure: Exception | None = None
        self._sender = sender
        self._progress = progress
        self._lock = lock
        self._queue: queue.Queue[Sent | None] = queue.Queue(_WAITING_PER_CONNECTION)
        self._thread = threading.Thread(target=self._run, name="simulated EHR", daemon=True)
        self._thread.start()

    def put(self, sent: Sent | None) -> None:
        """Hand over a message; None says that it was the last."""
        self._queue.put(sent)

    def join(self) -> None:
        """Wait until everything handed over has been sent, then close the connection."""
        self._thread.join()
        self._sender.close()

    def _run(self) -> None:
        group: list[Sent] = []
        while True:
            sent = self._queue.get()
            if sent is not None:
                group.append(sent)
            if group and (sent is None or not sent.shape.joined):
                self._send(group)
                group = []
            if sent is None:
                return

    def _send(self, group: list[Sent]) -> None:
        if self.failure:
            return  # a broken line swallows what is left, so that whoever fills it is never stuck
        known = len(self._sender.answers)
        try:
            self._sender.send_joined(group)
            if self._progress:
                with self._lock:
                    for answered in self._sender.answers[known:]:
                        self._progress(answered)
        except Exception as failure:  # noqa: BLE001 - the edge of a thread: raised again by `send_all`
            self.failure = failure


def _added_up(parts: Iterable[Counts]) -> Counts:
    total = Counts()
    for part in parts:
        total.accepted += part.accepted
        total.refused += part.refused
        total.resent += part.resent
        total.connections += part.connections
        total.strays += part.strays
    return total
