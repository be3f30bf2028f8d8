"""ER7 out: one value replaced inside a segment, segments built from nested values, whole messages for a destination.

A value is written by nesting: text is one leaf, a tuple holds components (and a tuple inside it subcomponents), a
list holds repetitions: `[("7700123", "", "", ("NORTH", "1.2.3", "ISO"), "MR")]`. Text is escaped; `Verbatim` is ER7
already.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from interface.errors import MessageError
from interface.hl7 import charset as charsets
from interface.hl7.delimiters import HEADER_SEGMENTS, STANDARD, UNUSED, Delimiters
from interface.hl7.escape import escape
from interface.hl7.path import Path
from interface.hl7.segment import Segment
from interface.hl7.value import NULL_ER7

SEGMENT_END: Final = "\r"


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A whole field in ER7, already escaped for the delimiters of the message it goes into."""

    er7: str


Leaf = str
Component = Leaf | tuple[Leaf, ...]
Repetition = Component | tuple[Component, ...]
Content = Repetition | list[Repetition] | Verbatim | None


def field_er7(content: Content, delimiters: Delimiters = STANDARD) -> str:
    """One field; None and the empty text write nothing. Empty parts at an end are left out (HL7 v2.5.1 section 2.6)."""
    match content:
        case None:
            return ""
        case Verbatim():
            return content.er7
        case list():
            return delimiters.repetition.join(_nested(each, delimiters, delimiters.component) for each in content)
        case _:
            return _nested(content, delimiters, delimiters.component)


def _nested(content: Repetition, delimiters: Delimiters, separator: str) -> str:
    if isinstance(content, str):
        return content if content == NULL_ER7 else escape(content, delimiters)
    parts = [_nested(part, delimiters, delimiters.subcomponent) for part in content]
    while parts and not parts[-1]:
        parts.pop()
    if len(parts) > 1 and separator == UNUSED:
        raise MessageError("delimiter-missing", "the message declares no subcomponent separator", place="MSH-2")
    return separator.join(parts)


def build_segment(name: str, fields: Mapping[int, Content], delimiters: Delimiters = STANDARD) -> str:
    """A segment from its fields by number, without its CR. MSH-1 and MSH-2 are written from `delimiters`."""
    last = max(fields, default=0)
    written = [field_er7(fields.get(number), delimiters) for number in range(1, last + 1)]
    if name in HEADER_SEGMENTS:
        written[:2] = [delimiters.encoding_characters]
    while written and not written[-1]:
        written.pop()
    return delimiters.field.join([name, *written])


class Builder:
    """An outgoing message, segment by segment.

    `charset` is a name of HL7 table 0211: it encodes the message strictly and is written to MSH-18 unless that is
    given or the charset is ASCII.
    """

    def __init__(self, *, charset: str = "UNICODE UTF-8", delimiters: Delimiters = STANDARD) -> None:
        self._charset = charset
        self._delimiters = delimiters
        self._segments: list[str] = []

    def add(self, name: str, fields: Mapping[int, Content]) -> "Builder":
        """Adds a segment from its fields by number; MSH-1 and MSH-2 are written by themselves."""
        if name == "MSH" and 18 not in fields and self._charset.upper() not in ("", "ASCII"):
            fields = {**fields, 18: self._charset}
        self._segments.append(build_segment(name, fields, self._delimiters))
        return self

    def copy(self, segment: Segment) -> "Builder":
        """Adds a segment of another message as it stands. Raises MessageError `delimiters-differ`."""
        if segment.delimiters != self._delimiters:
            raise MessageError("delimiters-differ", "the segment was written with other delimiters", place=segment.name)
        self._segments.append(segment.er7)
        return self

    def to_text(self) -> str:
        return "".join(segment + SEGMENT_END for segment in self._segments)

    def to_bytes(self) -> bytes:
        """Raises MessageError `character-unmappable`, naming the position only."""
        return charsets.encode(self.to_text(), self._charset)


def with_value(segment: Segment, path: Path, text: str) -> str:
    """The segment's ER7 with one value replaced at `path` (whose segment it is); see `Message.with_value`."""
    if segment.is_verbatim(path.field):
        raise MessageError("field-fixed", "the delimiters of a message cannot be replaced", place=str(path))
    delimiters = segment.delimiters
    fields = segment.fields().copy()
    fields.extend([""] * (path.field + 1 - len(fields)))
    repetitions = fields[path.field].split(delimiters.repetition)
    position = _position(segment, path)
    repetitions += [""] * (position + 1 - len(repetitions))
    leaf = text if text == NULL_ER7 else escape(text, delimiters)
    repetitions[position] = _with_leaf(repetitions[position], path, leaf, delimiters)
    fields[path.field] = delimiters.repetition.join(repetitions)
    if segment.name in HEADER_SEGMENTS:
        del fields[1]
    return delimiters.field.join(fields)


def _position(segment: Segment, path: Path) -> int:
    if not path.choice:
        return (path.repetition or 1) - 1
    position = path.chosen(segment)
    if not position:
        raise MessageError("repetition-missing", "no repetition matches the choice", place=str(path))
    return position - 1


def _with_leaf(er7: str, path: Path, leaf: str, delimiters: Delimiters) -> str:
    if path.component is None:
        return leaf
    components = _extended(er7, delimiters.component, path.component)
    place = path.component - 1
    if path.subcomponent is None:
        components[place] = leaf
    else:
        subcomponents = _extended(components[place], delimiters.subcomponent, path.subcomponent)
        subcomponents[path.subcomponent - 1] = leaf
        components[place] = delimiters.subcomponent.join(subcomponents)
    return delimiters.component.join(components)


def _extended(er7: str, separator: str, length: int) -> list[str]:
    """The parts, at least `length` of them. A null gives way to the parts written into it."""
    parts = [""] if er7 == NULL_ER7 and length > 1 else er7.split(separator)
    if separator == UNUSED and length > 1:
        raise MessageError("delimiter-missing", "the message does not declare that separator", place="MSH-2")
    return parts + [""] * (length - len(parts))
