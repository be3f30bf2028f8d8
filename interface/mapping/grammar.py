"""The grammar of mapping expressions, and advice for what people type instead."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken, v_args
from lark.tree import Meta

from interface.mapping.expression import (
    All,
    Among,
    Call,
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

# What stands around the paths of every format.
AROUND_PATHS = r"""
?value: condition
      | condition "if" condition              -> given
?condition: both
          | both ("or" both)+                 -> some
?both: negation
     | negation ("and" negation)+             -> all
?negation: comparison
         | "not" negation                     -> negated
?comparison: fallback
           | fallback "=" fallback            -> equal
           | fallback "!=" fallback           -> unequal
           | fallback "in" options            -> among
           | fallback "not" "in" options      -> not_among
options: "(" atom ("," atom)* ")"
?fallback: piped
         | piped ("??" piped)+                -> fallback
?piped: atom
      | atom ("|" call)+                      -> piped
call: NAME ["(" argument ("," argument)* ")"]
?argument: STRING | NUMBER | NAME
"""
GRAMMAR = (
    AROUND_PATHS
    + r"""
?atom: path
     | PART                                   -> part
     | STRING                                 -> string
     | NUMBER                                 -> number
     | NAME                                   -> name
     | "(" value ")"
path: FIELD ["[" selector "]"] [PART]
selector: "only"                              -> only
        | condition                           -> chosen

