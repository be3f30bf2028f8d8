"""Sends requests to a FHIR server, one after the other or those of each lane so, each again until it is answered for good."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import BoundedSemaphore
from urllib.parse import urlsplit
from zlib import crc32

from interface.simulate.fhir_day import FhirRequest

_NOT_NOW = (429, 503)
_AGAIN_SECS = 0.5
_READ_AHEAD = 256  # requests that wait for a connection, of all lanes together


class NobodyThereError(Exception):
    """The server could not be reached, or did not answer for good, in time."""


@dataclass(slots=True)
class FhirSending:
    """What became of the requests: how many there were by type, how each was answered, which elements were to blame."""

    sent: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)  # TYPE STATUS CODE ELEMENT, never the server's own words
    resent: int = 0
    secs: float = 0.0

    def add(self, other: "FhirSending") -> None:
        """Count what became of others, too; the time is left."""
        self.sent += other.sent
        self.statuses += other.statuses
        self.refused += other.refused
        self.resent += other.resent


def send_all(
    requests: Iterable[FhirRequest],
    base_url: str,
    token: str = "",
    *,
    connections: int,
    progress: Callable[[], object] = lambda: None,
) -> FhirSending:
    """Send over several connections at once; requests of one lane share one, and so keep their order. Raises NobodyThereError."""
    began, found, ahead = time.monotonic(), FhirSending(), BoundedSemaphore(_READ_AHEAD)
    queues: list[SimpleQueue[FhirRequest | None]] = [SimpleQueue() for _ in range(connections)]

    def send(queue: "SimpleQueue[FhirRequest | None]") -> FhirSending:
        def taken() -> FhirRequest | None:
            one = queue.get()
            if one is not None:
                ahead.release()
            return one

        try:
            return send_day(iter(taken, None), base_url, token, progress=progress)
        except NobodyThereError:
            while taken() is not None:  # whoever fills the queue is never stuck
                pass
            raise

    with ThreadPoolExecutor(connections) as threads:
        lines: list[Future[FhirSending]] = [threads.submit(send, queue) for queue in queues]
        try:
            for one in requests:
                ahead.acquire()
                queues[crc32(one.lane.encode()) % connections].put(one)
        finally:
            for queue in queues:
                queue.put(None)
    for line in lines:
        found.add(line.result())
    found.secs = time.monotonic() - began
    return found


def send_day(
    requests: Iterable[FhirRequest],
    base_url: str,
    token: str = "",
    *,
    progress: Callable[[], object] = lambda: None,
    reply_secs: float = 30.0,
    give_up_secs: float = 60.0,
) -> FhirSending:
    """Send in order: what a request names was told of before. Raises NobodyThereError."""
    began, found = time.monotonic(), FhirSending()
    with _Line(base_url, token, reply_secs, give_up_secs) as line:
        for one in requests:
            kind = str(one.resource["resourceType"])
            status, body, again = line.ask(one)
            found.sent[kind] += 1
            found.statuses[status] += 1
            found.resent += again
            progress()
            if status >= http.client.BAD_REQUEST:
                found.refused.append(f"{kind} {status} {_blamed(body)}".rstrip())
    found.secs = time.monotonic() - began
    return found


def _blamed(body: bytes) -> str:
    """Code and element of an OperationOutcome's first issue."""
    try:
        issue = json.loads(body)["issue"][0]
        return f"{issue['code']} {' '.join(issue.get('expression', ())[:1])}".rstrip()
    except (ValueError, KeyError, IndexError, TypeError):
        return ""


class _Line:
    """A connection that is kept, and made anew where it ended. A context manager."""

    def __init__(self, base_url: str, token: str, reply_secs: float, give_up_secs: float) -> None:
        parts = urlsplit(base_url)
        self._base = parts.path.rstrip("/")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "127.0.0.1", parts.port, timeout=reply_secs)
        self._head = {"Accept": "application/fhir+json", **({"Authorization": f"Bearer {token}"} if token else {})}
        self._give_up_secs = give_up_secs

    def __enter__(self) -> "_Line":
        return self

    def __exit__(self, *_raised: object) -> None:
        self._connection.close()

    def ask(self, one: FhirRequest) -> tuple[int, bytes, int]:
        """Status and body of the answer for good, and how often it had to be asked again."""
        deadline, again = time.monotonic() + self._give_up_secs, 0
        while True:
            status, body = self._once(one)
            if status and status not in _NOT_NOW:
                return status, body, again
            if time.monotonic() > deadline:
                raise NobodyThereError(f"{one.method} {one.resource['resourceType']}")
            again += 1
            time.sleep(_AGAIN_SECS)

    def _once(self, one: FhirRequest) -> tuple[int, bytes]:
        """Status and body; status 0 where no answer came."""
        head = {**self._head, **dict(one.headers)}
        try:
            self._connection.request(one.method, f"{self._base}/{one.target}", one.content, head)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()  # made anew by the next request
            return 0, b""
