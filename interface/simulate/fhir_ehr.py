"""An EHR that takes payments over HTTP, in three shapes: well, badly, late or not at all, as it is told.

Its own record, not the engine's, is the evidence for or against a payment posted twice.
"""

import json
import ssl
import threading
from collections import Counter, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self

from interface.simulate.fhir_books import (
    FORM,
    NOTICE,
    RECONCILIATION,
    SHAPES,
    Booked,
    BrokenContractError,
    Request,
    read_payment,
)


class Conduct(StrEnum):
    """What it does with a payment."""

    TAKE = "take"  # books it and says 201
    DROP = "drop"  # books it and hangs up without an answer
    SLOW = "slow"  # books it, and answers after `secs`
    LATE = "late"  # books it after `secs`, and answers then
    GARBAGE = "garbage"  # books it, and answers 200 with a page
    LOSE = "lose"  # hangs up without booking
    ANSWER = "answer"  # books nothing, and answers `status`


_WAITS: Final = (Conduct.SLOW, Conduct.LATE)


@dataclass(frozen=True, slots=True)
class Terms:
    """A conduct with its terms. `retry_after` is what 429 and 503 ask for."""

    conduct: Conduct = Conduct.TAKE
    status: int = 422
    secs: float = 1.0
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class FhirReception:
    """What happened so far: requests by method and path, what was booked, and the conditions and tokens that came with it.

    `notices` tell which of the payments are settled.
    """

    requests: dict[str, int]
    booked: tuple[Booked, ...]
    notices: tuple[Booked, ...]
    conditions: tuple[str, ...]
    tokens: tuple[str, ...]

    @property
    def twice(self) -> tuple[str, ...]:
        """Identifiers and contents that were booked more than once."""
        counted = Counter(one.identifier or one.content.decode() for one in (*self.booked, *self.notices))
        return tuple(name for name, count in counted.items() if count > 1)


