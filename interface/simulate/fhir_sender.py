"""Sends requests to a FHIR server one after the other, each again until it is answered for good."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from interface.simulate.fhir_day import FhirRequest

_NOT_NOW = (429, 503)
_AGAIN_SECS = 0.5


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
