"""One segment: split into fields when first asked, deeper only where asked. Holds its text unchanged."""

from dataclasses import dataclass

from interface.hl7.delimiters import HEADER_SEGMENTS, STANDARD, Delimiters
from interface.hl7.escape import unescape
from interface.hl7.value import ABSENT, EMPTY, NULL, NULL_ER7, Presence, Value


@dataclass(frozen=True, slots=True)
class Element:
    """One repetition of a field, as sent (`er7`), with what is needed to read inside it."""

    er7: str
    delimiters: Delimiters = STANDARD
    charset: str = "utf-8"

    def text(self, component: int = 1, subcomponent: int = 1) -> str:
        """The unescaped text of a leaf; empty when it is absent, empty or null."""
        return text_of(self.er7, component, subcomponent, self.delimiters, self.charset)

    def value(self, component: int = 1, subcomponent: int = 1) -> Value:
        return value_of(self.er7, component, subcomponent, self.delimiters, self.charset)

    def part(self, component: int) -> "Element":
        """A component as an element of its own: its subcomponents are its components."""
        parts = self.er7.split(self.delimiters.component)
        er7 = parts[component - 1] if component <= len(parts) else ""
        return Element(
            er7.replace(self.delimiters.subcomponent, self.delimiters.component), self.delimiters, self.charset
        )

    @property
    def is_null(self) -> bool:
        return self.er7 == NULL_ER7


class Segment:
    """Fields are numbered as in the standard, from 1; in MSH, FHS and BHS field 1 is the separator itself.

    An element that a path does not name further stands for its first component and subcomponent: so `PID-18` and
    `PID-18.1` read the same account number whether the sender writes `9001` or `9001^^^NORTH^AN` (HL7 v2.5.1 section
    2.8.2: a receiver reads a data type that has grown by its first part).
    """

    __slots__ = ("_fields", "_is_header", "charset", "delimiters", "er7", "name")

    def __init__(self, name: str, er7: str, delimiters: Delimiters = STANDARD, charset: str = "utf-8") -> None:
        self.name = name
        self.er7 = er7
        self.delimiters = delimiters
        self.charset = charset
        self._is_header = name in HEADER_SEGMENTS
        self._fields: list[str] | None = None

    def __repr__(self) -> str:
        return f"Segment({self.name})"  # never the values

    def fields(self) -> list[str]:
        """Every field as sent, at its own number; the segment's name is number 0. Do not change the list."""
        fields = self._fields
        if fields is None:
            separator = self.delimiters.field
            fields = self._fields = self.er7.split(separator)
            if self._is_header:
                fields.insert(1, separator)
        return fields

    def find(self, name: str, occurrence: int) -> "Segment | None":
        """Itself, if it is so named: a path can be evaluated against one segment as against a message."""
        return self if name == self.name and occurrence == 1 else None

    def find_all(self, name: str) -> "list[Segment]":
        return [self] if name == self.name else []

    def field(self, number: int) -> str | None:
        """The whole field as sent, repetitions and all; None when the segment ends before it."""
        fields = self.fields()
        return fields[number] if number < len(fields) else None

    def repetitions(self, number: int) -> list[str]:
        """The repetitions as sent; none for a field that is absent or empty."""
        field = self.field(number)
        if not field:
            return []
        return [field] if self.is_verbatim(number) else field.split(self.delimiters.repetition)

    def elements(self, number: int) -> list[Element]:
        """The repetitions of a field, ready to be read inside."""
        return [Element(repetition, self.delimiters, self.charset) for repetition in self.repetitions(number)]

    def is_verbatim(self, number: int) -> bool:
        """MSH-1 and MSH-2 hold delimiters and are never split or unescaped."""
        return self._is_header and number <= 2

    def text(self, number: int, repetition: int = 1, component: int = 1, subcomponent: int = 1) -> str:
        """The unescaped text of one leaf; empty when it is absent, empty or null. The hot path."""
        fields = self._fields
        if fields is None:
            fields = self.fields()
        if number >= len(fields):
            return ""
        er7 = fields[number]
        if not er7:
            return ""
        if self._is_header and number <= 2:
            return er7 if repetition == component == subcomponent == 1 else ""
        separator = self.delimiters.repetition
        if separator in er7:
            repeated = er7.split(separator, repetition)
            if repetition > len(repeated):
                return ""
            er7 = repeated[repetition - 1]
        elif repetition != 1:
            return ""
        return text_of(er7, component, subcomponent, self.delimiters, self.charset)

    def value(self, number: int, repetition: int = 1, component: int = 1, subcomponent: int = 1) -> Value:
        """The same leaf with what was said about it; every part of a field sent as `""` is null."""
        field = self.field(number)
        if field is None:
            return ABSENT
        if self.is_verbatim(number):
            return Value(Presence.VALUE, field) if repetition == component == subcomponent == 1 else ABSENT
        if not field:
            return EMPTY if repetition == component == subcomponent == 1 else ABSENT
        repeated = field.split(self.delimiters.repetition)
        if repetition > len(repeated):
            return ABSENT
        return value_of(repeated[repetition - 1], component, subcomponent, self.delimiters, self.charset)


def text_of(er7: str, component: int, subcomponent: int, delimiters: Delimiters, charset: str) -> str:
    """The unescaped leaf of one repetition; empty when it is absent, empty or null."""
    separator = delimiters.component
    if separator in er7:
        parts = er7.split(separator, component)
        if component > len(parts):
            return ""
        er7 = parts[component - 1]
    elif component != 1:
        return ""
    separator = delimiters.subcomponent
    if separator in er7:
        parts = er7.split(separator, subcomponent)
        if subcomponent > len(parts):
            return ""
        er7 = parts[subcomponent - 1]
    elif subcomponent != 1:
        return ""
    if delimiters.escape in er7:
        return unescape(er7, delimiters, charset)
    return "" if er7 == NULL_ER7 else er7


def value_of(er7: str, component: int, subcomponent: int, delimiters: Delimiters, charset: str) -> Value:
    """The leaf of one repetition with its presence; below a null everything is null."""
    for separator, number in ((delimiters.component, component), (delimiters.subcomponent, subcomponent)):
        if er7 == NULL_ER7:
            return NULL
        parts = er7.split(separator)
        if number > len(parts):
            return ABSENT
        er7 = parts[number - 1]
    if er7 == NULL_ER7:
        return NULL
    return Value(Presence.VALUE, unescape(er7, delimiters, charset)) if er7 else EMPTY