FIELD: /[A-Z][A-Z0-9]{2}(\[[0-9]+\])?-[0-9]+/
PART: /\.[0-9]+(\.[0-9]+)?/
STRING: /'(?:[^']|'')*'/
NUMBER: /[0-9]+/
NAME: /[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*/
%ignore /[ \t\n]+/
"""
)
# Paths as other engines and habits write them: PID.5.1, PID-5-1, PID 5.1, pid-5.1, PID5.1
_OTHER_PATH = re.compile(r"\b([A-Za-z][A-Za-z0-9]{2})[ .:_-]?([0-9]+)(?:[.-]([0-9]+))?(?:[.-]([0-9]+))?")

_EXAMPLE = "as in PID-3[.5 = 'MR'].1 ?? PID-2.1 | trim"


class SyntaxFault(Exception):  # noqa: N818 - a finding on its way to a list of problems, not an error of ours
    """An expression that cannot be read: where in its text, what is wrong, what to write instead."""

    def __init__(self, at: int, text: str, advice: str) -> None:
        super().__init__(text)
        self.at = at
        self.text = text
        self.advice = advice


def parse_value(text: str) -> Expression:
    """Read an expression that gives a value. Raises `SyntaxFault`."""
    return _parse(text, "value")


def parse_condition(text: str) -> Expression:
    """Read an expression that holds or does not. Raises `SyntaxFault`."""
    return _parse(text, "condition")


def _parse(text: str, start: str) -> Expression:
    try:
        tree = _parser().parse(text, start=start)
    except UnexpectedInput as unexpected:
        raise fault(text, unexpected, _advice) from None
    return Builder().transform(tree)


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", start=["value", "condition"], propagate_positions=True, maybe_placeholders=True)


@v_args(meta=True)
class Builder(Transformer[Token, Expression]):
    """Builds the tree; a rule with one part is that part."""

    @staticmethod
    def _unquoted(text: str) -> str:
        """What stands between the quotes of a text."""
        return text[1:-1].replace("''", "'")

    def string(self, meta: Meta, parts: list[Token]) -> Literal:
        return Literal(self._unquoted(parts[0]), meta.start_pos)

    def number(self, meta: Meta, parts: list[Token]) -> Literal:
        return Literal(str(parts[0]), meta.start_pos)

    def name(self, meta: Meta, parts: list[Token]) -> Name:
        return Name(str(parts[0]), meta.start_pos)

    def part(self, meta: Meta, parts: list[Token]) -> Part:
        component, subcomponent = _numbers(parts[0])
        return Part(component, subcomponent, meta.start_pos)

    def only(self, _meta: Meta, _parts: list[Token]) -> str:
        return "only"

    def chosen(self, _meta: Meta, parts: list[Expression]) -> Expression:
        return parts[0]

    def path(self, meta: Meta, parts: list[Any]) -> Reference:
        field, selector, deeper = parts
        segment, _, number = field.rpartition("-")
        component, subcomponent = _numbers(deeper) if deeper else (None, None)
        # A lone number is no condition: it counts repetitions.
        is_number = isinstance(selector, Literal)
        return Reference(
            segment=segment[:3],
            field=int(number),
            occurrence=int(segment[4:-1]) if len(segment) > 3 else None,
            choice=None if is_number or selector in (None, "only") else selector,
            repetition=int(selector.text) if is_number else None,
            is_only=selector == "only",
            component=component,
            subcomponent=subcomponent,
            at=meta.start_pos,
        )

    def call(self, meta: Meta, parts: list[Token | None]) -> Call:
        name, *arguments = parts
        given = [argument for argument in arguments if argument is not None]
        return Call(str(name), tuple(self._unquoted(a) if a.startswith("'") else str(a) for a in given), meta.start_pos)

    def piped(self, meta: Meta, parts: list[Any]) -> Expression:
        return Piped(parts[0], tuple(parts[1:]), meta.start_pos)

    def fallback(self, meta: Meta, parts: list[Expression]) -> Expression:
        return Fallback(tuple(parts), meta.start_pos)

    def given(self, meta: Meta, parts: list[Expression]) -> Expression:
        return Given(parts[0], parts[1], meta.start_pos)

    def options(self, _meta: Meta, parts: list[Expression]) -> tuple[Expression, ...]:
        return tuple(parts)

    def equal(self, meta: Meta, parts: list[Expression]) -> Expression:
        return Equal(parts[0], parts[1], at=meta.start_pos)

    def unequal(self, meta: Meta, parts: list[Expression]) -> Expression:
        return Equal(parts[0], parts[1], is_negated=True, at=meta.start_pos)

    def among(self, meta: Meta, parts: list[Any]) -> Expression:
        return Among(parts[0], parts[1], at=meta.start_pos)

    def not_among(self, meta: Meta, parts: list[Any]) -> Expression:
        return Among(parts[0], parts[1], is_negated=True, at=meta.start_pos)

    def negated(self, meta: Meta, parts: list[Expression]) -> Expression:
        return Not(parts[0], meta.start_pos)

    def all(self, meta: Meta, parts: list[Expression]) -> Expression:
        return All(tuple(parts), meta.start_pos)

    def some(self, meta: Meta, parts: list[Expression]) -> Expression:
        return Some(tuple(parts), meta.start_pos)


def _numbers(part: str) -> tuple[int, int | None]:
    component, _, subcomponent = part[1:].partition(".")
    return int(component), int(subcomponent) if subcomponent else None


def fault(text: str, unexpected: UnexpectedInput, advise: Callable[[str, int], str]) -> SyntaxFault:
    """Where a text can be read no further, with the advice for what stands there."""
    ended = isinstance(unexpected, UnexpectedToken) and unexpected.token.type == "$END"
    at = len(text) if ended else min(unexpected.pos_in_stream or 0, len(text))
    found = "the end" if ended else f"`{text[at : at + 12].strip() or text[at:]}`"
    return SyntaxFault(at, f"cannot read this expression at {found}", advise(text, at))


def _advice(text: str, at: int) -> str:
    return _about_path(text, at) or about_quotes(text, at) or about_operators(text, at) or _EXAMPLE


def _about_path(text: str, at: int) -> str:
    for other in _OTHER_PATH.finditer(text):
        if other.start() <= at <= other.end():
            segment, field, *deeper = other.groups()
            return f"write a path as {segment.upper()}-{field}" + "".join(f".{number}" for number in deeper if number)
    return ""


def about_quotes(text: str, at: int) -> str:
    """Advice where quotes are left out, or left open."""
    if text.count("'") % 2:
        return "a text stands between two single quotes"
    if re.fullmatch(r"[A-Za-z][A-Za-z .-]*", text) and not text.islower():
        return f"write a literal text with quotes inside quotes: \"'{text}'\""
    bare = re.match(r"[A-Z][A-Za-z0-9]*(?!-)", text[at:])
    return f"a text stands between single quotes: '{bare[0]}'" if bare else ""


def about_operators(text: str, at: int) -> str:
    """Advice where another language's operators stand."""
    if any(sign in text for sign in ("==", "<>", "&&", "||")):
        return "comparisons are = and !=, joined by and, or, not"
    if re.match(r"[a-z]", text[at:]) and "|" not in text:
        return "a function stands behind a bar: PID-7 | date"
    return ""
