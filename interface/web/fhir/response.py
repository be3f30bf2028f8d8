"""Answers of the FHIR face: a resource, what a client is told by headers, and an OperationOutcome for whatever went wrong."""

from datetime import datetime
from email.utils import format_datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from interface.errors import InterfaceError, StoreError
from interface.fhir.capability import JSON
from interface.fhir.outcome import Issue, IssueCode, RefusedError, outcome
from interface.fhir.text import write
from interface.observe.emit import emit
from interface.observe.fault import fault

ROOT = "/fhir/r4"
_RETRY_SECS = "5"
_AGAIN_LATER = (429, 503)


def validators(meta: dict[str, Any]) -> dict[str, str]:
    """By what a client tells whether a resource has changed."""
    headers = {"etag": f'W/"{meta["versionId"]}"'} if "versionId" in meta else {}
    if "lastUpdated" in meta:
        headers["last-modified"] = format_datetime(datetime.fromisoformat(meta["lastUpdated"]), usegmt=True)
    return headers


def answer(resource: dict[str, Any], code: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A resource. It is nobody's to keep: no cache between us and the client may."""
    kept = {"cache-control": "no-store", **(headers or {})}
    return Response(write(resource), code, media_type=f"{JSON}; charset=utf-8", headers=kept)


def refusal(refused: RefusedError) -> Response:
    """An OperationOutcome with its status, and when to come again."""
    headers: dict[str, str] = {}
    if refused.status == 401:
        headers["www-authenticate"] = 'Bearer realm="hp24"'
    if refused.status in _AGAIN_LATER:
        headers["retry-after"] = _RETRY_SECS
    return answer(outcome(refused.issues), refused.status, headers)


def not_routed(_request: Request, missed: Exception) -> Response:
    """The answer to what no route serves."""
    status = missed.status_code if isinstance(missed, HTTPException) else 500
    what = {404: IssueCode.NOT_FOUND, 405: IssueCode.NOT_SUPPORTED}.get(status, IssueCode.EXCEPTION)
    text = {404: f"there is nothing here; FHIR R4 begins at {ROOT}/metadata", 405: "this is not served; see /metadata"}
    return refusal(RefusedError(status, Issue(what, text.get(status, "the request cannot be answered"))))


def failed(failure: Exception) -> RefusedError:
    """What a client is told of a failure; a defect is one request's, recorded, and quotes nothing."""
    match failure:
        case RefusedError():
            return failure
        case StoreError():
            emit(fault(failure, "fhir"))
            return RefusedError(503, Issue(IssueCode.TRANSIENT, "the database does not answer; ask again"))
        case InterfaceError():
            return RefusedError(422, Issue(IssueCode.BUSINESS_RULE, failure.text, failure.place))
        case _:
            emit(fault(failure, "fhir"))
            return RefusedError(500, Issue(IssueCode.EXCEPTION, "a defect of the server; it was recorded"))
