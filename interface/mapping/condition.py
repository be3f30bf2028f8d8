"""Conditions compiled to closures that hold or do not. Texts are compared to the letter; what is unsaid or cleared is empty."""

from collections.abc import Callable, Sequence

from interface.mapping.reader import Holds, Read
from interface.mapping.scope import Scope


def equal(left: Read, right: Read, *, is_negated: bool) -> Holds:
    """`=` and `!=`."""
    if is_negated:
        return lambda scope: (left(scope) or "") != (right(scope) or "")
    return lambda scope: (left(scope) or "") == (right(scope) or "")


def equals(left: Read, text: str, *, is_negated: bool) -> Holds:
    """`=` and `!=` against a literal."""
    if is_negated:
        return lambda scope: (left(scope) or "") != text
    return lambda scope: (left(scope) or "") == text


def among(left: Read, options: Sequence[Read], *, is_negated: bool) -> Holds:
    """`in` and `not in`."""

    def holds(scope: Scope) -> bool:
        value = left(scope) or ""
        return any((option(scope) or "") == value for option in options) is not is_negated

    return holds


def all_of(parts: Sequence[Holds]) -> Holds:
    """`and`, up to the first that does not hold."""

    def holds(scope: Scope) -> bool:
        for part in parts:  # noqa: SIM110 - a loop costs half of what all() over a generator does
            if not part(scope):
                return False
        return True

    return holds


def some_of(parts: Sequence[Holds]) -> Holds:
    """`or`, up to the first that holds."""

    def holds(scope: Scope) -> bool:
        for part in parts:  # noqa: SIM110 - as above
            if part(scope):
                return True
        return False

    return holds


def negated(part: Holds) -> Holds:
    """`not`."""
    return lambda scope: not part(scope)


def of_repetition(condition: Holds) -> Callable[[str, Scope], object]:
    """A choice: the condition sees one repetition at a time through `Scope.repetition`."""

    def holds(er7: str, scope: Scope) -> object:
        scope.repetition = er7
        return condition(scope)

    return holds
