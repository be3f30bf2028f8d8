"""Requests to the FHIR server that nobody in his right mind sends: methods, paths, queries, headers and bodies of every kind.

Each is drawn from a seed's randomness: what a number gave once, it gives again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from interface.fhir.served import SERVED, TYPES
from interface.fhir.text import Resource, write
from tests.engine.fhir_site import account, patient
from tests.fhir.bodies import BODIES
from tests.fhir.broken import MARK, Breakage, Site, breakages, put, sites
from tests.web.fhir.writer import charge

# Few numbers, so that requests are about each other's resources.
_NUMBERS = ("771", "772", "A1", "A2", "C1", MARK, "4111111111111111", "")
_WORDS = (
    MARK,
    "",
    " ",
    "0",
    "*",
    "Patient/1",
    "#1",
    "a b",
    "\u00e4\u4e2d",
    "x" * 70,
    "%",
    "null",
    "$",
    "..",
    "'\"<",
    "\ud800",
    "\x00",
)
_ODD_NUMBERS = (
    "1e400",
    "-1e-400",
    "1e99999999",
    "1e99999999999999999999",
    "9" * 30,
    "-0",
    "0.10",
    "1E2",
    "NaN",
    '"\\ud800"',
    '"\\u0000"',
)
_NAMES = (
    "resourceType",
    "id",
    "reference",
    "value",
    "entry",
    "request",
    "contained",
    "extension",
    "_family",
    "\ud800",
    "",
)
_ADDRESSED = (*TYPES, *TYPES, "Bundle", "Basic", "Patients", "patient", "$validate", "$process-message", "")
_IDS = ("1", "none-such", "a b", "%2e%2e", "x" * 65, "9" * 40, "%00", "_history", "_search", "$validate", "\u00e4")
_QUERIES = (
    "identifier=urn:id:WEST|771",
    "identifier=771&identifier=772",
    "identifier=",
    "identifier=%00",
    "name=a",
    "name=%ed%a0%80",
    "_id=1",
    "%ff=%ff",
    "=",
    "&" * 300,
    "birthdate=1970-01-01",
    "birthdate=0000-00-00",
    "_lastUpdated=ge0001-01-01T00:00:00%2B14:00",
    "_lastUpdated=le9999-12-31",
    "_lastUpdated=gt9999-12-31T23:59:59-14:00",
    "_count=99999999999999999999",
    "_count=-1",
    "_cursor=99999999999999999999",
    "_elements=,,",
    "_summary=count",
    "_include=*",
    "_format=xml",
    "patient=1&account=Account/1",
    "x" * 20_000,
)
_CONDITIONS = (
    *('W/"1"', 'W/"2"', "*", "1", 'W/""', 'W/"99999999999999999999"', "?", "%ff", "", "\u00e4", "x" * 17_000),
    *("identifier=urn:id:WEST|771", "identifier=a&identifier=b", "identifier=%00", "name=a"),
)
_PREFERENCES = (
    "return=minimal",
    "return=representation",
    "respond-async",
    "handling=strict, return=x",
    ";;,,",
    "return=",
)
_FORMATS = (
    "application/fhir+json",
    "application/json;charset=utf-8",
    "application/xml",
    "text/html;q=0",
    "*/*",
    "",
    ";;,,",
    "\u00e4",
)
_HEADERS = {
    **dict.fromkeys(("if-match", "if-none-match", "if-none-exist"), _CONDITIONS),
    "prefer": _PREFERENCES,
    "accept": _FORMATS,
    "content-type": _FORMATS,
    "content-length": ("0", "99999999999", "-1", "x"),
}
_URLS = ("urn:uuid:1", "urn:uuid:2", "Patient/1", "http://engine/fhir/r4/Patient/1", "", MARK)
_HEAD = {
    "resourceType": "MessageHeader",
    "id": "m1",
    "eventUri": "urn:example:event",
    "source": {"endpoint": "urn:example:ehr"},
}
_UPDATED = tuple(type_ for type_, one in SERVED.items() if "update" in one.writes)
_OF_ONE, _PEOPLE = (b"771", b"772", b"A1", b"A2", b"C1", b"C2", b"C3"), 50
_NUMBERED = (*("",) * 16, "r-1", "\u00e9", "x" * 300, "r\t2", "4111111111111111")


@dataclass(frozen=True, slots=True)
class OddRequest:
    """One request; `path` is below the server's base, `number` what X-Request-Id says."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    number: str


