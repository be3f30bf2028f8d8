"""Requests that write, below /fhir/r4: let in, kept, and answered with what became of them (R4 section 3.1.0).

Who may write is seen before anything is stored. What is refused for what it says is kept all the same: a person may have to look.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from interface.engine.requested import RequestSource
from interface.errors import StoreError
from interface.fhir import request as asked_for
from interface.fhir import text
from interface.fhir.outcome import Issue, IssueCode, RefusedError, Severity, outcome
from interface.fhir.text import Resource
from interface.fhir.transaction import entries, requests
from interface.observe.emit import emit
from interface.observe.fault import fault
from interface.pipeline.request import MALFORMED, Asked, Kept, refuse_request
from interface.view.token import TokenRow
from interface.web.blocking import blocking
from interface.web.fhir.door import Door, acceptable, by_token
from interface.web.fhir.looking import Looking
from interface.web.fhir.reading import Reading
from interface.web.fhir.response import ROOT, answer, failed, refusal
from interface.web.fhir.taking import Taking, see_writable, too_many
from interface.web.fhir.written import Sent, Written

_IN_DOUBT = (
    "the database does not answer, and whether the request was kept is not known: "
    "send it again with the X-Request-Id of this answer"
)
_UNASKED_BYTES = 65_536  # so much is read before anybody looks who sends it
_BEYOND = (1 << 63) - 1  # no message has this number, and no database a greater one


class Keeper(Protocol):
    """Who takes requests into custody and knows what became of them."""

    async def take(self, asked: Asked, within_micros: int) -> Kept:
        """Make it durable, and wait for its outcome as long as that is wanted."""

    def fate(self, number: int, actor: str) -> Kept | None:
        """What became of a request that this actor sent; None while it is not decided. RefusedError 404 for any other."""


class Writing:
    """The routes that write."""

    def __init__(self, door: Door, reading: Reading, keeper: Keeper, taking: Taking, now: Callable[[], int]) -> None:
        self._door = door
        self._looking = Looking(reading, door)
        self._written = Written(reading, now)
        self._keeper = keeper
        self._taking = taking
        self._under_way: Counter[str] = Counter()  # by channel

    def routes(self) -> list[Route]:
        """In the order in which they are tried."""
        return [
            Route(ROOT, self._edge(self.bundle), methods=["POST"]),
            Route(f"{ROOT}/", self._edge(self.bundle), methods=["POST"]),
            Route(f"{ROOT}/{asked_for.PROCESS_MESSAGE}", self._edge(self.bundle), methods=["POST"]),
            Route(f"{ROOT}/$validate", self._edge(self.validate), methods=["POST"]),
            Route(f"{ROOT}/$request/{{number:int}}", self._edge(self.later), methods=["GET"]),
            Route(f"{ROOT}/{{type}}/$validate", self._edge(self.validate), methods=["POST"]),
            Route(f"{ROOT}/{{type}}/{{id}}/$validate", self._edge(self.validate), methods=["POST"]),
            Route(f"{ROOT}/{{type}}", self._edge(self.one), methods=["POST", "PUT"]),
            Route(f"{ROOT}/{{type}}/{{id}}", self._edge(self.one), methods=["PUT"]),
        ]

    @staticmethod
    def _edge(give: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def route(request: Request) -> Response:
            try:
                acceptable(request)
                return await give(request)
            except Exception as failure:  # noqa: BLE001 - the edge: whatever goes wrong is one request's
                return refusal(failed(failure))

        return route

    # ------------------------------------------------------------ one resource, or all of a Bundle

    async def one(self, request: Request) -> Response:
        """Create or update a resource."""
        return await self._taken(request, await self._small(request))

    async def bundle(self, request: Request) -> Response:
        """A transaction, a message, or a batch of requests."""
        body = await self._small(request)
        if await blocking(_kind, body) == "batch" and not request.url.path.endswith(asked_for.PROCESS_MESSAGE):
            token = await blocking(self._door.token, request)
            sent = self._taking.sent(request, token, body)
            response = await self._batch(token, sent)
            response.headers["x-request-id"] = sent.number
            return response
        return await self._taken(request, body)

    async def _small(self, request: Request) -> bytes:
        """The body. Who sends much is looked at before it is read."""
        told = request.headers.get("content-length", "")
        if told.isdecimal() and int(told) <= _UNASKED_BYTES:
            return await _body(request, _UNASKED_BYTES)
        token = await blocking(self._door.token, request)
        return await _body(request, self._taking.source(token).max_body_bytes)

    async def _taken(self, request: Request, body: bytes) -> Response:
        """One request, in one hand-over to a thread and, where the answer shows a resource, another."""
        token, sent, asked = await blocking(self._taking.let_in, request, body)
        try:
            response = await self._answered(token, sent, asked)
        except StoreError as away:
            emit(fault(away, "fhir"))
            response = refusal(RefusedError(503, Issue(IssueCode.TRANSIENT, _IN_DOUBT)))
        response.headers["x-request-id"] = sent.number
        return response

    async def _answered(self, token: TokenRow, sent: Sent, asked: Asked) -> Response:
        kept = await self._kept(sent, asked)
        if self._written.is_brief(sent, asked, kept):
            return self._written.response(sent, asked, kept)
        return await blocking(self._told, token, sent, asked, kept)

    async def _kept(self, sent: Sent, asked: Asked) -> Kept:
        with self._counted(sent.source):
            return await self._keeper.take(asked, sent.source.answer_within_micros)

    def _told(self, token: TokenRow, sent: Sent, asked: Asked, kept: Kept) -> Response:
        response = self._written.response(sent, asked, kept)
        if asked.request is not None and not asked.request.type and response.status_code == 200:
            return self._looked(token, sent, asked.request, response)
        return response

    def _looked(self, token: TokenRow, sent: Sent, request: asked_for.Request, response: Response) -> Response:
        """The answer to a transaction with what its last entries ask to see, once all is written."""
        looks = [one for one in entries(request) if one.request is None]
        if not looks:
            return response
        told = text.read(bytes(response.body))
        for one in looks:
            told["entry"][one.position] = self._entry_looked(token, one.url, sent.base)
        return answer(told)

    def _entry_looked(self, token: TokenRow, url: str, base: str) -> Resource:
        try:
            return {"resource": self._looking.looked_at(token, url, base), "response": {"status": "200 OK"}}
        except Exception as failure:  # noqa: BLE001 - the edge: whatever goes wrong is one entry's
            return _failed_entry(failure)

    # ------------------------------------------------------------ a batch: requests that stand for themselves

    async def _batch(self, token: TokenRow, sent: Sent) -> Response:
        try:
            found = await blocking(lambda: requests(text.read(sent.body)))
        except RefusedError as refused:
            asked = refuse_request(await blocking(self._taking.asked, sent), refused, MALFORMED)
            return self._written.response(sent, asked, await self._kept(sent, asked))
        if len(found) > sent.source.max_entries:
            raise too_many(sent.source)
        told = await asyncio.gather(*(self._of_batch(token, sent, one.position, one) for one in found))
        return answer({"resourceType": "Bundle", "type": "batch-response", "entry": list(told)})

    async def _of_batch(self, token: TokenRow, sent: Sent, position: int, entry: Any) -> Resource:
        if entry.request is None:
            return await blocking(self._entry_looked, token, entry.url, sent.base)
        try:
            self._taking.may_write(token, entry.request)
            see_writable(
                entry.request.type, entry.request.method, is_conditional="if-none-exist" in entry.request.headers
            )
            own = sent.of_entry(position, entry.request)
            asked = await blocking(self._taking.examined, token, own)
            return await blocking(self._written.entry, own, asked, await self._kept(sent, asked))
        except Exception as failure:  # noqa: BLE001 - the edge: whatever goes wrong is one entry's
            return _failed_entry(failure)

    # ------------------------------------------------------------ what is asked about, and not written

    async def validate(self, request: Request) -> Response:
        """Say what is wrong with a resource; nothing is kept (R4 section 3.2.1, $validate)."""
        token = await blocking(self._door.token, request)
        body = await _body(request, self._taking.source(token).max_body_bytes)
        return await blocking(self._validated, request.path_params.get("type", ""), body)

    def _validated(self, type_: str, body: bytes) -> Response:
        resource = _to_validate(text.read(body))
        if type_ and resource.get("resourceType") != type_:
            raise RefusedError(
                400, Issue(IssueCode.INVARIANT, f"the address is one of {type_}, and the body is not", "resourceType")
            )
        issues = self._taking.issues_of(resource) or (
            Issue(IssueCode.INFORMATIONAL, "nothing is wrong with it", severity=Severity.INFORMATION),
        )
        return answer(outcome(issues))

    async def later(self, request: Request) -> Response:
        """What became of a request whose sender did not wait (Prefer: respond-async)."""
        token = await blocking(self._door.token, request)
        number = min(request.path_params["number"], _BEYOND)
        kept = await blocking(self._keeper.fate, number, by_token(token).actor)
        if kept is None:
            return Response(status_code=202, headers={"retry-after": "1", "x-progress": "waiting"})
        return await blocking(self._written.fate, kept, self._door.base(request))

    @contextmanager
    def _counted(self, source: RequestSource) -> Iterator[None]:
        if self._under_way[source.channel] >= source.max_in_flight:
            text_ = f"the channel takes {source.max_in_flight} requests at a time; send it again later"
            raise RefusedError(429, Issue(IssueCode.THROTTLED, text_))
        self._under_way[source.channel] += 1
        try:
            yield
        finally:
            self._under_way[source.channel] -= 1


def _failed_entry(failure: Exception) -> Resource:
    refused = failed(failure)
    return {"response": {"status": str(refused.status), "outcome": outcome(refused.issues)}}


async def _body(request: Request, most: int) -> bytes:
    """The body, as far as it may be. RefusedError 413 for a larger one."""
    too_large = RefusedError(413, Issue(IssueCode.TOO_LONG, f"a request has {most} bytes at most"))
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most:
        raise too_large
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > most:
            raise too_large
    return b"".join(parts)


def _kind(body: bytes) -> str:
    try:
        return str(text.read(body).get("type", ""))
    except RefusedError:
        return ""  # it is kept, and refused by its own reading


def _to_validate(found: Resource) -> Resource:
    """The resource itself, or the one in Parameters."""
    if found.get("resourceType") != "Parameters":
        return found
    listed = found.get("parameter")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("name") == "resource" and isinstance(one.get("resource"), dict):
            inner: Resource = one["resource"]
            return inner
    raise RefusedError(400, Issue(IssueCode.REQUIRED, "the parameters hold no resource", "Parameters.parameter"))
