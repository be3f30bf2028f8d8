"""Where a value stands: `PID-3[1].4`, `GT1[2]-3.1`, `OBX[*]-5`, `PID-3[.5 = 'MR'].1`; parsed once, then evaluated."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from interface.errors import MappingError
from interface.hl7.segment import Element, Segment, text_of
from interface.hl7.value import ABSENT, Value

EVERY: Final = 0  # the index of `[*]`

# Possessive: quotes that do not close are read once, not again for each way to pair them.
_SHAPE: Final = re.compile(
    r"""(?P<segment>[A-Z][A-Z0-9]{2})
        (?: \[ (?P<occurrence> \*|[0-9]+ ) \] )?
        - (?P<field>[0-9]+)
        (?: \[ \s* (?: (?P<repetition> \*|[0-9]+ ) | (?P<choice> \.(?: [^'\]] | '(?:[^']|'')*+' )++ ) ) \s* \] )?
        (?: \. (?P<component>[0-9]+) (?: \. (?P<subcomponent>[0-9]+) )? )?""",
    re.VERBOSE,
)
_CONDITION: Final = re.compile(r"\s*\.([0-9]+)(?:\.([0-9]+))?\s*=\s*'((?:[^']|'')*)'\s*(and\b|$)")


class Readable(Protocol):
    """What a path can be evaluated against: a message, or one segment of it."""

    def find(self, name: str, occurrence: int) -> Segment | None: ...

    def find_all(self, name: str) -> list[Segment]: ...


@dataclass(frozen=True, slots=True)
class Condition:
    """A repetition is chosen when this component (or subcomponent) of it equals `text`."""

    component: int
    subcomponent: int
    text: str

    def __str__(self) -> str:
        deeper = f".{self.subcomponent}" if self.subcomponent > 1 else ""
        quoted = self.text.replace("'", "''")
        return f".{self.component}{deeper} = '{quoted}'"

    def holds(self, er7: str, segment: Segment) -> bool:
        return text_of(er7, self.component, self.subcomponent, segment.delimiters, segment.charset) == self.text


@dataclass(frozen=True, slots=True)
class Path:
    """A checked path. Numbers start at 1; None = not written, EVERY = written `[*]`.

    Not written means: the first, when one value is asked for; every one, when all are. `choice` (conditions joined by
    `and`) picks the repetitions whose components match. A path never fails on a message: what is not there is absent.
    """

    segment: str
    field: int
    occurrence: int | None = None
    repetition: int | None = None
    choice: tuple[Condition, ...] = ()
    component: int | None = None
    subcomponent: int | None = None

    @staticmethod
    def parse(text: str) -> "Path":
        """Parses and caches. Raises MappingError `path-malformed` or `path-out-of-range`."""
        return _parsed(text)

    def __str__(self) -> str:
        segment = self.segment + _index(self.occurrence)
        picked = f"[{' and '.join(map(str, self.choice))}]" if self.choice else _index(self.repetition)
        deeper = "".join(f".{number}" for number in (self.component, self.subcomponent) if number is not None)
        return f"{segment}-{self.field}{picked}{deeper}"

    @property
    def place(self) -> str:
        """Segment and field only, `PID-3`: what may be said about a place without saying more."""
        return f"{self.segment}-{self.field}"

    @property
    def is_single(self) -> bool:
        """Names one place at most: no `[*]`."""
        return EVERY not in (self.occurrence, self.repetition)

    def text(self, source: Readable) -> str:
        """The first value's text, unescaped; empty when it is absent, empty or null. The hot path."""
        segment = source.find(self.segment, self.occurrence or 1)
        if segment is None:
            return ""
        repetition = self.chosen(segment) if self.choice else self.repetition or 1
        return segment.text(self.field, repetition, self.component or 1, self.subcomponent or 1) if repetition else ""

    def evaluate(self, source: Readable) -> Value:
        """The first value with its presence."""
        segment = source.find(self.segment, self.occurrence or 1)
        if segment is None:
            return ABSENT
        repetition = self.chosen(segment) if self.choice else self.repetition or 1
        if not repetition:
            return ABSENT
        return segment.value(self.field, repetition, self.component or 1, self.subcomponent or 1)

    def all(self, source: Readable) -> list[Value]:
        """Every value that the path can mean, in message order: one for each repetition that is there."""
        return [element.value(self.component or 1, self.subcomponent or 1) for element in self.elements(source)]

    def element(self, source: Readable) -> Element | None:
        """The first repetition as sent, whatever component the path names; None when there is none."""
        segment = source.find(self.segment, self.occurrence or 1)
        elements = self._elements_of(segment) if segment else []
        return elements[0] if elements else None

    def elements(self, source: Readable) -> list[Element]:
        """The repetitions as sent, for the readers of composite data types."""
        if self.occurrence:
            segment = source.find(self.segment, self.occurrence)
            return self._elements_of(segment) if segment else []
        return [element for segment in source.find_all(self.segment) for element in self._elements_of(segment)]

    def _elements_of(self, segment: Segment) -> list[Element]:
        elements = segment.elements(self.field)
        if self.repetition:
            return elements[self.repetition - 1 : self.repetition]
        return [each for each in elements if self._matches(each.er7, segment)] if self.choice else elements

    def chosen(self, segment: Segment) -> int:
        """The number of the first repetition that matches the choice; 0 when none does."""
        for number, er7 in enumerate(segment.repetitions(self.field), start=1):
            if self._matches(er7, segment):
                return number
        return 0

    def _matches(self, er7: str, segment: Segment) -> bool:
        return all(condition.holds(er7, segment) for condition in self.choice)


def _index(number: int | None) -> str:
    return "" if number is None else "[*]" if number == EVERY else f"[{number}]"


@lru_cache(maxsize=8192)
def _parsed(text: str) -> Path:
    shape = _SHAPE.fullmatch(text.strip())
    if shape is None:
        raise MappingError(
            "path-malformed",
            "not a path",
            place=text,
            advice="write SEG-field, as PID-3[1].4, GT1[2]-3.1 or PID-3[.5 = 'MR'].1",
        )
    field = _number(shape["field"], text)
    if field is None or field < 1:
        raise _out_of_range(text)
    return Path(
        shape["segment"],
        field,
        _number(shape["occurrence"], text),
        _number(shape["repetition"], text),
        _conditions(shape["choice"], text) if shape["choice"] else (),
        _number(shape["component"], text),
        _number(shape["subcomponent"], text),
    )


def _number(written: str | None, text: str) -> int | None:
    if written is None:
        return None
    if written == "*":
        return EVERY
    number = int(written) if len(written) <= 5 else 0
    if number < 1:
        raise _out_of_range(text)
    return number


def _conditions(written: str, text: str) -> tuple[Condition, ...]:
    conditions: list[Condition] = []
    at = 0
    joined = True
    while joined:
        found = _CONDITION.match(written, at)
        if found is None:
            raise MappingError(
                "path-malformed", "not a choice", place=text, advice="write [.5 = 'MR' and .4 = 'NORTH']"
            )
        component, subcomponent = _number(found[1], text), _number(found[2] or "1", text)
        conditions.append(Condition(component or 1, subcomponent or 1, found[3].replace("''", "'")))
        at, joined = found.end(), bool(found[4])
    return tuple(conditions)


def _out_of_range(text: str) -> MappingError:
    return MappingError("path-out-of-range", "every number of a path lies between 1 and 99999", place=text)