@cache
def _good() -> tuple[Resource, ...]:
    found = [patient(mrn, MARK) for mrn in ("771", "772")]
    found += [account("A1", "771"), account("A2", "772")]
    found += [
        charge("C1", "A1", "12.50"),
        charge("C3", "A2", "-1.00"),
        charge("C2", "A1", "1.00", status="not-billable"),
    ]
    return (*found, *found, *found, *BODIES.values())


@cache
def _broken(type_: str) -> tuple[Breakage, ...]:
    return tuple(breakages(BODIES[type_]))


@cache
def _sites(number: int) -> tuple[Site, ...]:
    return tuple(sites(_good()[number]))


def odd_request(rng: Random, known: Sequence[str] = ()) -> OddRequest:
    """Any request: mostly one that writes, to an address that its body fits. `known`: TYPE/ID of what is there."""
    body = _bundle(rng) if rng.random() < 0.4 else _resource(rng)
    type_ = body.get("resourceType")
    path = type_ if isinstance(type_, str) and type_ in TYPES else ""
    method = (
        rng.choice(("POST",) * 12 + ("GET", "DELETE", "PATCH", "PUT"))
        if type_ not in _UPDATED or rng.random() < 0.6
        else "PUT"
    )
    if type_ == "Bundle" and body.get("type") == "message" and rng.random() < 0.8:
        path = "$process-message"
    mine = [one for one in known if one.startswith(f"{type_}/")]
    if method == "PUT" and mine and rng.random() < 0.7:
        path = rng.choice(mine)
        body = {**body, "id": path.partition("/")[2]}
    elif method == "PUT" and path:
        path += "?identifier=urn:id:WEST|77" + rng.choice("123")
    match rng.randrange(16):
        case 0:
            path = _address(rng)
        case 1:
            path += f"?{rng.choice(_QUERIES)}"
        case 2 if rng.random() < 0.3:
            path = rng.choice(
                ("$process-message", "$request/1", f"$request/{'9' * 30}", "$request/0", "Patient/$validate")
            )
        case _:
            pass
    chosen = rng.sample(list(_HEADERS), k=rng.choice((0, 0, 0, 0, 0, 1, 2)))
    headers = {name: rng.choice(_HEADERS[name]) for name in chosen}
    return OddRequest(method, path, headers, _bytes(rng, body), rng.choice(_NUMBERED))


def _address(rng: Random) -> str:
    """TYPE, TYPE/ID, with a query or none; now and then a longer path."""
    below = [rng.choice(_IDS) for _ in range(rng.choice((0, 0, 1, 1, 2, 3)))]
    query = f"?{rng.choice(_QUERIES)}" if rng.random() < 0.3 else ""
    return "/".join((rng.choice(_ADDRESSED), *below)) + query


def _tree(rng: Random, depth: int = 0) -> Any:
    """Any JSON."""
    match rng.randrange(8 if depth < 3 else 6):
        case 0:
            return rng.choice((None, True, False))
        case 1:
            return rng.choice((0, 1, -1, 7, 1 << 31, 1 << 70))
        case 2:
            return rng.choice(_NUMBERS)
        case 6:
            return [_tree(rng, depth + 1) for _ in range(rng.randrange(3))]
        case 7:
            return {rng.choice(_NAMES): _tree(rng, depth + 1) for _ in range(rng.randrange(3))}
        case _:
            return rng.choice(_WORDS)


