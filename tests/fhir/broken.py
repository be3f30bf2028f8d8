"""Bad bodies made of good ones: every element of a body, broken in each way that its kind can be broken."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from interface.fhir.definition import ANY, Definition, Field, definition_of
from interface.fhir.outcome import IssueCode, Severity
from interface.fhir.text import Resource

MARK = "Zyxwv"  # of values that are put in: no issue may show it


@dataclass(frozen=True, slots=True)
class Breakage:
    """One body, what was done to it, and the issue that it is to have."""

    what: str
    body: Resource
    expression: str
    code: IssueCode
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Site:
    """One element of a body: the keys that lead to it, its place in FHIRPath, what it is."""

    keys: tuple[str | int, ...]
    at: str
    field: Field
    value: Any
    is_required: bool


def sites(body: Resource) -> Iterator[Site]:
    """Every element of a body, those of its inner resources included."""
    definition = definition_of(body["resourceType"])
    assert definition is not None
    yield from _sites(definition, body, (), body["resourceType"])


def _sites(definition: Definition, node: Resource, keys: tuple[str | int, ...], at: str) -> Iterator[Site]:
    for key, value in node.items():
        field = definition.fields.get(key)
        if field is None:
            continue
        here, place = (*keys, key), f"{at}.{field.name}"
        yield Site(here, place, field, value, any(key in names for _, names in definition.required))
        inner = definition_of(field.type) if not field.is_primitive else None
        for number, one in enumerate(value if field.is_list else (value,)):
            below, spot = ((*here, number), f"{place}[{number}]") if field.is_list else (here, place)
            if field.type == "Resource":
                inner = definition_of(one["resourceType"])
            if inner is not None:
                yield from _sites(inner, one, below, spot)


def breakages(body: Resource) -> Iterator[Breakage]:
    """Every body with one thing wrong that can be made of this one."""
    for site in sites(body):
        yield from _presence(body, site)
        yield from _kind(body, site)
        if site.field.is_primitive:
            yield from _content(body, site)
        elif site.field.type != "Resource":
            yield from _object(body, site)


def _first(site: Site) -> tuple[tuple[str | int, ...], str]:
    return ((*site.keys, 0), f"{site.at}[0]") if site.field.is_list else (site.keys, site.at)


def _with(body: Resource, keys: tuple[str | int, ...], value: Any) -> Resource:
    """The body with another value there; what is not on the way is shared."""
    changed: Resource = put(body, keys, value)
    return changed


def put(node: Any, keys: tuple[str | int, ...], value: Any) -> Any:
    """The tree with another value there; what is not on the way is shared."""
    if not keys:
        return value
    copy = node.copy()
    copy[keys[0]] = put(node[keys[0]], keys[1:], value)
    return copy


def _without(body: Resource, keys: tuple[str | int, ...]) -> Resource:
    around: Any = body
    for key in keys[:-1]:
        around = around[key]
    return _with(body, keys[:-1], {key: value for key, value in around.items() if key != keys[-1]})


def _presence(body: Resource, site: Site) -> Iterator[Breakage]:
    if site.is_required:
        yield Breakage("a required element is absent", _without(body, site.keys), site.at, IssueCode.REQUIRED)
    yield Breakage("null", _with(body, site.keys, None), site.at, IssueCode.STRUCTURE, Severity.WARNING)


def _kind(body: Resource, site: Site) -> Iterator[Breakage]:
    first, place = _first(site)
    if site.field.is_list:
        yield Breakage("no list", _with(body, site.keys, site.value[0]), site.at, IssueCode.STRUCTURE)
        yield Breakage("an empty list", _with(body, site.keys, []), site.at, IssueCode.STRUCTURE)
        yield Breakage("null in a list", _with(body, first, None), place, IssueCode.STRUCTURE)
    else:
        yield Breakage("a list", _with(body, site.keys, [site.value]), site.at, IssueCode.STRUCTURE)
    wrong: list[Any] = [{"a": MARK}, [[]]] if site.field.is_primitive else [MARK, 7, '{"text": "Zyxwv"}']
    if site.field.is_primitive:
        wrong += ["yes", 1] if site.field.type == "boolean" else [True]
        wrong += [7] if site.field.type not in ("boolean", "decimal", "integer", "positiveInt", "unsignedInt") else []
        wrong += ["12"] if site.field.type in ("integer", "positiveInt", "unsignedInt") else []
    for one in wrong:
        yield Breakage(f"a {type(one).__name__}", _with(body, first, one), place, IssueCode.STRUCTURE)


def _content(body: Resource, site: Site) -> Iterator[Breakage]:
    first, place = _first(site)
    of = site.field.type
    wrong: dict[str, list[Any]] = {
        "date": ["2026-02-30", "2026-13", "04.03.2026", "20260304", "2026-03-04T00:00:00Z", "0000", ""],
        "dateTime": ["2026-03-04T09:15:00", "2026-03-04T09:15Z", "2026-02-30T00:00:00Z", "2026-03-04T24:00:00Z", ""],
        "instant": ["2026-03-04", "2026-03-04T09:15:00", ""],
        "id": ["a b", "x" * 65, "", "ä"],
        "uri": ["http://example.org/a b", ""],
        "url": [" ", ""],
        "canonical": ["a b"],
        "code": ["", " a", "a  b"],
        "string": [""],
        "markdown": [""],
        "xhtml": ["plain"],
        "decimal": [10**40],
        "positiveInt": [0, -1, 1 << 31],
    }
    for one in wrong.get(of, []):
        yield Breakage(f"{of} {one!r:.24}", _with(body, first, one), place, IssueCode.VALUE)
    if site.field.codes:
        yield Breakage("an unknown code", _with(body, first, MARK), place, IssueCode.CODE_INVALID)
    if of == "decimal":
        yield Breakage(
            "a decimal as a text", _with(body, first, str(site.value)), place, IssueCode.VALUE, Severity.WARNING
        )
        yield Breakage("a word as a decimal", _with(body, first, MARK), place, IssueCode.STRUCTURE)


def _object(body: Resource, site: Site) -> Iterator[Breakage]:
    first, place = _first(site)
    value = site.value[0] if site.field.is_list else site.value
    yield Breakage("an empty object", _with(body, first, {}), place, IssueCode.INVARIANT)
    yield Breakage("only an id", _with(body, first, {"id": "x"}), place, IssueCode.INVARIANT)
    for key in ("unknownOne", "resource_type", "class_fhir", "fhir_comments"):
        yield Breakage(
            "an unknown property", _with(body, first, value | {key: MARK}), f"{place}.{key}", IssueCode.STRUCTURE
        )
    if site.field.type == "Period":
        backwards = {"start": "2026-03-05", "end": "2026-03-04"}
        yield Breakage("a period backwards", _with(body, first, backwards), place, IssueCode.INVARIANT)
    if site.field.type == "Money":
        fine = _with(body, first, value | {"value": 10.005})
        yield Breakage("a fraction of a cent", fine, f"{place}.value", IssueCode.VALUE)
    if site.field.type == "Reference":
        yield from _reference(body, site, first, place)


def _reference(body: Resource, site: Site, first: tuple[str | int, ...], place: str) -> Iterator[Breakage]:
    wrong = ["Nonsense/1", "just words", "#nobody", "Patient/"]
    for one in wrong:
        code = IssueCode.INVARIANT if one.startswith("#") else IssueCode.VALUE
        yield Breakage("no reference", _with(body, first, {"reference": one}), f"{place}.reference", code)
    if site.field.targets is not ANY:
        for one in ("Basic/1", "https://ehr.example.org/r4/Basic/1", "Basic?identifier=1", "Basic/1/_history/2"):
            yield Breakage(
                "another type", _with(body, first, {"reference": one}), f"{place}.reference", IssueCode.VALUE
            )
        typed = _with(body, first, {"type": "Basic", "identifier": {"value": "1"}})
        yield Breakage("another type told", typed, f"{place}.type", IssueCode.VALUE)
