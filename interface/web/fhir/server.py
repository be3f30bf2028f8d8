"""The routes of the FHIR face, below /fhir/r4: what is read and searched, and the way to what is written.

A request passes in one order: what it may be answered in, who asks, whether the scopes allow it, what is asked, the answer.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from interface.fhir.bundle import subset
from interface.fhir.capability import capability
from interface.fhir.outcome import Issue, IssueCode, RefusedError
from interface.fhir.scope import Right
from interface.fhir.search import elements, search
from interface.web.blocking import blocking
from interface.web.fhir.door import Door, acceptable, preferred
from interface.web.fhir.looking import Looking
from interface.web.fhir.reading import Reading
from interface.web.fhir.response import ROOT, answer, failed, not_routed, refusal, validators
from interface.web.fhir.writing import Writing

_MOST_FIELDS = 100


def application(reading: Reading, door: Door, writing: Writing) -> Starlette:
    """The ASGI application."""
    face = _Face(reading, door)
    return Starlette(
        routes=[
            *writing.routes(),
            Route(f"{ROOT}/metadata", face.answering(face.metadata), methods=["GET"]),
            Route(f"{ROOT}/_history", face.answering(face.history), methods=["GET"]),
            Route(f"{ROOT}/{{type}}", face.answering(face.search), methods=["GET"]),
            Route(f"{ROOT}/{{type}}/_history", face.answering(face.history), methods=["GET"]),
            Route(f"{ROOT}/{{type}}/{{id}}/_history", face.answering(face.history), methods=["GET"]),
            Route(f"{ROOT}/{{type}}/{{id}}/_history/{{version}}", face.answering(face.read), methods=["GET"]),
            Route(f"{ROOT}/{{type}}/_search", face.answering(face.search), methods=["POST"]),
            Route(f"{ROOT}/{{type}}/{{id}}", face.answering(face.read), methods=["GET"]),
        ],
        exception_handlers={HTTPException: not_routed},
    )


class _Face:
    def __init__(self, reading: Reading, door: Door) -> None:
        self._reading = reading
        self._door = door
        self._looking = Looking(reading, door)

    def answering(self, give: Callable[[Request], Response]) -> Callable[[Request], Any]:
        """The route of an answer: whatever goes wrong is told as an OperationOutcome."""

        async def route(request: Request) -> Response:
            if request.method == "POST":
                request.state.body = await request.body()
            return await blocking(guarded, request)

        def guarded(request: Request) -> Response:
            try:
                return give(request)
            except Exception as failure:  # noqa: BLE001 - the edge: whatever goes wrong is one request's
                return refusal(failed(failure))

        return route

    def metadata(self, request: Request) -> Response:
        acceptable(request)
        return answer(capability(self._door.base(request), self._door.identity.release, self._door.identity.started))

    def read(self, request: Request) -> Response:
        type_, by = self._door.asked(request, Right.READ)
        found = self._reading.read(by, type_, request.path_params["id"])
        if found is None:
            raise RefusedError(404, Issue(IssueCode.NOT_FOUND, f"there is no {type_} with this id"))
        meta = found.get("meta", {})
        _current(request, type_, meta.get("versionId"))
        headers = validators(meta)
        known = request.headers.get("if-none-match", "").split(",")
        if any(one.strip() in (headers.get("etag"), meta.get("versionId")) for one in known if one.strip()):
            return Response(status_code=304, headers=headers)
        return answer(subset(found, elements(request.query_params.get("_elements", ""))), headers=headers)

    def history(self, request: Request) -> Response:
        acceptable(request)
        self._door.token(request)
        raise RefusedError(
            405, Issue(IssueCode.NOT_SUPPORTED, "former versions are not kept, and no history of them is given")
        )

    def search(self, request: Request) -> Response:
        type_, by = self._door.asked(request, Right.SEARCH)
        given = [*request.query_params.multi_items(), *_form(request)]
        asked = search(type_, given, is_strict="strict" in preferred(request, "handling"))
        return answer(self._looking.searched(request.state.token, by, asked, self._door.base(request)))


def _current(request: Request, type_: str, version: str | None) -> None:
    """Refuse a version that is not the current one (R4 section 3.1.0.3: vread where no former ones are kept)."""
    asked = request.path_params.get("version", version)
    if version is None and asked is not None:
        raise RefusedError(404, Issue(IssueCode.NOT_SUPPORTED, f"a {type_} has no versions"))
    if asked != version:
        text = f"former versions are not kept; the current one of this {type_} is {version}"
        raise RefusedError(404, Issue(IssueCode.NOT_SUPPORTED, text))


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
