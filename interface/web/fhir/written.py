"""What the sender of a request is told once it is known what became of it: status, address, version, and as much as it prefers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from interface.engine.requested import RequestSource
from interface.fhir.element import instant
from interface.fhir.outcome import Issue, IssueCode, RefusedError, Severity, outcome
from interface.fhir.request import Request
from interface.fhir.text import Resource, write
from interface.fhir.transaction import entries, header_of
from interface.operate.act import By
from interface.pipeline.request import Asked, Kept, Sender
from interface.row.message import Settled
from interface.row.message import Written as Row
from interface.web.fhir.person import id_of
from interface.web.fhir.reading import Reading
from interface.web.fhir.response import answer, refusal

_CODES = {
    "version-differs": IssueCode.CONFLICT,
    "resource-known": IssueCode.DUPLICATE,
    "resource-unknown": IssueCode.NOT_FOUND,
    "reference-unknown": IssueCode.NOT_FOUND,
    "not-done-in-time": IssueCode.TIMEOUT,
    "code-unknown": IssueCode.CODE_INVALID,
    "internal-error": IssueCode.EXCEPTION,
}
_NOT_IN_TIME = "it was not done in time, and is not going to be; send it again"
_KEPT = "it is kept, and applied later"
_NOTHING = "it was taken, and changes nothing that is kept here"


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it came. `prefers`: minimal, representation, operationoutcome, or nothing said (Prefer: return)."""

    source: RequestSource
    sender: Sender
    number: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    base: str
    prefers: str
    is_later: bool
    readable: frozenset[str]  # types that the sender may see

    def is_shown(self, type_: str) -> bool:
        """Whether the answer holds the resource: as preferred, and to nobody who may not read it."""
        return self.prefers in ("", "representation") and type_ in self.readable

    def of_entry(self, position: int, request: Request) -> "Sent":
        """An entry of a batch, as a request of its own."""
        path = f"/{request.type}" + (f"/{request.id}" if request.id else "")
        return replace(
            self,
            number=f"{self.number}.{position}",
            method=request.method,
            target=f"{path}?{urlencode(request.query)}" if request.query else path,
            headers=(*request.headers.items(), ("content-type", "application/fhir+json")),
            body=write(request.resource or {}),
            prefers=self.prefers or "minimal",
            is_later=False,
        )


