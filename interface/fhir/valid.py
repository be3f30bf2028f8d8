"""Whether a body is good FHIR R4: structure, formats, required codes, what references are to, invariants and amounts.

Every finding names its element by a simple FHIRPath (OperationOutcome.issue.expression) and the rule, never a value. `shape.py`
is the cheap look that every reader of a stored body takes; whatever it refuses is an error here, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from interface.fhir.definition import RESOURCES, SUBSCRIPTIONS, Definition, Field, definition_of
from interface.fhir.finding import Findings
from interface.fhir.invariant import INVARIANTS, contained
from interface.fhir.outcome import Issue, IssueCode
from interface.fhir.primitive import PRIMITIVES, is_decimal_text
from interface.fhir.structure import resources
from interface.fhir.target import Scope, check, entries_of, scope_of
from interface.fhir.text import DEEPEST, Resource

_MOST_CODES_TOLD = 30
_LONGEST_NAME = 64  # characters of a property that is told


def issues_of(resource: Resource) -> tuple[Issue, ...]:
    """What is to be said of a resource, errors first: each with its IssueCode, the rule, and the element's FHIRPath.

    Whatever JSON it is, nothing is raised. Without an error it is R4 as far as this is checked, and amounts are decimals of a
    currency of ISO 4217. Definitions are loaded by the first body of a type, some 0.3 s in all: see `prepare`.
    """
    found = Findings()
    _resource(resource, "", {}, found)
    return found.issues


def prepare() -> None:
    """Load the definitions of what is written, so that the first body waits for nothing: for the start of a server."""
    todo, seen = [*resources(), "Bundle", "MessageHeader", "Element"], set()
    while todo:
        definition = definition_of(todo.pop())
        if definition is not None and definition.type not in seen:
            seen.add(definition.type)
            todo += {field.type for field in definition.fields.values() if not field.is_primitive}


def _resource(node: Resource, at: str, entries: Mapping[str, str], found: Findings) -> None:
    """A resource that stands by itself or is an entry of a Bundle."""
    type_ = _type(node)
    scope = scope_of(node, entries_of(node) if type_ == "Bundle" else entries)
    walk = _Walk(scope, found, type_ in resources())
    walk.resource(node, at, at.count("."))
    contained(node, at or type_, scope.named, found)


def _type(node: Resource) -> str:
    type_ = node.get("resourceType")
    return type_ if isinstance(type_, str) and (type_ in RESOURCES or type_ in SUBSCRIPTIONS) else ""


@dataclass(frozen=True, slots=True)
class _Walk:
    scope: Scope
    found: Findings
    is_billing: bool  # amounts of other resources, claims for one, have decimals as their sender's arithmetic left them

    def resource(self, node: Resource, at: str, depth: int) -> None:
        type_ = _type(node)
        at = at or type_
        if not type_:
            self.found.tell(
                IssueCode.STRUCTURE, "resourceType names a resource of R4", f"{at}.resourceType".lstrip(".")
            )
            return
        definition = definition_of(type_)
        if definition is None:
            self.found.tell(IssueCode.NOT_SUPPORTED, f"a resource of type {type_} is not looked into", at, "undefined")
            return
        self._object(definition, {key: value for key, value in node.items() if key != "resourceType"}, at, depth)

    def _object(self, definition: Definition, node: Resource, at: str, depth: int) -> None:
        if depth > DEEPEST:
            self.found.tell(IssueCode.TOO_COSTLY, f"it is nested deeper than {DEEPEST}", at)
            return
        fields = definition.fields
        for key, value in node.items():
            field = fields.get(key)
            if self.found.is_full:
                return
            if field is not None:
                self._element(field, value, node.get(f"_{key}"), f"{at}.{field.name}", depth)
            elif key[:1] == "_" and (field := fields.get(key[1:])) is not None and field.is_primitive:
                self._beside(field, value, f"{at}.{field.name}", depth)
            else:
                self._unknown(key, at)
        self._presence(definition, node, at)
        if definition.type != "Money" or self.is_billing:
            for rule in INVARIANTS.get(definition.type, ()):
                rule(node, at, self.found)

    def _presence(self, definition: Definition, node: Resource, at: str) -> None:
        for name, keys in definition.required:
            if all(node.get(key) is None and f"_{key}" not in node for key in keys):
                self.found.tell(IssueCode.REQUIRED, f"{definition.type}.{name} is required", f"{at}.{name}")
        for name, keys in definition.choices:
            if sum(key in node or f"_{key}" in node for key in keys) > 1:
                self.found.tell(
                    IssueCode.STRUCTURE, f"{name}[x] has one type, and stands here with several", f"{at}.{name}"
                )

    def _unknown(self, key: str, at: str) -> None:
        told = f"{at}.{key}" if key.isidentifier() and key.isascii() and len(key) <= _LONGEST_NAME else at
        self.found.tell(
            IssueCode.STRUCTURE, "R4 has no such element here; what it does not know stands in an extension", told
        )

    def _element(self, field: Field, value: Any, beside: Any, at: str, depth: int) -> None:
        if value is None:
            self.found.tell(IssueCode.STRUCTURE, "null says nothing; leave the element out", at, "null")
        elif not field.is_list:
            if isinstance(value, list):
                self.found.tell(IssueCode.STRUCTURE, "no list is wanted: the element does not repeat", at)
            else:
                self._value(field, value, at, depth)
        elif not isinstance(value, list):
            self.found.tell(IssueCode.STRUCTURE, "a list is wanted, of one value, too", at)
        elif not value:
            self.found.tell(IssueCode.STRUCTURE, "a list is not empty; leave the element out", at)
        else:
            others = beside if isinstance(beside, list) else []
            for number, one in enumerate(value):
                if self.found.is_full:
                    return
                if one is not None:
                    self._value(field, one, f"{at}[{number}]", depth)
                elif not field.is_primitive or number >= len(others) or others[number] is None:
                    self.found.tell(
                        IssueCode.STRUCTURE, "null stands only where an extension takes its place", f"{at}[{number}]"
                    )

    def _beside(self, field: Field, value: Any, at: str, depth: int) -> None:
        """The id and extensions of a primitive value (R4 section 2.6.2.3)."""
        of = definition_of("Element")
        if value is None:
            self.found.tell(IssueCode.STRUCTURE, "null says nothing; leave the element out", at, "null")
            return
        if field.is_list is not isinstance(value, list):
            self.found.tell(IssueCode.STRUCTURE, "a list is wanted" if field.is_list else "no list is wanted", at)
            return
        for number, one in enumerate(value if field.is_list else (value,)):
            place = f"{at}[{number}]" if field.is_list else at
            if isinstance(one, dict) and of is not None:
                self._filled(of, one, place, depth)
            elif not (one is None and field.is_list):
                self.found.tell(IssueCode.STRUCTURE, "an object with id or extension is wanted", place)

    def _value(self, field: Field, value: Any, at: str, depth: int) -> None:
        if field.is_primitive:
            self._primitive(field, value, at)
        elif not isinstance(value, dict):
            self.found.tell(IssueCode.STRUCTURE, "an object is wanted", at)
        elif field.type == "Resource":
            self._inner(field, value, at, depth)
        elif (definition := definition_of(field.type)) is not None:
            if field.type == "Reference":
                check(value, field.targets, at, self.scope, self.found)
            self._filled(definition, value, at, depth)

    def _filled(self, definition: Definition, node: Resource, at: str, depth: int) -> None:
        if not node.keys() - {"id"}:
            self.found.tell(
                IssueCode.INVARIANT, "an element has a value or elements; leave out what is empty", at, "ele-1"
            )
        self._object(definition, node, at, depth + 1)

    def _inner(self, field: Field, node: Resource, at: str, depth: int) -> None:
        if field.name == "contained":
            if depth > DEEPEST:
                self.found.tell(IssueCode.TOO_COSTLY, f"it is nested deeper than {DEEPEST}", at)
                return
            self.resource(node, at, depth + 1)
        else:
            _resource(node, at, self.scope.entries, self.found)

    def _primitive(self, field: Field, value: Any, at: str) -> None:
        of = PRIMITIVES[field.type]
        if not isinstance(value, of.python) or (value is True or value is False) is not (field.type == "boolean"):
            if field.type == "decimal" and isinstance(value, str) and is_decimal_text(value):
                self.found.tell(IssueCode.VALUE, "a decimal is a number of JSON, without quotes", at, "decimal-text")
            else:
                self.found.tell(IssueCode.STRUCTURE, f"{of.kind} is wanted", at)
        elif not of.fits(value):
            self.found.tell(IssueCode.VALUE, of.rule, at)
        elif field.codes and value not in field.codes:
            self.found.tell(IssueCode.CODE_INVALID, _codes(field), at)


def _codes(field: Field) -> str:
    if len(field.codes) > _MOST_CODES_TOLD:
        return "a code of the value set that R4 requires here" + (", ISO 4217" if field.name == "currency" else "")
    return f"one of {', '.join(sorted(field.codes))}"
