"""Expressions written again as people write them, so that a part of a rule can be shown by itself."""

import re
from typing import Final

from interface.mapping.expression import (
    All,
    Among,
    Call,
    ElementPath,
    Equal,
    Expression,
    Fallback,
    Given,
    Literal,
    Name,
    Not,
    Part,
    Piped,
    Reference,
    Some,
)

# How tightly each binds; what binds less than its surroundings stands between brackets.
_BINDS: Final = {Given: 0, Some: 1, All: 2, Not: 3, Equal: 4, Among: 4, Fallback: 5, Piped: 6}
_ATOM: Final = 7
_BARE: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*|[0-9]+")


def written(tree: Expression, least: int = 0) -> str:
    """The expression's text, between brackets where it binds less than `least`."""
    text = _text(tree)
    return f"({text})" if _BINDS.get(type(tree), _ATOM) < least else text


def call_written(call: Call) -> str:
    """A function with its arguments: `table(sex)`."""
    arguments = ", ".join(one if _BARE.fullmatch(one) else _quoted(one) for one in call.arguments)
    return f"{call.name}({arguments})" if arguments else call.name


def _text(tree: Expression) -> str:
    match tree:
        case Literal(text=text):
            found = text if text.isascii() and text.isdecimal() else _quoted(text)
        case Name(name=name):
            found = name
        case Part(component=component, subcomponent=subcomponent):
            found = f".{component}" + (f".{subcomponent}" if subcomponent is not None else "")
        case Reference() | ElementPath():
            found = _path(tree) if isinstance(tree, Reference) else str(tree)
        case Piped(source=source, calls=calls):
            found = " | ".join([written(source, _ATOM), *map(call_written, calls)])
        case Fallback(options=options):
            found = " ?? ".join(written(one, 6) for one in options)
        case Given(value=value, condition=condition):
            found = f"{written(value, 1)} if {written(condition, 1)}"
        case Equal(left=left, right=right, is_negated=is_negated):
            found = f"{written(left, 5)} {'!=' if is_negated else '='} {written(right, 5)}"
        case Among(left=left, options=options, is_negated=is_negated):
            listed = ", ".join(written(one, _ATOM) for one in options)
            found = f"{written(left, 5)} {'not in' if is_negated else 'in'} ({listed})"
        case All(parts=parts):
            found = " and ".join(written(one, 3) for one in parts)
        case Some(parts=parts):
            found = " or ".join(written(one, 2) for one in parts)
        case Not(part=part):
            found = f"not {written(part, 3)}"
    return found


def _path(path: Reference) -> str:
    occurrence = f"[{path.occurrence}]" if path.occurrence else ""
    chosen = f"[{path.repetition}]" if path.repetition else "[only]" if path.is_only else ""
    if path.choice is not None:
        chosen = f"[{written(path.choice, 1)}]"
    deeper = "".join(f".{number}" for number in (path.component, path.subcomponent) if number is not None)
    return f"{path.segment}{occurrence}-{path.field}{chosen}{deeper}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
