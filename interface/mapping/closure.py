"""Closures made of closures: what expressions put together, compiled."""

from collections.abc import Callable, Sequence
from typing import Any

from interface.mapping.reader import Holds, Read
from interface.mapping.scope import UNSAID, Said, Scope


def first_said(options: Sequence[Read]) -> Read:
    """The first that says something, a clear included."""
    first, *others = options

    def read(scope: Scope) -> Said:
        value = first(scope)
        if value is not UNSAID:
            return value
        for option in others:
            value = option(scope)
            if value is not UNSAID:
                return value
        return UNSAID

    return read


def folded(read: Read) -> Read:
    """Text without regard to case."""
    return lambda scope: (read(scope) or "").casefold()


def as_flag(holds: Holds) -> Read:
    """A condition as a value."""
    return lambda scope: bool(holds(scope))


def given(value: Read, holds: Holds) -> Read:
    """A value where a condition holds; else nothing is said."""
    return lambda scope: value(scope) if holds(scope) else UNSAID


def applied(read: Read, work: Callable[[Any, Scope], Said]) -> Read:
    """A value handed on to a function; nothing said and cleared pass by it."""

    def applied(scope: Scope) -> Said:
        value = read(scope)
        return value if value is None or value is UNSAID else work(value, scope)

    return applied
