"""The entries of a Bundle as requests, in the order in which they are applied, and what their references to each other mean.

A transaction (R4 section 3.1.0.11.2) and a message (section 3.3) are applied whole or not at all; a batch is several requests.
The resource that a reference to another entry names is put into the one that refers, as contained: so it is read by the same
rules, whatever number it will be found by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from interface.fhir.outcome import Issue, IssueCode, RefusedError
from interface.fhir.request import METHODS, Request, agree, query_of
from interface.fhir.shape import check
from interface.fhir.text import Resource

MOST_ENTRIES: Final = 1000
_HEADERS: Final = {"ifMatch": "if-match", "ifNoneMatch": "if-none-match", "ifNoneExist": "if-none-exist"}
_LOOKS: Final = ("GET", "HEAD")
# What others refer to comes first: an account before its charges, whatever order the sender wrote.
_FIRST: Final = ("Patient", "RelatedPerson", "Organization", "Coverage", "Account", "Encounter")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its place in the Bundle, from 0, and the request that it is; `url` is what it asks to see, if it only looks."""

    position: int
    request: Request | None
    url: str = ""


def entries(request: Request) -> tuple[Entry, ...]:
    """The entries of a transaction or message, in the order in which they are applied; what only looks comes last.

    Errors: RefusedError 400 for an entry that is no request, with its place; 405 for a method that is not served; 413 for more than
    MOST_ENTRIES.
    """
    bundle = request.resource or {}
    listed = _listed(bundle)
    if bundle.get("type") == "message":
        found = [_told(place, one) for place, one in enumerate(listed) if place]
    else:
        found = [_asked(place, one) for place, one in enumerate(listed)]
    linked = _Links(listed, found)
    return tuple(linked.resolved(one) for one in sorted(found, key=_order))


def requests(bundle: Resource) -> tuple[Entry, ...]:
    """The entries of a batch, in its order; each stands for itself. Errors: as `entries`."""
    return tuple(_asked(place, one) for place, one in enumerate(_listed(bundle)))


def header_of(bundle: Resource) -> Resource:
    """The MessageHeader of a message. RefusedError 400 where its first entry is none (R4 section 3.3)."""
    listed = _listed(bundle)
    header = listed[0].get("resource") if listed else None
    if not isinstance(header, dict) or header.get("resourceType") != "MessageHeader":
        raise _malformed(0, "a message begins with its MessageHeader", "resource")
    return header


def _listed(bundle: Resource) -> list[Resource]:
    listed = bundle.get("entry") or []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise RefusedError(400, Issue(IssueCode.STRUCTURE, "the entries are a list of objects", "Bundle.entry"))
    if len(listed) > MOST_ENTRIES:
        raise RefusedError(
            413, Issue(IssueCode.TOO_COSTLY, f"a Bundle has {MOST_ENTRIES} entries at most", "Bundle.entry")
        )
    return listed


def _malformed(place: int, told: str, element: str = "request", status: int = 400) -> RefusedError:
    code = IssueCode.NOT_SUPPORTED if status == 405 else IssueCode.STRUCTURE
    return RefusedError(status, Issue(code, told, f"Bundle.entry[{place}].{element}"))


def _told(place: int, one: Resource) -> Entry:
    """What a message tells of a resource: it is created, or updated by its number."""
    resource = one.get("resource")
    if not isinstance(resource, dict):
        raise _malformed(place, "an entry of a message holds a resource", "resource")
    try:
        check(resource)
    except RefusedError as refused:
        raise _within(place, refused) from None
    return Entry(place, Request("POST", str(resource.get("resourceType")), resource=resource))