class Written:
    """Makes answers. Blocking where the resource is to be shown: to be called on a thread."""

    def __init__(self, reading: Reading, now: Callable[[], int]) -> None:
        self._reading = reading
        self._now = now

    def response(self, sent: Sent, asked: Asked, kept: Kept) -> Response:
        """The answer to a request."""
        settled = kept.settled
        status = int(settled.code)
        request = asked.request
        is_message = request is not None and (request.resource or {}).get("type") == "message" and not request.type
        if is_message and request is not None:
            return self._message(sent, request, asked, settled)
        if status >= 400:
            return refusal(_refused(status, asked, settled))
        if status == 202:
            place = f"{sent.base}/$request/{kept.message_id}"
            said = outcome([_info(settled.text or _KEPT)])
            return answer(said, 202, {"content-location": place})
        if request is not None and not request.type:
            return answer(self._transaction(sent, request, settled.written))
        return self._one(sent, request, settled, status)

    @staticmethod
    def is_brief(sent: Sent, asked: Asked, kept: Kept) -> bool:
        """Whether the answer shows nothing that has to be read."""
        is_of_one = asked.request is None or bool(asked.request.type)
        type_ = asked.request.type if asked.request is not None else ""
        return is_of_one and (int(kept.settled.code) >= 202 or not sent.is_shown(type_))

    def fate(self, kept: Kept, base: str) -> Response:
        """What became of a request whose sender did not wait: a Bundle with its answer (R5 async-bundle, as R4 has none)."""
        settled = kept.settled
        said: Resource = {"status": settled.code}
        if int(settled.code) >= 300 or not settled.written:
            said["outcome"] = outcome(
                [_issue(settled) if int(settled.code) >= 400 else _info(settled.text or _NOTHING)]
            )
        for row in settled.written[:1] if kept.type != "Bundle" else ():  # which itself is nowhere
            said |= {"etag": _etag(row), "location": f"{base}/{kept.type}/{_id(kept.type, row)}/_history/{row.version}"}
        return answer({"resourceType": "Bundle", "type": "batch-response", "entry": [{"response": said}]})

    def entry(self, sent: Sent, asked: Asked, kept: Kept) -> Resource:
        """The answer to an entry of a batch."""
        settled, status = kept.settled, int(kept.settled.code)
        said: Resource = {"status": _line(status)}
        if status >= 400:
            said["outcome"] = outcome(_refused(status, asked, settled).issues)
            return {"response": said}
        if settled.written and asked.request is not None:
            return self._entry(sent, asked.request.type, settled.written[0], said)
        said["outcome"] = outcome([_info(settled.text or (_KEPT if status == 202 else _NOTHING))])
        return {"response": said}

    # ------------------------------------------------------------ parts

    def _one(self, sent: Sent, request: Request | None, settled: Settled, status: int) -> Response:
        type_ = request.type if request is not None else ""
        if not settled.written:
            return answer(outcome([_info(settled.text or _NOTHING)]), status)
        row = settled.written[0]
        headers = {
            "location": f"{sent.base}/{type_}/{_id(type_, row)}/_history/{row.version}",
            "etag": _etag(row),
        }
        if sent.prefers == "operationoutcome":
            return answer(outcome([_info("it is done")]), status, headers)
        if not sent.is_shown(type_):
            return Response(status_code=status, headers=headers | {"cache-control": "no-store"})
        shown = self._reading.read(By(sent.sender.actor), type_, _id(type_, row))
        return answer(shown or outcome([_info("it is done")]), status, headers)

    def _transaction(self, sent: Sent, request: Request, written: Sequence[Row]) -> Resource:
        """The entries in the order in which they were sent."""
        rows = {row.position: row for row in written}
        found: dict[int, Resource] = {}
        listed = entries(request)
        for one in listed:
            if one.request is None:
                continue
            row = rows.get(one.position)
            if row is None:
                said = {"status": _line(200), "outcome": outcome([_info(_NOTHING)])}
                found[one.position] = {"response": said}
            else:
                said = {"status": _line(201 if row.is_new else 200)}
                found[one.position] = self._entry(sent, one.request.type, row, said)
        last = max((one.position for one in listed), default=-1)
        told = [found.get(place, {"response": {"status": _line(200)}}) for place in range(last + 1)]
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": told}

    def _entry(self, sent: Sent, type_: str, row: Row, said: dict[str, Any]) -> Resource:
        said |= {"location": f"{type_}/{_id(type_, row)}/_history/{row.version}", "etag": _etag(row)}
        said["lastModified"] = instant(self._now())
        shown: Resource = {}
        if sent.prefers and sent.is_shown(type_):
            resource = self._reading.read(By(sent.sender.actor), type_, _id(type_, row))
            shown = {"resource": resource} if resource is not None else {}
        return {"fullUrl": f"{sent.base}/{type_}/{_id(type_, row)}", **shown, "response": said}

    def _message(self, sent: Sent, request: Request, asked: Asked, settled: Settled) -> Response:
        """The response to a message (R4 section 3.3.3): ok, transient-error (send it again) or fatal-error (do not)."""
        status = int(settled.code)
        code = "ok" if status < 400 else "transient-error" if status in (429, 503) else "fatal-error"
        told = header_of(request.resource or {})
        event: Resource = {name: told[name] for name in ("eventCoding", "eventUri") if name in told}
        said: Resource = {"identifier": str(told.get("id") or sent.number), "code": code}
        listed: list[Resource] = []
        if status != 200:
            said["details"] = {"reference": "#outcome"}
            issues = _refused(status, asked, settled).issues if status >= 400 else [_info(settled.text or _KEPT)]
            listed = [{**outcome(issues), "id": "outcome"}]
        header: Resource = {
            "resourceType": "MessageHeader",
            **({"contained": listed} if listed else {}),
            **event,
            "source": {"endpoint": sent.base},
            "response": said,
        }
        bundle = {
            "resourceType": "Bundle",
            "type": "message",
            "timestamp": instant(self._now()),
            "entry": [{"resource": header}],
        }
        return answer(
            bundle, status if status >= 400 else 200, {"retry-after": "5"} if code == "transient-error" else {}
        )


def _refused(status: int, asked: Asked, settled: Settled) -> RefusedError:
    if asked.refusal is not None:
        return asked.refusal
    return RefusedError(status, _issue(settled))


def _issue(settled: Settled) -> Issue:
    text = settled.text or (_NOT_IN_TIME if settled.cause == "not-done-in-time" else "it was refused")
    return Issue(_CODES.get(settled.cause, IssueCode.BUSINESS_RULE), f"{text} [{settled.cause}]", settled.place)


def _info(text: str) -> Issue:
    return Issue(IssueCode.INFORMATIONAL, text, severity=Severity.INFORMATION)


def _id(type_: str, row: Row) -> str:
    """The id of a resource: a RelatedPerson is a guarantor to a patient."""
    own = id_of(row.public_id)
    return f"{own}-{id_of(row.owner_id)}" if type_ == "RelatedPerson" and row.owner_id else own


def _etag(row: Row) -> str:
    return f'W/"{row.version}"'


def _line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"