def _resource(rng: Random) -> Resource:
    """A good resource, one with something broken, or one with any JSON somewhere in it."""
    number = rng.randrange(len(_good()))
    body = _good()[number]
    match rng.randrange(10):
        case 0 | 1:
            return rng.choice(_broken(body["resourceType"])).body
        case 2 | 3:
            changed: Resource = put(body, rng.choice(_sites(number)).keys, _tree(rng))
            return changed
        case 4:
            kind = rng.choice(_ADDRESSED) if rng.random() < 0.8 else _tree(rng)
            return {"resourceType": kind, **{rng.choice(_NAMES[1:]): _tree(rng) for _ in range(rng.randrange(4))}}
        case _:
            return body


def _entry(rng: Random) -> Any:
    """An entry of a Bundle: mostly a request, about one of the others perhaps."""
    if rng.random() < 0.03:
        return _tree(rng)
    resource = dict(_resource(rng))
    if rng.random() < 0.4:
        whose = {"reference": rng.choice(_URLS)}
        resource["subject"] = [whose] if resource.get("resourceType") == "Account" else whose
    type_ = resource.get("resourceType")
    asked: Resource = {
        "method": rng.choice(("POST", "POST", "POST", "POST", "PUT", "GET", "DELETE", "PATCH", MARK)),
        "url": type_ if rng.random() < 0.8 else rng.choice((_address(rng), _address(rng), MARK, f"{type_}/{MARK}")),
    }
    if rng.random() < 0.2:
        name = rng.choice(("ifMatch", "ifNoneExist", "ifNoneMatch"))
        asked[name] = rng.choice(_CONDITIONS) if rng.random() < 0.8 else _tree(rng)
    found: Resource = {"resource": resource, "request": asked}
    if rng.random() < 0.5:
        found["fullUrl"] = rng.choice(_URLS) if rng.random() < 0.9 else _tree(rng)
    if rng.random() < 0.05:
        found[rng.choice(list(found))] = _tree(rng)
    return found


def _bundle(rng: Random) -> Resource:
    """A Bundle of any kind; a message begins with its header, mostly."""
    kind = rng.choice(
        ("transaction", "transaction", "transaction", "batch", "batch", "message", "message", "history", MARK)
    )
    listed: Any = [_entry(rng) for _ in range(rng.randrange(4))]
    if kind == "message" and rng.random() < 0.9:
        changed = {rng.choice(list(_HEAD)): _tree(rng)} if rng.random() < 0.5 else {}
        listed = [{"resource": _HEAD | changed}, *listed]
    return {
        "resourceType": "Bundle",
        "type": kind if rng.random() < 0.95 else _tree(rng),
        "entry": listed if rng.random() < 0.97 else _tree(rng),
    }


def _bytes(rng: Random, body: Any) -> bytes:
    """The JSON, perhaps damaged."""
    try:
        found = write(body)
    except TypeError:  # what that writer refuses, others write
        found = json.dumps(body, default=float).encode("ascii")
    who = rng.randrange(_PEOPLE)  # many, so that one whom a held request keeps back is not all there are
    for word in _OF_ONE:
        found = found.replace(b'"%b"' % word, b'"%b%d"' % (word, who))
    match rng.randrange(30):
        case 0:
            return found[: rng.randrange(len(found) + 1)]
        case 1:
            return found.replace(b'"', rng.choice((b"'", b"\xff", b"\\", b'""')), 1)
        case 2:
            return found.replace(b'"system"', b'"value"') + rng.choice((b"", b"{}", b"\x00"))
        case 3 | 4:
            odd = rng.choice(_ODD_NUMBERS).encode()
            for word in rng.sample(
                (b"12.50", b"1.00", b'"771"', b'"ANA"', b'"active"', b'"m1"', b"1", b'"value"'), k=3
            ):
                found = found.replace(word, odd, 1)
            return found
        case 5:
            return rng.choice((b"", b"\xef\xbb\xbf" + found, b"[" * 5000, b"null", b"\xff\xfe{", b"{}"))
        case _:
            return found
