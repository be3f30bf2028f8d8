"""A FHIR request that writes, as it is stored, and read again: a head in the form of HTTP/1.1 and the body's bytes unchanged.

The head holds the method, the path below the server's base, and the headers that decide what becomes of the request; never who
asked, and with what token.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote

from interface.fhir import text
from interface.fhir.outcome import Issue, IssueCode, RefusedError
from interface.fhir.shape import check
from interface.fhir.text import Resource

KEPT: Final = ("content-type", "if-match", "if-none-match", "if-none-exist", "prefer", "x-request-id")
METHODS: Final = ("POST", "PUT", "DELETE")
PROCESS_MESSAGE: Final = "$process-message"
TOGETHER: Final = ("transaction", "message")  # Bundles of which all is applied or nothing
LONGEST_HEAD: Final = 16_384
MOST_PARAMETERS: Final = 100
_VERSION: Final = "HTTP/1.1"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"  # some editors write it before a file
_END: Final = re.compile(rb"\r?\n\r?\n")
_HEADER: Final = re.compile(r"([a-z0-9-]+): ([\x20-\x7e\xa0-\xff]*)")
_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")
_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_ETAG: Final = re.compile(r'W/"[^"\s]{1,64}"')
_JSONS: Final = ("application/fhir+json", "application/json", "text/json")


@dataclass(frozen=True, slots=True)
class Request:
    """One request that writes. `type` is empty for a Bundle sent to the base, `id` where the server gives it.

    `query` is of a conditional request (`PUT Patient?identifier=s|v`), `headers` has the names of `KEPT` in lower case,
    `resource` is None where a method has no body. A Bundle of messages goes to the operation `$process-message`.
    """

    method: str
    type: str
    id: str = ""
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    resource: Resource | None = None

    @property
    def interaction(self) -> str:
        """create, update or delete (R4 section 3.1.0)."""
        return {"POST": "create", "PUT": "update", "DELETE": "delete"}[self.method]

    @property
    def kind(self) -> str:
        """What people and filters call it: `Patient create`, `Bundle transaction`, `Bundle message`."""
        if self.type:
            return f"{self.type} {self.interaction}"
        return f"Bundle {(self.resource or {}).get('type', '')}".rstrip()

    @property
    def version(self) -> int:
        """The version that the request is for, out of If-Match; 0 without one, -1 for one that we never gave."""
        if (asked := self.headers.get("if-match")) is None:
            return 0
        number = asked.removeprefix('W/"').removesuffix('"')
        return int(number) if number.isdecimal() and number.isascii() and len(number) < 19 and int(number) else -1

    @property
    def is_for_absent(self) -> bool:
        """Whether it is to be refused where the resource is there already (If-None-Match: *)."""
        return self.headers.get("if-none-match", "") == "*"

    @property
    def only_new(self) -> tuple[tuple[str, str], ...]:
        """What a conditional create looks for (If-None-Exist); empty for any other request."""
        return query_of(self.headers.get("if-none-exist", ""), "http.If-None-Exist")


def write(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """The stored form. `target` is path and query below the base, as sent; headers that are not `KEPT` are left out.

    Errors: RefusedError 400 for a target or header that cannot stand in a head, 431 for one that is longer than `LONGEST_HEAD`.
    """
    kept = [(name.lower(), value.strip()) for name, value in headers if name.lower() in KEPT]
    lines = [f"{method} {target} {_VERSION}", *(f"{name}: {value}" for name, value in kept)]
    if any(not line.isprintable() for line in lines) or " " in target:
        raise RefusedError(
            400, Issue(IssueCode.STRUCTURE, "the request's address or a header holds what no head may hold")
        )
    head = "\r\n".join(lines).encode("latin-1", "replace")
    if len(head) > LONGEST_HEAD:
        raise RefusedError(431, Issue(IssueCode.TOO_LONG, f"address and headers have more than {LONGEST_HEAD} bytes"))
    return head + b"\r\n\r\n" + body


def read(raw: bytes) -> Request:
    """A stored request, or a resource by itself, which is one to be created.

    Errors: RefusedError 400 for what breaks the rules of R4 section 3.1.0 or is no resource, 405 for a method that writes
    nothing here, 415 for another format than JSON; each names the element.
    """
    if (bare := raw.removeprefix(_BYTE_ORDER_MARK)).lstrip()[:1] == b"{":
        return _create(bare)
    end = _END.search(raw[: LONGEST_HEAD + 4])
    if end is None:
        raise _malformed("the head of the request has no end")
    first, *rest = re.split(r"\r?\n", raw[: end.start()].decode("latin-1"))
    method, target = _first(first)
    headers = dict(map(_header, rest))
    _check_headers(headers)
    path, _, query = target.partition("?")
    type_, id_ = _path(method, path)
    request = Request(method, type_, id_, query_of(query, "http.query"), headers, _resource(method, raw[end.end() :]))
    agree(request)
    return request


def _create(raw: bytes) -> Request:
    resource = text.read(raw)
    type_ = resource.get("resourceType")
    if not isinstance(type_, str) or not _TYPE.fullmatch(type_):
        raise _malformed("the object is no resource", "resourceType")
    check(resource)
    return Request("POST", "" if type_ == "Bundle" else type_, resource=resource)


def _malformed(told: str, expression: str = "", code: IssueCode = IssueCode.STRUCTURE) -> RefusedError:
    return RefusedError(400, Issue(code, told, expression))


def _first(line: str) -> tuple[str, str]:
    method, _, rest = line.partition(" ")
    target, _, version = rest.rpartition(" ")
    if version != _VERSION or not target.startswith("/"):
        raise _malformed("the request begins with METHOD /PATH HTTP/1.1")
    if method not in METHODS:
        raise RefusedError(405, Issue(IssueCode.NOT_SUPPORTED, f"writing is done by {', '.join(METHODS)}"))
    return method, target


def _header(line: str) -> tuple[str, str]:
    found = _HEADER.fullmatch(line)
    if found is None or found[1] not in KEPT:
        raise _malformed(f"a header of the head is none of {', '.join(KEPT)}")
    return found[1], found[2].strip()


def _check_headers(headers: Mapping[str, str]) -> None:
    kind = headers.get("content-type", _JSONS[0]).partition(";")[0].strip().lower()
    if kind not in _JSONS:
        raise RefusedError(
            415, Issue(IssueCode.NOT_SUPPORTED, f"a body is read as {_JSONS[0]} alone", "http.Content-Type")
        )
    if "if-match" in headers and not _ETAG.fullmatch(headers["if-match"]):
        raise _malformed('If-Match takes a version as it was given: W/"3"', "http.If-Match", IssueCode.VALUE)


def _path(method: str, path: str) -> tuple[str, str]:
    type_, _, id_ = unquote(path[1:]).partition("/")
    if method == "POST" and (type_, id_) in (("", ""), (PROCESS_MESSAGE, "")):
        return "", ""
    if not _TYPE.fullmatch(type_) or (id_ and not _ID.fullmatch(id_)):
        raise _malformed("the path is /TYPE or /TYPE/ID", "http.path", IssueCode.VALUE)
    if id_ and method == "POST":
        raise RefusedError(
            405, Issue(IssueCode.NOT_SUPPORTED, "a resource with an id is updated: PUT /TYPE/ID", "http.path")
        )
    return type_, id_


def query_of(query: str, at: str) -> tuple[tuple[str, str], ...]:
    """Names and values of a query. RefusedError 400 where they cannot be read, or are too many."""
    try:
        return tuple(
            parse_qsl(query.lstrip("?"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="strict")
        )
    except ValueError:
        raise _malformed(f"the query is in UTF-8 and has {MOST_PARAMETERS} parameters at most", at) from None


def _resource(method: str, body: bytes) -> Resource | None:
    if method == "DELETE":
        if body.strip():
            raise _malformed("a delete has no body")
        return None
    resource = text.read(body)
    check(resource)
    return resource


def agree(request: Request) -> None:
    """See that address and body are about the same resource (R4 section 3.1.0.4.1). RefusedError 400 where they are not."""
    if request.method != "POST" and not request.id and not request.query:
        raise _malformed("which one? write /TYPE/ID, or a query that finds it", "http.path", IssueCode.REQUIRED)
    if request.resource is None:
        return
    type_ = request.type or "Bundle"
    if not request.type and request.resource.get("type") not in TOGETHER:
        raise _malformed(f"a Bundle is one of {', '.join(TOGETHER)}", "Bundle.type", IssueCode.VALUE)
    if request.resource.get("resourceType") != type_:
        raise _malformed("the address is of another type than the body", "resourceType", IssueCode.INVARIANT)
    if request.id and request.resource.get("id") != request.id:
        raise _malformed("the id of the address and of the body differ", f"{type_}.id", IssueCode.INVARIANT)
