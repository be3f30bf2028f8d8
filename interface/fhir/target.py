"""What a Reference may be to (R4 section 2.3): literal references, their types, and contained resources."""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Final

from interface.fhir.definition import ANY, RESOURCES
from interface.fhir.finding import Findings
from interface.fhir.outcome import IssueCode
from interface.fhir.text import Resource

_LITERAL: Final = re.compile(
    r"(?P<base>https?://[^\s?#]*/)?(?P<type>[A-Z][A-Za-z]{2,63})/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(/_history/[A-Za-z0-9\-.]{1,64})?(#\S*)?",
    re.ASCII,
)
_SEARCH: Final = re.compile(r"(?P<type>[A-Z][A-Za-z]{2,63})\?\S+", re.ASCII)
_ABSOLUTE: Final = re.compile(r"[a-z][a-z0-9+.\-]*:\S+", re.ASCII)
_HOW: Final = (
    "a reference is TYPE/ID, TYPE?identifier=.., an absolute URL, urn:uuid:UUID, or #ID of a contained resource"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What references within one resource can name: contained resources and entries of its Bundle, each with its type."""

    contained: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)  # the contained ones that were referred to


def check(node: Resource, targets: Set[str], at: str, scope: Scope, found: Findings) -> None:
    """See that a Reference is to one of the types that its element takes."""
    literal, told = node.get("reference"), node.get("type")
    type_ = _type(literal, at, scope, found) if isinstance(literal, str) else ""
    declared = told if isinstance(told, str) and told in RESOURCES else ""
    if type_ and declared and type_ != declared:
        found.tell(IssueCode.VALUE, "type and reference are of two types; they name the same one", f"{at}.type")
    if targets is ANY:
        return
    for one, place in ((type_, "reference"), (declared, "type")):
        if one and one not in targets:
            found.tell(
                IssueCode.VALUE,
                f"this refers to {', '.join(sorted(targets))}, not to a resource of another type",
                f"{at}.{place}",
            )
            return


def _type(literal: str, at: str, scope: Scope, found: Findings) -> str:
    """The type that a literal reference tells, "" where it tells none."""
    place = f"{at}.reference"
    if literal.startswith("#"):
        return _contained(literal[1:], place, scope, found)
    if told := _LITERAL.fullmatch(literal):
        if told["type"] in RESOURCES:
            return told["type"]
        if told["base"] is None:
            found.tell(IssueCode.VALUE, "R4 knows no resource of this type", place)
        return ""
    if (told := _SEARCH.fullmatch(literal)) and told["type"] in RESOURCES:
        return told[
            "type"
        ]  # R4 has searches in transactions alone (section 3.1.0.11.2); who is meant is as clear elsewhere
    if not _ABSOLUTE.fullmatch(literal):
        found.tell(IssueCode.VALUE, _HOW, place)
    return scope.entries.get(literal, "")


def _contained(id_: str, place: str, scope: Scope, found: Findings) -> str:
    if id_ and id_ not in scope.contained:
        found.tell(
            IssueCode.INVARIANT, "#ID names a contained resource, and there is none with this id", place, "ref-1"
        )
    scope.named.add(id_)
    return scope.contained.get(id_, "")


def scope_of(resource: Resource, entries: Mapping[str, str]) -> Scope:
    """What references within this resource can name."""
    contained = resource.get("contained")
    inner = [one for one in contained if isinstance(one, dict)] if isinstance(contained, list) else []
    return Scope({one["id"]: _named(one) for one in inner if isinstance(one.get("id"), str)}, entries)


def entries_of(bundle: Resource) -> dict[str, str]:
    """The types of a Bundle's resources by their fullUrl."""
    entries: Any = bundle.get("entry")
    found = {}
    for one in entries if isinstance(entries, list) else []:
        if isinstance(one, dict) and isinstance(one.get("fullUrl"), str) and isinstance(one.get("resource"), dict):
            found[one["fullUrl"]] = _named(one["resource"])
    return found


def _named(resource: Resource) -> str:
    type_ = resource.get("resourceType")
    return type_ if isinstance(type_, str) and type_ in RESOURCES else ""
