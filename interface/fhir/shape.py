"""Whether a resource has the shape that R4 gives its elements, so that nothing is misread: lists, objects, texts, numbers.

Whoever reads a stored body looks first. Elements that R4 does not know are let pass by, and so is whatever rules of contents
(required elements, codes) say: bodies are held against all of R4 once, where they are received (`valid.py`).
"""

from decimal import Decimal
from functools import cache
from typing import Any, Final

from interface.fhir.outcome import Issue, IssueCode, RefusedError
from interface.fhir.structure import Element, elements, is_primitive, resources
from interface.fhir.text import Resource

MOST_TOLD: Final = 10  # issues of one request
_NUMBERS: Final = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})


def check(resource: Resource) -> None:
    """See that a resource can be read. Types that no mapping reads are not looked at.

    Errors: RefusedError 400 with an issue and the FHIRPath of each element (the first `MOST_TOLD`) that is no list, object, text,
    number or boolean where R4 has one.
    """
    type_ = resource.get("resourceType")
    issues: list[Issue] = []
    if isinstance(type_, str) and type_ in resources():
        _look(type_, resource, type_, issues)
    if issues:
        raise RefusedError(400, *issues[:MOST_TOLD])


def _look(type_: str, node: Resource, at: str, issues: list[Issue]) -> None:
    known = _keys(type_)
    for key, value in node.items():
        if value is not None and (found := known.get(key)) is not None:
            name, element, of = found
            _element(element, of, value, f"{at}.{name}", issues)


@cache
def _keys(type_: str) -> dict[str, tuple[str, Element, str]]:
    """Names in JSON to the element's name, the element and its type."""
    of = elements()[type_].items()
    return {key: (name, element, kind) for name, element in of for key, kind in element.keys.items()}


def _element(element: Element, of: str, value: Any, at: str, issues: list[Issue]) -> None:
    if element.is_list is not isinstance(value, list):
        issues.append(Issue(IssueCode.STRUCTURE, "a list is wanted" if element.is_list else "no list is wanted", at))
        return
    for number, one in enumerate(value if element.is_list else (value,)):
        place = f"{at}[{number}]" if element.is_list else at
        if one is None and element.is_list and is_primitive(of):
            continue  # its extensions stand in the list beside it (R4 section 2.6.2.3)
        _value(of, one, place, issues)


def _value(of: str, value: Any, at: str, issues: list[Issue]) -> None:
    if not is_primitive(of):
        if not isinstance(value, dict):
            issues.append(Issue(IssueCode.STRUCTURE, "an object is wanted", at))
            return
        inner = value.get("resourceType") if of == "Resource" else of
        if isinstance(inner, str) and inner in elements():
            _look(inner, value, at, issues)
    elif of == "boolean":
        if not isinstance(value, bool):
            issues.append(Issue(IssueCode.STRUCTURE, "true or false is wanted", at))
    elif of in _NUMBERS:
        # Some senders write amounts as texts: whether one is an amount is judged where it is read.
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            issues.append(Issue(IssueCode.STRUCTURE, "a number is wanted", at))
    elif not isinstance(value, str):
        issues.append(Issue(IssueCode.STRUCTURE, "a text is wanted", at))
