"""A program's way to the FHIR server while it is struck: what was answered, and whether the answer can be relied on."""

import http.client
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from interface.fhir.text import read, write

Resource = dict[str, Any]
FHIR = "application/fhir+json"
_ROOT = "/fhir/r4"
_REPLY_SECS = 6.0
_GIVE_UP_SECS = 90.0
_AGAIN_SECS = 0.1
_TRIES_LATER = (429, 500, 502, 503, 504)


class UnansweredError(AssertionError):
    """No answer for good within the time that a patient client has."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One request. `path` is below the server's base."""

    method: str
    path: str
    body: Resource | None = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An answer. Status 0: none came, so that nobody knows what became of the request."""

    status: int
    headers: Mapping[str, str]
    body: Resource

    @property
    def version(self) -> int:
        """Out of the ETag; 0 without one."""
        return int(self.headers.get("etag", 'W/"0"').removeprefix('W/"').removesuffix('"'))

    @property
    def path(self) -> str:
        """TYPE/ID of the resource, out of Location; empty without one."""
        below = self.headers.get("location", "").partition(f"{_ROOT}/")[2]
        return below.partition("/_history")[0]

    @property
    def is_given_back(self) -> bool:
        """Whether the server said that it has not done it and is not going to.

        Where its database did not answer (`transient`) it knows no more than who asked: a commit may have come through.
        """
        return self.status == 503 and self.issue == "timeout"

    @property
    def is_open(self) -> bool:
        """Whether a good client asks again: it was told to, or was told nothing."""
        return self.status == 0 or self.status in _TRIES_LATER

    @property
    def issue(self) -> str:
        """The code of an outcome's first issue."""
        return str((self.body.get("issue") or [{}])[0].get("code", ""))

    @property
    def words(self) -> str:
        """Status and outcome, for people."""
        found = self.body.get("issue") or [{}]
        return (
            f"{self.status} {self.issue} {found[0].get('details', {}).get('text', '')} {found[0].get('expression', '')}"
        )


class Line:
    """One connection, made anew where it ended. A context manager."""

    def __init__(self, port: int, secret: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_REPLY_SECS)
        self._head = {"authorization": f"Bearer {secret}", "content-type": FHIR, "accept": FHIR}

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_raised: object) -> None:
        self._connection.close()

    def once(self, asking: Asking) -> Told:
        """One try."""
        content = None if asking.body is None else write(asking.body)
        try:
            self._connection.request(
                asking.method, f"{_ROOT}/{asking.path}", content, {**self._head, **(asking.headers or {})}
            )
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Told(0, {}, {})
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Told(answer.status, headers, read(body) if body else {})

    def until_answered(self, asking: Asking, between: Callable[[Told], Told | None] = lambda _told: None) -> Told:
        """Ask again until it is answered for good; `between` may find the answer elsewhere instead of a further try."""
        give_up_at = time.monotonic() + _GIVE_UP_SECS
        while (told := self.once(asking)).is_open:
            if time.monotonic() > give_up_at:
                raise UnansweredError(f"{asking.method} {asking.path.partition('?')[0]}: {told.words}")
            time.sleep(_AGAIN_SECS)
            if (elsewhere := between(told)) is not None:
                return elsewhere
        return told

    def look(self, path: str) -> Told:
        """A question, until it is answered: asking twice harms nobody."""
        return self.until_answered(Asking("GET", path))

    def found(self, type_: str, number: str) -> list[Resource]:
        """The resources of a type with a number."""
        told = self.look(f"{type_}?identifier={number}")
        assert told.status == 200, f"a search was answered {told.words}"
        return [one["resource"] for one in told.body.get("entry", []) if one["search"]["mode"] == "match"]
