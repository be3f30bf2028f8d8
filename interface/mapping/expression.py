"""What an expression of the mapping language says, as a tree. `at` is the 0-based offset of a part in the expression's text."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from interface.fhir.path import Path


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or number as written between quotes or bare digits."""

    text: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """A name that the mapping's direction offers: `event`, `payment.wire_id`."""

    name: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A component of the repetition that is being chosen: `.5`, `.4.1`."""

    component: int
    subcomponent: int | None = None
    at: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """A path. `choice` picks repetitions by a condition, `repetition` by number, `is_only` takes a lone one."""

    segment: str
    field: int
    occurrence: int | None = None
    choice: "Expression | None" = None
    repetition: int | None = None
    is_only: bool = False
    component: int | None = None
    subcomponent: int | None = None
    at: int = 0

    def __str__(self) -> str:
        occurrence = f"[{self.occurrence}]" if self.occurrence else ""
        chosen = (
            "[..]" if self.choice else "[only]" if self.is_only else f"[{self.repetition}]" if self.repetition else ""
        )
        deeper = "".join(f".{number}" for number in (self.component, self.subcomponent) if number is not None)
        return f"{self.segment}{occurrence}-{self.field}{chosen}{deeper}"


@dataclass(frozen=True, slots=True)
class ElementPath:
    """A FHIRPath, where the mapping reads FHIR."""

    path: Path
    at: int = 0

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments, as it stands behind a pipe."""

    name: str
    arguments: tuple[str, ...] = ()
    at: int = 0


@dataclass(frozen=True, slots=True)
class Piped:
    """A value handed through functions."""

    source: "Expression"
    calls: tuple[Call, ...]
    at: int = 0


@dataclass(frozen=True, slots=True)
class Fallback:
    """The first option that says something (a value, or a clear)."""

    options: "tuple[Expression, ...]"
    at: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """A value that is said only if a condition holds."""

    value: "Expression"
    condition: "Expression"
    at: int = 0


@dataclass(frozen=True, slots=True)
class Equal:
    """`left = right`, or `!=` when `is_negated`. An unsaid value equals the empty text and nothing else."""

    left: "Expression"
    right: "Expression"
    is_negated: bool = False
    at: int = 0


@dataclass(frozen=True, slots=True)
class Among:
    """`left in (..)`, or `not in` when `is_negated`."""

    left: "Expression"
    options: "tuple[Expression, ...]"
    is_negated: bool = False
    at: int = 0


@dataclass(frozen=True, slots=True)
class All:
    """Conditions joined by `and`."""

    parts: "tuple[Expression, ...]"
    at: int = 0


@dataclass(frozen=True, slots=True)
class Some:
    """Conditions joined by `or`."""

    parts: "tuple[Expression, ...]"
    at: int = 0


@dataclass(frozen=True, slots=True)
class Not:
    """A condition turned round."""

    part: "Expression"
    at: int = 0


Expression = (
    Literal | Name | Part | Reference | ElementPath | Piped | Fallback | Given | Equal | Among | All | Some | Not
)


def parts(expression: Expression) -> Iterator[Expression]:
    """The expression itself and everything inside of it."""
    yield expression
    for member in fields(expression):
        value = getattr(expression, member.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Expression):
                yield from parts(part)


def references(expression: Expression) -> Iterator[Reference]:
    """Every path of an expression, those inside choices included."""
    return (part for part in parts(expression) if isinstance(part, Reference))
