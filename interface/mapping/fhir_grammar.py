"""The grammar of mapping expressions whose paths are FHIRPath, and advice for what people type instead.

Around the paths it is the same language. Inside of `where(..)` and `exists(..)` stands FHIRPath alone; `|` is a pipe, no union.
"""

import re
from decimal import Decimal
from functools import cache
from typing import Any, Final

from lark import Lark, Token, UnexpectedInput, v_args
from lark.tree import Meta

from interface.fhir.path import Compared, Constant, Criterion, Joined, Member, Path
from interface.mapping.expression import ElementPath, Expression, Literal, Name
from interface.mapping.grammar import AROUND_PATHS, Builder, about_operators, about_quotes, fault

GRAMMAR: Final = (
    AROUND_PATHS
    + r"""
?atom: path                                   -> element
     | STRING                                 -> string
     | NUMBER                                 -> number
     | VARIABLE                               -> name
     | "true"                                 -> yes
     | "false"                                -> no
     | "(" value ")"

?path: TYPE ("." member)*                     -> of_type
     | "%resource" ("." member)*              -> of_resource
     | member ("." member)*                   -> relative
     | "(" path "as" (TYPE | NAME) ")" ("." member)*  -> cast
member: NAME [arguments] [index]
arguments: "(" [criterion ("," criterion)*] ")"
index: "[" NUMBER "]"
?criterion: every
          | every ("or" every)+               -> any_of
?every: compared
      | compared ("and" compared)+            -> all_of
?compared: operand
         | operand "=" operand                -> same
         | operand "!=" operand               -> other
?operand: path
        | STRING                              -> text
        | NUMBER                              -> amount
        | "true"                              -> true
        | "false"                             -> false
        | "(" criterion ")"

TYPE: /[A-Z][A-Za-z]+/
STRING: /'(?:[^'\\]|''|\\.)*'/
NUMBER: /[0-9]+(\.[0-9]+)?/
VARIABLE: /%[a-z_]+/
NAME: /[a-z][A-Za-z0-9_]*/
%ignore /[ \t\n]+/
"""
)
_HL7: Final = re.compile(r"\b[A-Z][A-Z0-9]{2}(\[[0-9]+\])?-[0-9]")
_EXAMPLE: Final = "as in Patient.name.where(use = 'official').family ?? Patient.name.family | upper"


def parse_value(text: str) -> Expression:
    """Read an expression that gives a value. Raises `SyntaxFault`."""
    tree: Expression = _parse(text, "value")
    return tree


def parse_condition(text: str) -> Expression:
    """Read an expression that holds or does not. Raises `SyntaxFault`."""
    tree: Expression = _parse(text, "condition")
    return tree


def parse_path(text: str) -> Path:
    """Read a lone path, as `each` has it. Raises `SyntaxFault`."""
    found: Path = _parse(text, "path")
    return found


def _parse(text: str, start: str) -> Any:
    try:
        tree = _parser().parse(text, start=start)
    except UnexpectedInput as unexpected:
        raise fault(text, unexpected, _advice) from None
    return _PathBuilder().transform(tree)


@cache
def _parser() -> Lark:
    starts = ["value", "condition", "path"]
    return Lark(GRAMMAR, parser="lalr", start=starts, propagate_positions=True, maybe_placeholders=True)


@v_args(meta=True)
class _PathBuilder(Builder):
    @staticmethod
    def _unquoted(text: str) -> str:
        """As FHIRPath writes texts, and as the mapping language does: a quote inside has a backslash or another quote before it."""
        return re.sub(r"''|\\(.)", lambda found: found[1] or "'", text[1:-1])

    def name(self, meta: Meta, parts: list[Token]) -> Name:
        return Name(str(parts[0])[1:], meta.start_pos)

    def yes(self, meta: Meta, _parts: list[Any]) -> Literal:
        return Literal("true", meta.start_pos)

    def no(self, meta: Meta, _parts: list[Any]) -> Literal:
        return Literal("false", meta.start_pos)

    def element(self, meta: Meta, parts: list[Path]) -> ElementPath:
        return ElementPath(parts[0], meta.start_pos)

    # ------------------------------------------------------------ paths

    def of_type(self, meta: Meta, parts: list[Any]) -> Path:
        type_, *steps = parts
        return Path(tuple(steps), str(type_), is_of_resource=False, at=meta.start_pos)

    def of_resource(self, meta: Meta, parts: list[Member]) -> Path:
        return Path(tuple(parts), is_of_resource=True, at=meta.start_pos)

    def relative(self, meta: Meta, parts: list[Member]) -> Path:
        return Path(tuple(parts), at=meta.start_pos)

    def cast(self, meta: Meta, parts: list[Any]) -> Path:
        path, type_, *steps = parts
        named = Path((), str(type_)) if type_[0].isupper() else Path((Member(str(type_)),))
        taken = Member("as", (named,), at=type_.start_pos)
        return Path((*path.steps, taken, *steps), path.type, path.is_of_resource, meta.start_pos)

    def member(self, meta: Meta, parts: list[Any]) -> Member:
        name, arguments, index = parts
        return Member(str(name), arguments, index, meta.start_pos)

    def arguments(self, _meta: Meta, parts: list[Criterion | None]) -> tuple[Criterion, ...]:
        return tuple(part for part in parts if part is not None)

    def index(self, _meta: Meta, parts: list[Token]) -> int:
        return int(Decimal(parts[0]))

    # ------------------------------------------------------------ criteria

    def any_of(self, meta: Meta, parts: list[Criterion]) -> Joined:
        return Joined(tuple(parts), is_any=True, at=meta.start_pos)

    def all_of(self, meta: Meta, parts: list[Criterion]) -> Joined:
        return Joined(tuple(parts), at=meta.start_pos)

    def same(self, meta: Meta, parts: list[Criterion]) -> Compared:
        return Compared(parts[0], parts[1], at=meta.start_pos)

    def other(self, meta: Meta, parts: list[Criterion]) -> Compared:
        return Compared(parts[0], parts[1], is_negated=True, at=meta.start_pos)

    def text(self, meta: Meta, parts: list[Token]) -> Constant:
        return Constant(self._unquoted(parts[0]), meta.start_pos)

    def amount(self, meta: Meta, parts: list[Token]) -> Constant:
        return Constant(Decimal(parts[0]), meta.start_pos)

    def true(self, meta: Meta, _parts: list[Any]) -> Constant:
        return Constant(value=True, at=meta.start_pos)

    def false(self, meta: Meta, _parts: list[Any]) -> Constant:
        return Constant(value=False, at=meta.start_pos)


def _advice(text: str, at: int) -> str:
    if _HL7.search(text):
        return "this file reads FHIR: write a FHIRPath, as Patient.birthDate"
    return about_quotes(text, at) or about_operators(text, at) or _EXAMPLE