class FhirEhr:
    """The server, on a free port of this machine; a context manager. `recognises` honours If-None-Exist, `searches` has a search.

    `token`, if set, is the only bearer token that it takes. These may be set while it runs. `takes` are the last parts of the paths
    that it knows; `booked` is called with each payment before it is in the books, and may refuse it by BrokenContractError.
    """

    def __init__(
        self,
        *,
        recognises: bool = True,
        searches: bool = True,
        token: str = "",
        host: str = "127.0.0.1",
        port: int = 0,
        takes: Collection[str] = SHAPES,
        booked: Callable[[Booked], None] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.recognises = recognises
        self.searches = searches
        self.token = token
        self._lock = threading.Lock()
        self._standing = Terms()
        self._counted: deque[Terms] = deque()
        self._requests: Counter[str] = Counter()
        self._booked: list[Booked] = []
        self._conditions: list[str] = []
        self._tokens: list[str] = []
        self._takes = takes
        self._tell = booked
        self._under_way = 0
        self._host = host
        self._port = port
        self._tls = tls
        self._life: _Life | None = None

    @property
    def port(self) -> int:
        """The port that it listens on; the same one after it was away."""
        return self._port

    @property
    def under_way(self) -> int:
        """How many requests it has and has not done with."""
        with self._lock:
            return self._under_way

    @property
    def record(self) -> FhirReception:
        """A snapshot of what happened so far."""
        with self._lock:
            payments = tuple(one for one in self._booked if one.shape != NOTICE)
            notices = tuple(one for one in self._booked if one.shape == NOTICE)
            conditions, tokens = tuple(self._conditions), tuple(self._tokens)
            return FhirReception(dict(self._requests), payments, notices, conditions, tokens)

    def behave(
        self,
        conduct: Conduct | str,
        *,
        count: int | None = None,
        status: int = 422,
        secs: float = 1.0,
        retry_after: str = "",
    ) -> None:
        """Treat payments so from now on; with a `count` only that many, and then as before."""
        terms = Terms(Conduct(conduct), status, secs, retry_after)
        with self._lock:
            if count is None:
                self._standing = terms
                self._counted.clear()
            else:
                self._counted.extend([terms] * count)

    def leave(self) -> None:
        """Die: nobody is listened to, and whoever waits for an answer hears nothing. What was booked stays in its books."""
        if self._life is not None:
            self._life.end()
        self._life = None

    def come_back(self) -> None:
        """Live again after `leave`, on the same port and with the same books."""
        if self._life is None:
            self._life = _Life(self, self._host, self._port, self._tls)
            self._port = self._life.port

    def __enter__(self) -> Self:
        self.come_back()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    # ------------------------------------------------------------ one request

    def answer(self, request: Request, ended: threading.Event) -> "Said | None":
        """What is said to a request; None hangs up, as it does to everybody once its life has `ended`."""
        with self._lock:
            self._under_way += 1
        try:
            return self._answer(request, ended)
        finally:
            with self._lock:
                self._under_way -= 1

    def _answer(self, request: Request, ended: threading.Event) -> "Said | None":
        with self._lock:
            self._requests[f"{request.method} {request.name}"] += 1
            self._tokens.append(request.token)
            if self.token and request.token != self.token:
                return Said(401)
            if request.method == "GET":
                return self._search(request) if request.name in (RECONCILIATION, NOTICE) else Said(200, b"{}")
            if request.name not in self._takes:
                return Said(404, _outcome("not-found", request.name))
            terms = self._counted.popleft() if self._counted else self._standing
            if request.condition:
                self._conditions.append(request.condition)
            said = self._take(request, terms) if terms.conduct is not Conduct.LATE else None
        if terms.conduct in _WAITS and ended.wait(terms.secs):
            return None
        if terms.conduct is Conduct.LATE:
            with self._lock:
                said = self._take(request, terms)
        return None if terms.conduct in (Conduct.DROP, Conduct.LOSE) else said

    def _take(self, request: Request, terms: Terms) -> "Said":
        if terms.conduct in (Conduct.ANSWER, Conduct.LOSE):
            return Said(terms.status, _outcome("business-rule"), retry_after=terms.retry_after)
        try:
            booked = read_payment(request)
            if request.condition and self.recognises and (number := self._number_of(booked.identifier)):
                return Said(200, b"{}", f"{request.name}/{number}")
            if booked.shape == NOTICE:
                self._expect(booked)
            elif self._tell is not None:
                self._tell(booked)
        except BrokenContractError as wrong:
            return Said(422, _outcome("invalid", str(wrong)))
        self._booked.append(booked)
        if terms.conduct is Conduct.GARBAGE:
            return Said(200, b"<html>Sign in</html>")
        return _yes(request.name, len(self._booked))

    def _expect(self, notice: Booked) -> None:
        """A notice speaks of a payment that is in the books, and of its money."""
        known = {one.identifier: one.amount for one in self._booked if one.shape == RECONCILIATION}
        if known.get(notice.payment) != notice.amount:
            raise BrokenContractError("payment" if notice.payment not in known else "amount")

    def _number_of(self, identifier: str) -> int:
        return next((number for number, one in enumerate(self._booked, 1) if one.identifier == identifier), 0)

    def _search(self, request: Request) -> "Said":
        if not self.searches:
            return Said(403, _outcome("forbidden"))
        (token,) = request.query.get("identifier", [""])
        mine = [one for one in self._booked if one.shape == request.name]
        found = [one for one in mine if one.identifier == token.replace("\\", "")]
        entries = b",".join(b'{"resource":%s,"search":{"mode":"match"}}' % one.content for one in found)
        link = json.dumps([{"relation": "self", "url": request.url}]).encode()
        return Said(
            200,
            b'{"resourceType":"Bundle","type":"searchset","total":%d,"link":%s,"entry":[%s]}'
            % (len(found), link, entries),
        )


@dataclass(frozen=True, slots=True)
class Said:
    """An answer."""

    status: int
    content: bytes = b""
    location: str = ""
    retry_after: str = ""


def _yes(name: str, number: int) -> Said:
    if name == FORM:
        return Said(200, json.dumps({"success": True, "paymentid": number}).encode())
    return Said(201, b"", f"{name}/{number}")


def _outcome(code: str, element: str = RECONCILIATION) -> bytes:
    issue = {"severity": "error", "code": code, "diagnostics": "TESTER MARIA cannot pay", "expression": [element]}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()


class _Life:
    """The server from a start to an end."""

    def __init__(self, ehr: FhirEhr, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self._ended = threading.Event()
        self._server = ThreadingHTTPServer((host, port), _session(ehr, self._ended))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_port)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Close the listener, and let go of whoever waits."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _session(ehr: FhirEhr, ended: threading.Event) -> type[BaseHTTPRequestHandler]:
    """What serves one connection."""

    class Session(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", "0")))
            token = self.headers.get("authorization", "").removeprefix("Bearer ")
            condition, request_id = (self.headers.get(name, "") for name in ("if-none-exist", "x-request-id"))
            said = ehr.answer(Request(self.command, self.path, content, condition, token, request_id), ended)
            self.close_connection = True
            if said is None:
                return
            try:
                self._say(said)
            except OSError:
                return  # the peer is gone; what it did not hear is its own affair

        def _say(self, said: Said) -> None:
            self.send_response(said.status)
            for name, value in (("Location", said.location), ("Retry-After", said.retry_after)):
                if value:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.content)))
            self.end_headers()
            self.wfile.write(said.content)

        def log_message(self, *_arguments: object) -> None:
            """The record tells, and no log."""

    return Session
