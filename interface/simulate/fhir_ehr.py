"""An EHR that takes payments over HTTP, in three shapes: well, badly, late or not at all, as it is told.

Its own record, not the engine's, is the evidence for or against a payment posted twice.
"""

import json
import ssl
import threading
from collections import Counter, deque
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

_RECONCILIATION = "PaymentReconciliation"


class Conduct(StrEnum):
    """What it does with a payment."""

    TAKE = "take"  # books it and says 201
    DROP = "drop"  # books it and hangs up without an answer
    SLOW = "slow"  # books it, and answers after `secs`
    GARBAGE = "garbage"  # books it, and answers 200 with a page
    LOSE = "lose"  # hangs up without booking
    ANSWER = "answer"  # books nothing, and answers `status`


@dataclass(frozen=True, slots=True)
class Terms:
    """A conduct with its terms. `retry_after` is what 429 and 503 ask for."""

    conduct: Conduct = Conduct.TAKE
    status: int = 422
    secs: float = 1.0
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class Booked:
    """One payment in its books. `identifier` is empty where the shape has none."""

    shape: str
    path: str
    identifier: str
    amount: str
    content: bytes
    request_id: str


@dataclass(frozen=True, slots=True)
class FhirReception:
    """What happened so far: requests by method and path, what was booked, and the conditions and tokens that came with it."""

    requests: dict[str, int]
    booked: tuple[Booked, ...]
    conditions: tuple[str, ...]
    tokens: tuple[str, ...]

    @property
    def twice(self) -> tuple[str, ...]:
        """Identifiers and contents that were booked more than once."""
        counted = Counter(one.identifier or one.content.decode() for one in self.booked)
        return tuple(name for name, count in counted.items() if count > 1)


class FhirEhr:
    """The server, on a free port of this machine; a context manager. `recognises` honours If-None-Exist, `searches` has a search.

    `token`, if set, is the only bearer token that it takes. These may be set while it runs.
    """

    def __init__(
        self,
        *,
        recognises: bool = True,
        searches: bool = True,
        token: str = "",
        port: int = 0,
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
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _session(self))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_port)

    @property
    def record(self) -> FhirReception:
        """A snapshot of what happened so far."""
        with self._lock:
            return FhirReception(
                dict(self._requests), tuple(self._booked), tuple(self._conditions), tuple(self._tokens)
            )

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

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # ------------------------------------------------------------ one request

    def answer(self, request: "Request") -> "Said | None":
        """What is said to a request; None hangs up."""
        with self._lock:
            self._requests[f"{request.method} {request.name}"] += 1
            self._tokens.append(request.token)
            if self.token and request.token != self.token:
                return Said(401)
            if request.method == "GET":
                return self._search(request) if request.name == _RECONCILIATION else Said(200, b"{}")
            terms = self._counted.popleft() if self._counted else self._standing
            if request.condition:
                self._conditions.append(request.condition)
            said = self._take(request, terms)
        if terms.conduct is Conduct.SLOW:
            self._stopping.wait(terms.secs)
        return None if terms.conduct in (Conduct.DROP, Conduct.LOSE) else said

    def _take(self, request: "Request", terms: Terms) -> "Said":
        if terms.conduct in (Conduct.ANSWER, Conduct.LOSE):
            return Said(terms.status, _outcome("business-rule"), retry_after=terms.retry_after)
        read = _READERS.get(request.name)
        booked = read(request) if read is not None else None
        if booked is None:
            return Said(422, _outcome("invalid"))
        if request.condition and self.recognises and self._number_of(booked.identifier):
            return Said(200, b"{}", f"{request.name}/{self._number_of(booked.identifier)}")
        self._booked.append(booked)
        if terms.conduct is Conduct.GARBAGE:
            return Said(200, b"<html>Sign in</html>")
        if request.name == "recordpayment":
            return Said(200, json.dumps({"success": True, "paymentid": len(self._booked)}).encode())
        return Said(201, b"", f"{request.name}/{len(self._booked)}")

    def _number_of(self, identifier: str) -> int:
        return next((number for number, one in enumerate(self._booked, 1) if one.identifier == identifier), 0)

    def _search(self, request: "Request") -> "Said":
        if not self.searches:
            return Said(403, _outcome("forbidden"))
        (token,) = request.query.get("identifier", [""])
        found = [one for one in self._booked if one.identifier == token.replace("\\", "")]
        entries = b",".join(b'{"resource":%s,"search":{"mode":"match"}}' % one.content for one in found)
        link = json.dumps([{"relation": "self", "url": request.url}]).encode()
        return Said(
            200,
            b'{"resourceType":"Bundle","type":"searchset","total":%d,"link":%s,"entry":[%s]}'
            % (len(found), link, entries),
        )


# ---------------------------------------------------------------- shapes, read by hand and not by the engine's own code


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `name` is the last part of its path."""

    method: str
    url: str
    content: bytes = b""
    condition: str = ""
    token: str = ""
    request_id: str = ""

    @property
    def path(self) -> str:
        """Its path."""
        return urlsplit(self.url).path

    @property
    def name(self) -> str:
        """What it is about."""
        return self.path.rpartition("/")[2]

    @property
    def query(self) -> dict[str, list[str]]:
        """Its parameters."""
        return parse_qs(urlsplit(self.url).query)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer."""

    status: int
    content: bytes = b""
    location: str = ""
    retry_after: str = ""


def _outcome(code: str) -> bytes:
    issue = {
        "severity": "error",
        "code": code,
        "diagnostics": "TESTER MARIA cannot pay",
        "expression": [_RECONCILIATION],
    }
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()


def _booked(request: Request, identifier: str, amount: Any) -> Booked:
    return Booked(request.name, request.path, identifier, str(amount), request.content, request.request_id)


def _reconciliation(request: Request) -> Booked | None:
    found = json.loads(request.content, parse_float=Decimal)
    one = found["identifier"][0]
    total = sum(each["amount"]["value"] for each in found["detail"])
    if total != found["paymentAmount"]["value"] or found["resourceType"] != _RECONCILIATION:
        return None
    return _booked(request, f"{one['system']}|{one['value']}", total)


def _basic(request: Request) -> Booked | None:
    found = json.loads(request.content, parse_float=Decimal)
    named = {one["url"].rpartition("/financial-transaction-")[2]: one for one in found["extension"]}
    required = {"type", "alias", "method", "amount", "allocation"}
    identifier = found["identifier"][0]["value"]
    if not (required <= named.keys() and identifier.isalnum() and len(identifier) <= 250):
        return None
    return _booked(request, identifier, named["amount"]["valueMoney"]["value"])


def _form(request: Request) -> Booked | None:
    found = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
    amount = found.get("otheramount") or found.get("copayamount")
    if not ({"departmentid", "paymentmethod"} <= found.keys() and amount):
        return None
    return replace(_booked(request, "", amount), path=unquote(request.path))


_READERS = {_RECONCILIATION: _reconciliation, "Basic": _basic, "recordpayment": _form}


def _session(ehr: FhirEhr) -> type[BaseHTTPRequestHandler]:
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
            said = ehr.answer(Request(self.command, self.path, content, condition, token, request_id))
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
