"""The routes of the FHIR face, below /fhir/r4: who asks, what for, and the answer in FHIR's words.

A request passes in one order: what it may be answered in, who asks, whether the scopes allow it, what is asked, the answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from interface.errors import InterfaceError, StoreError
from interface.fhir.bundle import searchset, subset
from interface.fhir.capability import JSON, capability
from interface.fhir.outcome import Issue, IssueCode, RefusedError, outcome
from interface.fhir.scope import Right, may
from interface.fhir.search import elements, search
from interface.fhir.served import SERVED, TYPES
from interface.fhir.text import write
from interface.observe.emit import emit
from interface.observe.fault import fault
from interface.operate.act import By
from interface.view.token import TokenRow
from interface.web.fhir.reading import Reading

ROOT = "/fhir/r4"
_JSONS = ("*/*", "application/*", "application/json", "application/fhir+json", "text/json", "json")
_RETRY_SECS = "5"
_MOST_FIELDS = 100


class Gate(Protocol):
    """Who may ask."""

    def __call__(self, secret: str) -> TokenRow | None: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """What the server says of itself. `base` is its address as clients know it; empty: as they ask for it."""

    release: str
    started: str  # dateTime
    base: str = ""


def application(reading: Reading, gate: Gate, identity: Identity) -> Starlette:
    """The ASGI application."""
    face = _Face(reading, gate, identity)
    return Starlette(
        routes=[
            Route(f"{ROOT}/metadata", face.answering(face.metadata), methods=["GET"]),
            Route(f"{ROOT}/_history", face.answering(face.history), methods=["GET"]),
            Route(f"{ROOT}/{{type}}", face.answering(face.search), methods=["GET"]),
            Route(f"{ROOT}/{{type}}/_history", face.answering(face.history), methods=["GET"]),
            Route(f"{ROOT}/{{type}}/{{id}}/_history", face.answering(face.history), methods=["GET"]),
            Route(f"{ROOT}/{{type}}/{{id}}/_history/{{version}}", face.answering(face.read), methods=["GET"]),
            Route(f"{ROOT}/{{type}}/_search", face.answering(face.search), methods=["POST"]),
            Route(f"{ROOT}/{{type}}/{{id}}", face.answering(face.read), methods=["GET"]),
        ],
        exception_handlers={HTTPException: _not_routed},
    )


class _Face:
    def __init__(self, reading: Reading, gate: Gate, identity: Identity) -> None:
        self._reading = reading
        self._gate = gate
        self._identity = identity

    def answering(self, answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
        """The route of an answer: whatever goes wrong is told as an OperationOutcome."""

        async def route(request: Request) -> Response:
            if request.method == "POST":
                request.state.body = await request.body()
            return await run_in_threadpool(guarded, request)

        def guarded(request: Request) -> Response:
            try:
                return answer(request)
            except RefusedError as refused:
                return _refusal(refused)
            except StoreError as away:
                emit(fault(away, "fhir"))
                return _refusal(
                    RefusedError(503, Issue(IssueCode.TRANSIENT, "the database does not answer; ask again"))
                )
            except InterfaceError as failure:
                return _refusal(RefusedError(422, Issue(IssueCode.BUSINESS_RULE, failure.text, failure.place)))
            except Exception as bug:  # noqa: BLE001 - the edge: a defect is one request's, and quotes nothing
                emit(fault(bug, "fhir"))
                return _refusal(
                    RefusedError(500, Issue(IssueCode.EXCEPTION, "a defect of the server; it was recorded"))
                )

        return route

    def metadata(self, request: Request) -> Response:
        _acceptable(request)
        return _answer(capability(self._base(request), self._identity.release, self._identity.started))

    def read(self, request: Request) -> Response:
        type_, by = self._asked(request, Right.READ)
        found = self._reading.read(by, type_, request.path_params["id"])
        if found is None:
            raise RefusedError(404, Issue(IssueCode.NOT_FOUND, f"there is no {type_} with this id"))
        meta = found.get("meta", {})
        _current(request, type_, meta.get("versionId"))
        headers = _validators(meta)
        known = request.headers.get("if-none-match", "").split(",")
        if any(one.strip() in (headers.get("etag"), meta.get("versionId")) for one in known if one.strip()):
            return Response(status_code=304, headers=headers)
        return _answer(subset(found, elements(request.query_params.get("_elements", ""))), headers=headers)

    def history(self, request: Request) -> Response:
        _acceptable(request)
        self._token(request)
        raise RefusedError(
            405, Issue(IssueCode.NOT_SUPPORTED, "former versions are not kept, and no history of them is given")
        )

    def search(self, request: Request) -> Response:
        type_, by = self._asked(request, Right.SEARCH)
        given = [*request.query_params.multi_items(), *_form(request)]
        is_strict = "handling=strict" in request.headers.get("prefer", "").replace(" ", "").lower()
        asked = search(type_, given, is_strict=is_strict)
        for name in asked.includes:
            self._may(request.state.token, Right.READ, SERVED[type_].includes[name])
        total = self._reading.count(by, asked) if asked.is_count or asked.has_total else None
        if asked.is_count:
            if total is None:
                text = "there are too many to be counted by what is asked for; ask for less, or page through them"
                raise RefusedError(400, Issue(IssueCode.TOO_COSTLY, text))
            return _answer(searchset(asked, self._base(request), total=total))
        page = self._reading.search(by, asked)
        included = self._reading.included(by, asked, page.resources)
        if page.beyond_id is None and not asked.beyond_id:
            total = len(page.resources)
        shown = [subset(one, asked.elements) for one in page.resources]
        return _answer(searchset(asked, self._base(request), shown, included, beyond_id=page.beyond_id, total=total))

    def _asked(self, request: Request, right: Right) -> tuple[str, By]:
        """The type that is asked for, and by whom; refused where the request may not be answered."""
        _acceptable(request)
        request.state.token = token = self._token(request)
        type_ = request.path_params["type"]
        if type_ not in SERVED:
            raise RefusedError(404, Issue(IssueCode.NOT_SUPPORTED, f"served are {', '.join(TYPES)}"))
        self._may(token, right, type_)
        return type_, By(f"token:{token.public_id}")

    def _token(self, request: Request) -> TokenRow:
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        found = self._gate(secret.strip()) if kind.lower() == "bearer" else None
        if found is None:
            text = "a bearer token that stands is needed: Authorization: Bearer TOKEN (hp24 token create)"
            raise RefusedError(401, Issue(IssueCode.LOGIN, text))
        return found

    @staticmethod
    def _may(token: TokenRow, right: Right, type_: str) -> None:
        if not may(token.scopes, right, type_, TYPES):
            raise RefusedError(403, Issue(IssueCode.FORBIDDEN, f"the token's scopes lack system/{type_}.{right}"))

    def _base(self, request: Request) -> str:
        return self._identity.base or f"{request.url.scheme}://{request.url.netloc}{ROOT}"


def _current(request: Request, type_: str, version: str | None) -> None:
    """Refuse a version that is not the current one (R4 section 3.1.0.3: vread where no former ones are kept)."""
    asked = request.path_params.get("version", version)
    if version is None and asked is not None:
        raise RefusedError(404, Issue(IssueCode.NOT_SUPPORTED, f"a {type_} has no versions"))
    if asked != version:
        text = f"former versions are not kept; the current one of this {type_} is {version}"
        raise RefusedError(404, Issue(IssueCode.NOT_SUPPORTED, text))


def _validators(meta: dict[str, Any]) -> dict[str, str]:
    """By what a client tells whether a resource has changed."""
    headers = {"etag": f'W/"{meta["versionId"]}"'} if "versionId" in meta else {}
    if "lastUpdated" in meta:
        headers["last-modified"] = format_datetime(datetime.fromisoformat(meta["lastUpdated"]), usegmt=True)
    return headers


def _form(request: Request) -> list[tuple[str, str]]:
    """What a posted search asks for beside its address (application/x-www-form-urlencoded)."""
    try:
        return parse_qsl(
            getattr(request.state, "body", b"").decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise RefusedError(
            400, Issue(IssueCode.STRUCTURE, "the body is no form in UTF-8 of a hundred fields at most")
        ) from None


def _acceptable(request: Request) -> None:
    asked = request.query_params.get("_format") or request.headers.get("accept") or "*/*"
    kinds = [one.partition(";")[0].strip().lower() for one in asked.split(",")]
    if not any(kind in _JSONS for kind in kinds):
        raise RefusedError(406, Issue(IssueCode.NOT_SUPPORTED, f"answers are given as {JSON} alone"))


def _answer(resource: dict[str, Any], code: int = 200, headers: dict[str, str] | None = None) -> Response:
    kept = {"cache-control": "no-store", **(headers or {})}
    return Response(write(resource), code, media_type=f"{JSON}; charset=utf-8", headers=kept)


def _refusal(refused: RefusedError) -> Response:
    headers: dict[str, str] = {}
    if refused.status == 401:
        headers["www-authenticate"] = 'Bearer realm="hp24"'
    if refused.status == 503:
        headers["retry-after"] = _RETRY_SECS
    return _answer(outcome(refused.issues), refused.status, headers)


def _not_routed(_request: Request, missed: Exception) -> Response:
    status = missed.status_code if isinstance(missed, HTTPException) else 500
    what = {404: IssueCode.NOT_FOUND, 405: IssueCode.NOT_SUPPORTED}.get(status, IssueCode.EXCEPTION)
    text = {404: f"there is nothing here; FHIR R4 begins at {ROOT}/metadata", 405: "this is not served; see /metadata"}
    return _refusal(RefusedError(status, Issue(what, text.get(status, "the request cannot be answered"))))
