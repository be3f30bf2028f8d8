"""Paths compiled to closures over split fields: the innermost loop of mapping.

A closure gives text (unescaped, outer blanks trimmed), `None` where the sender clears (`""`), `UNSAID` where nothing is said.
Below a cleared field everything is cleared.
"""

from collections.abc import Callable

from interface.hl7.delimiters import UNUSED
from interface.hl7.escape import unescape
from interface.hl7.value import NULL_ER7
from interface.mapping.scope import UNSAID, Said, Scope

Read = Callable[[Scope], Said]
Holds = Callable[[Scope], object]
Chosen = Callable[[str, Scope], object]


def whole(segment: str, field: int, *, repetition: int = 1) -> Read:
    """One repetition as sent, in ER7."""
    is_header = segment == "MSH"

    def read(scope: Scope) -> Said:
        fields = scope.fields.get(segment)
        if fields is None or field >= len(fields):
            return UNSAID
        er7 = fields[field]
        if not er7:
            return UNSAID
        separator = scope.delimiters.repetition
        if separator in er7 and not (is_header and field <= 2):
            parts = er7.split(separator)
            if repetition > len(parts):
                return UNSAID
            er7 = parts[repetition - 1]
        elif repetition != 1:
            return UNSAID
        if er7 == NULL_ER7:
            return scope.null
        return er7 or UNSAID

    return read


def chosen(segment: str, field: int, condition: Chosen) -> Read:
    """The first repetition that fits, in ER7. A field that is cleared whole is cleared whatever the choice."""

    def read(scope: Scope) -> Said:
        fields = scope.fields.get(segment)
        if fields is None or field >= len(fields):
            return UNSAID
        er7 = fields[field]
        if not er7:
            return UNSAID
        if er7 == NULL_ER7:
            return scope.null
        for part in er7.split(scope.delimiters.repetition):
            if part and condition(part, scope):
                return part
        return UNSAID

    return read


def part_of(er7: str, scope: Scope, component: int, subcomponent: int) -> Said:  # noqa: PLR0911 - each level may end it
    """A leaf of one repetition."""
    delimiters = scope.delimiters
    separator = delimiters.component
    if separator in er7:
        parts = er7.split(separator, component)
        if component > len(parts):
            return UNSAID
        er7 = parts[component - 1]
        if er7 == NULL_ER7:
            return scope.null
    elif component != 1:
        return UNSAID
    separator = delimiters.subcomponent
    if separator in er7:
        parts = er7.split(separator, subcomponent)
        if subcomponent > len(parts):
            return UNSAID
        er7 = parts[subcomponent - 1]
        if er7 == NULL_ER7:
            return scope.null
    elif subcomponent != 1:
        return UNSAID
    if delimiters.escape in er7:
        er7 = unescape(er7, delimiters, scope.charset)
    return er7.strip() or UNSAID


def leaf(element: Read, component: int, subcomponent: int) -> Read:
    """A leaf of the repetition that `element` finds."""

    def read(scope: Scope) -> Said:
        er7 = element(scope)
        if er7 is None or er7 is UNSAID:
            return er7
        return part_of(er7, scope, component, subcomponent)

    return read


def plain(segment: str, field: int) -> Read:
    """The first component of a field's first repetition: written out in one piece, for half of all rules are this."""

    def read(scope: Scope) -> Said:
        fields = scope.fields.get(segment)
        if fields is None or field >= len(fields):
            return UNSAID
        er7 = fields[field]
        if er7.isalnum():  # no delimiter, no blank, no null: most codes and numbers
            return er7
        if not er7:
            return UNSAID
        delimiters = scope.delimiters
        if delimiters.repetition in er7:
            er7 = er7[: er7.index(delimiters.repetition)]
        if er7 == NULL_ER7:
            return scope.null
        return part_of(er7, scope, 1, 1)

    return read


def component_of(segment: str, field: int, component: int) -> Read:
    """A component of a field's first repetition, which is split once for all the rules that read it."""
    key = (segment, field)
    index = component - 1

    def read(scope: Scope) -> Said:
        parts = scope.parts.get(key)
        if parts is None:
            parts = scope.parts[key] = _components(scope, segment, field)
        if parts is _CLEARED:
            return scope.null
        if index >= len(parts):
            return UNSAID
        text = parts[index]
        if text.isalnum():
            return text
        if text == NULL_ER7:
            return scope.null
        return part_of(text, scope, 1, 1) if text else UNSAID

    return read


_NOTHING: list[str] = []
_CLEARED: list[str] = [NULL_ER7]


def _components(scope: Scope, segment: str, field: int) -> list[str]:
    fields = scope.fields.get(segment)
    if fields is None or field >= len(fields):
        return _NOTHING
    er7 = fields[field]
    if not er7:
        return _NOTHING
    delimiters = scope.delimiters
    if delimiters.repetition in er7:
        er7 = er7[: er7.index(delimiters.repetition)]
    return _CLEARED if er7 == NULL_ER7 else er7.split(delimiters.component)


def only(segment: str, field: int) -> Read:
    """The repetition of a field that has just one with content, in ER7."""

    def read(scope: Scope) -> Said:
        fields = scope.fields.get(segment)
        if fields is None or field >= len(fields) or not fields[field]:
            return UNSAID
        if fields[field] == NULL_ER7:
            return scope.null
        separator = scope.delimiters.repetition
        parts = [part for part in fields[field].split(separator) if part.strip(scope.delimiters.component)]
        return parts[0] if len(parts) == 1 else UNSAID

    return read


def every(segment: str, field: int) -> Callable[[Scope], list[str]]:
    """All repetitions with content, in ER7; none for a field that is cleared."""

    def read(scope: Scope) -> list[str]:
        fields = scope.fields.get(segment)
        if fields is None or field >= len(fields) or fields[field] == NULL_ER7:
            return []
        separator = scope.delimiters.repetition
        parts = fields[field].split(separator) if separator != UNUSED else [fields[field]]
        return [part for part in parts if part]

    return read