def _asked(place: int, one: Resource) -> Entry:
    asked = one.get("request")
    asked = asked if isinstance(asked, dict) else {}
    method, url = asked.get("method"), asked.get("url")
    if not isinstance(method, str) or not isinstance(url, str):
        raise _malformed(place, "an entry says what is asked of the server: request.method and request.url")
    if method in _LOOKS:
        return Entry(place, None, url)
    if method not in METHODS or method == "DELETE":
        raise _malformed(place, "served are POST, PUT and GET", "request.method", 405)
    path, _, query = url.partition("?")
    type_, _, id_ = path.strip("/").partition("/")
    resource = one.get("resource")
    if not isinstance(resource, dict):
        raise _malformed(place, "a request that writes has a resource", "resource")
    headers = {ours: str(asked[theirs]) for theirs, ours in _HEADERS.items() if asked.get(theirs) is not None}
    try:
        found = Request(method, type_, id_, query_of(query, "request.url"), headers, resource)
        if not type_ or (method == "POST" and (id_ or query)):
            raise RefusedError(
                400, Issue(IssueCode.VALUE, "the address is TYPE, TYPE/ID or TYPE?identifier=..", "request.url")
            )
        agree(found)
        check(resource)
    except RefusedError as refused:
        raise _within(place, refused) from None
    return Entry(place, found)


def _within(place: int, refused: RefusedError) -> RefusedError:
    at = f"Bundle.entry[{place}]"
    return RefusedError(
        refused.status,
        *(
            replace(one, expression=f"{at}.{_inner(one.expression)}" if one.expression else at)
            for one in refused.issues
        ),
    )


def _inner(expression: str) -> str:
    """The place within an entry: of the resource, unless it is of the request."""
    head, dot, rest = expression.partition(".")
    if head in ("request", "resource"):
        return expression
    if expression == "resourceType":
        return "resource.resourceType"
    return f"resource{dot}{rest}" if head[:1].isupper() else f"request.{rest or head}"


def _order(entry: Entry) -> tuple[int, int, int]:
    """By type, and POST before PUT within each (R4 section 3.1.0.11.2): only there may one meet what another wrote."""
    if entry.request is None:
        return len(_FIRST) + 1, 0, entry.position
    type_ = entry.request.type
    rank = _FIRST.index(type_) if type_ in _FIRST else len(_FIRST)
    return rank, METHODS.index(entry.request.method), entry.position


@dataclass(slots=True)
class _Links:
    """What the entries of a Bundle are referred to by."""

    listed: list[Resource]
    found: list[Entry]
    targets: dict[str, Entry] = field(init=False)

    def __post_init__(self) -> None:
        self.targets = {}
        for entry in self.found:
            url = self.listed[entry.position].get("fullUrl")
            if entry.request is None or not isinstance(url, str):
                continue
            self.targets[url] = entry
            type_, id_ = entry.request.type, (entry.request.resource or {}).get("id")
            # Relative to the same server (R4 section 2.36.4.1).
            if isinstance(id_, str) and url.endswith(f"/{type_}/{id_}"):
                self.targets[f"{type_}/{id_}"] = entry

    def resolved(self, entry: Entry) -> Entry:
        """The entry with what it refers to in the same Bundle."""
        request = entry.request
        if request is None or request.resource is None:
            return entry
        named = dict.fromkeys(url for url in _references(request.resource) if url in self.targets)
        if not named:
            return entry
        places = {url: self._place(self.targets[url]) for url in named}
        resource = _renamed(request.resource, places)
        inside = [self._contained(self.targets[url]) for url in named if places[url].startswith("#")]
        if inside:
            resource["contained"] = [*(resource.get("contained") or []), *inside]
        return replace(entry, request=replace(request, resource=resource))

    @staticmethod
    def _place(target: Entry) -> str:
        request = target.request
        assert request is not None, "only what writes is referred to"
        return f"{request.type}/{request.id}" if request.id else f"#entry-{target.position}"

    @staticmethod
    def _contained(target: Entry) -> Resource:
        assert target.request is not None, "only what writes is referred to"
        return {**(target.request.resource or {}), "id": f"entry-{target.position}"}


def _references(node: Any) -> Iterator[str]:
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _references(value)
    if isinstance(node, dict) and isinstance(node.get("reference"), str):
        yield node["reference"]


def _renamed(node: Any, places: Mapping[str, str]) -> Any:
    """The same node with references to other entries in their new words."""
    if isinstance(node, list):
        return [_renamed(one, places) for one in node]
    if not isinstance(node, dict):
        return node
    found = {name: _renamed(value, places) for name, value in node.items()}
    if isinstance(url := node.get("reference"), str) and url in places:
        found["reference"] = places[url]
    return found
