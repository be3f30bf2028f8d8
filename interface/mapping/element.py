"""FHIRPath as rules read it: what a path finds, as the text, flag, element or identifier that is wanted.

What a path finds first counts; several different identifiers are never guessed among.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from interface.fhir.path import BOOLEAN, Compiled, Path, PathError, compile_path
from interface.fhir.structure import is_primitive
from interface.ledger.noun import Identifier, Noun
from interface.mapping.fhir_identifier import reader_of
from interface.mapping.identifier import Naming
from interface.mapping.kind import Type
from interface.mapping.reader import Holds, Read
from interface.mapping.scope import UNSAID, Said, Scope
from interface.mapping.selection import AmbiguousIdentifierError

# What a rule may have meant where it names an element that has no text of its own.
_INSIDE: Final[Mapping[str, str]] = {
    "CodeableConcept": "`.coding.code` or `.text`",
    "Coding": "`.code`",
    "Identifier": "`.value`",
    "Reference": "`.identifier.value` or `.display`",
    "HumanName": "`.family` or `.given.first()`",
    "Address": "`.city` and the like",
    "ContactPoint": "`.where(system = 'phone').value`",
    "Money": "`| money`",
    "Quantity": "`.value`",
    "Period": "`.start` or `.end`",
    "Extension": "`.value.ofType(..)`",
}


class MismatchError(PathError):
    """A path that gives something else than is wanted."""


@dataclass(frozen=True, slots=True)
class Looking:
    """From where paths go: `focus` are the types of the element in view. Whose numbers are wanted: `noun`."""

    focus: frozenset[str]
    naming: Naming
    noun: Noun | None = None


def compiled(path: Path, looking: Looking) -> Compiled:
    """The path, from the element in view. Raises PathError."""
    return compile_path(path, looking.focus)


def read_of(path: Path, wanted: Type, looking: Looking) -> Read:
    """What the path finds, as `wanted`: TEXT, FLAG, FIELD (the element) or IDENTIFIER. Raises PathError where it cannot be that."""
    found = compiled(path, looking)
    match wanted:
        case Type.FLAG if found.types == BOOLEAN:
            return _flag(found)
        case Type.FIELD:
            return _of_type(path, _first(found))
        case Type.IDENTIFIER:
            return _of_type(path, _identifier(path, found, looking))
        case Type.TEXT if found.types == BOOLEAN:
            return _text(found)
        case Type.TEXT if all(map(is_primitive, found.types)):
            return _of_type(path, _text(found))
    raise MismatchError(path.at, _mismatch(found, wanted), _remedy(found, wanted))


def _of_type(path: Path, read: Read) -> Read:
    """The same, where most rules of a file are of other resources than the one at hand. Not for what answers yes or no."""
    if not path.type:
        return read
    of = path.type
    return lambda scope: read(scope) if scope.names["type"] == of else UNSAID


def holds_of(path: Path, looking: Looking) -> Holds:
    """Whether the path finds anything but `false`."""
    walk = compiled(path, looking).walk

    def holds(scope: Scope) -> bool:
        found = walk([scope.node], scope.resource)
        return bool(found) and found[0] is not False

    return holds


def _flag(found: Compiled) -> Read:
    walk = found.walk

    def read(scope: Scope) -> Said:
        values = walk([scope.node], scope.resource)
        return bool(values[0]) if values else UNSAID

    return read


def _first(found: Compiled) -> Read:
    walk = found.walk

    def read(scope: Scope) -> Said:
        values = walk([scope.node], scope.resource)
        return values[0] if values else UNSAID

    return read


def _text(found: Compiled) -> Read:
    walk = found.walk

    def read(scope: Scope) -> Said:
        values = walk([scope.node], scope.resource)
        return text_of(values[0]) if values else UNSAID

    return read


def text_of(value: Any) -> Said:
    """A plain JSON value as a text, outer blanks taken off."""
    if type(value) is str:
        return value.strip() or UNSAID
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


# ---------------------------------------------------------------- identifiers


def _identifier(path: Path, found: Compiled, looking: Looking) -> Read:
    """The one identifier that the path leaves."""
    walk, place, listed = found.walk, str(path), _each(path, found, looking)

    def read(scope: Scope) -> Said:
        values = walk([scope.node], scope.resource)
        if not values:
            return UNSAID
        numbers = listed(values, scope)
        if len(set(numbers)) > 1:
            raise AmbiguousIdentifierError(
                scope.placed(place), f"choose by type and system, as {place}.where(system = 'URI')"
            )
        return numbers[0] if numbers else UNSAID

    return read


def identifiers_of(path: Path, looking: Looking) -> Read:
    """Rows of authority, type and value: all identifiers that the path finds."""
    found = compiled(path, looking)
    walk, listed = found.walk, _each(path, found, replace(looking, noun=None))

    def read(scope: Scope) -> Said:
        numbers = listed(walk([scope.node], scope.resource), scope)
        return [one._asdict() for one in dict.fromkeys(numbers)] or UNSAID

    return read


def _each(path: Path, found: Compiled, looking: Looking) -> Any:
    if not found.types <= {"Identifier", "Reference"}:
        advice = "name an Identifier or a Reference, as Patient.identifier"
        raise MismatchError(path.at, _mismatch(found, Type.IDENTIFIER), advice)
    read_one = reader_of(str(path), looking.noun, looking.naming)

    def listed(values: list[Any], scope: Scope) -> list[Identifier]:
        numbers = (read_one(value, scope) for value in values)
        return [one for one in numbers if one is not UNSAID]

    return listed


def _mismatch(found: Compiled, wanted: Type) -> str:
    named = " or ".join(sorted(found.types)[:4])
    return f"this gives {named}, and a {wanted} is wanted"


def _remedy(found: Compiled, wanted: Type) -> str:
    if wanted is Type.TEXT:
        inside = [_INSIDE[one] for one in sorted(found.types) if one in _INSIDE]
        return f"write {inside[0]} behind it" if inside else "name what is inside of it"
    return f"add `| {_FUNCTION[wanted]}`" if wanted in _FUNCTION else ""


_FUNCTION: Final = {
    Type.DATE: "date",
    Type.INSTANT: "datetime",
    Type.FLAG: "flag",
    Type.NUMBER: "number",
    Type.MONEY: "money",
}
