"""A message read lazily and kept whole: nothing is split before it is asked for, unchanged bytes stay the same bytes.

Segments end with CR. Line feeds are met too and read by one rule: in a message without any CR, every LF ends a
segment; in one with CR, an LF after CR belongs to it, and a lone LF is data unless what follows looks like a segment
(three characters and the field separator). Segments that the standard does not know, Z ones included, are segments
like any other.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from interface.errors import MessageError
from interface.hl7 import charset as charsets
from interface.hl7 import writer
from interface.hl7.delimiters import HEADER_SEGMENT_BYTES, XML_ESCAPED, Delimiters, declared_in
from interface.hl7.header import Header, charset_named, first_line, read_header
from interface.hl7.path import EVERY, Path
from interface.hl7.problem import ErrorCode, Problem, Severity
from interface.hl7.segment import Element, Segment
from interface.hl7.value import Presence, Value

_LINE_END = re.compile(rb"[\r\n]")
_LINE_FEED = re.compile(r"\n")


class Message:
    """One HL7 v2 message (or a batch, its FHS/BHS read like MSH). Made by `parse`; treat it as immutable.

    A path may be given as text (parsed once, cached) or as a `Path`.
    """

    __slots__ = (
        "_header",
        "_index",
        "_lead",
        "_segments",
        "charset",
        "decoding_warnings",
        "delimiters",
        "er7",
        "raw",
    )

    def __init__(
        self,
        raw: bytes,
        er7: str,
        *,
        lead: int,
        charset: str,
        delimiters: Delimiters,
        warnings: tuple[Problem, ...] = (),
    ) -> None:
        self.raw = raw
        self.er7 = er7  # what was decoded: everything behind a byte order mark or blanks in front, XML's escapes undone
        self.charset = charset  # the Python codec that decoded it
        self.delimiters = delimiters
        self.decoding_warnings = warnings
        self._lead = lead
        self._header: Header | None = None
        self._segments: list[Segment] | None = None
        self._index: dict[str, list[Segment]] | None = None

    def __repr__(self) -> str:
        return f"Message({len(self.raw)} bytes)"  # never the values

    @property
    def header(self) -> Header:
        if self._header is None:
            self._header = read_header(self.raw, self.charset)
        return self._header

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What was read around: a wrong character set, mangled delimiters, line feeds for segment ends."""
        found = self.decoding_warnings
        text = self.er7
        if "\n" in text and any("\n" in each[0] for each in _ends(text, self.delimiters.field).finditer(text)):
            rule = "segments end with line feeds; the standard has carriage returns"
            found += (Problem(ErrorCode.SEGMENT_SEQUENCE, "MSH", rule, Severity.WARNING),)
        return found

    def to_bytes(self) -> bytes:
        """The message as it arrived, but for the values that were replaced."""
        return self.raw

    def all_segments(self) -> list[Segment]:
        """Every segment in order; blank lines are none. Do not change the list."""
        if self._segments is None:
            self._segments = self._split()
        return self._segments

    def segments(self, name: str) -> list[Segment]:
        """The segments of that name, in order. Do not change the list."""
        index = self._index
        if index is None:
            index = self._index = {}
            for segment in self.all_segments():
                same = index.get(segment.name)
                if same is None:
                    index[segment.name] = [segment]
                else:
                    same.append(segment)
        return index.get(name) or []

    find_all = segments

    def find(self, name: str, occurrence: int = 1) -> Segment | None:
        """The n-th segment of that name (1-based), or None."""
        found = self.segments(name)
        return found[occurrence - 1] if occurrence <= len(found) else None

    segment = find

    def text(self, path: str | Path) -> str:
        """Unescaped text; empty when absent, empty or null."""
        return (Path.parse(path) if isinstance(path, str) else path).text(self)

    def get(self, path: str | Path) -> str | None:
        """None when nothing is said (absent or empty), the empty text when it is cleared (`""`), else the text."""
        value = self.value(path)
        return value.text if value.presence in (Presence.VALUE, Presence.NULL) else None

    def value(self, path: str | Path) -> Value:
        """The text with its presence."""
        return _path(path).evaluate(self)

    def values(self, path: str | Path) -> list[Value]:
        """Every value that the path can mean: all repetitions, and all segments unless it names one."""
        return _path(path).all(self)

    def element(self, path: str | Path) -> Element | None:
        """The first repetition as sent, for the readers of `datatype`."""
        return _path(path).element(self)

    def elements(self, path: str | Path) -> list[Element]:
        """Every repetition as sent, for the readers of `datatype`."""
        return _path(path).elements(self)

    def with_value(self, path: str | Path, text: str) -> "Message":
        """A new message with this one value replaced, escaped as needed; every other segment keeps its bytes.

        Fields, repetitions and components are added up to the place. `""` as text writes null. Raises MessageError
        `segment-missing`, `repetition-missing` (a choice that nothing matches), `path-ambiguous` (`[*]`),
        `field-fixed` (MSH-1 and MSH-2), `character-unmappable`.
        """
        where = _path(path)
        if EVERY in (where.occurrence, where.repetition):
            raise MessageError(
                "path-ambiguous", "a value is written to one place", place=str(where), advice="name its number"
            )
        segment = self.find(where.segment, where.occurrence or 1)
        if segment is None:
            raise MessageError("segment-missing", "the message has no such segment", place=str(where))
        return self._spliced(segment, writer.with_value(segment, where, text))

    def _spliced(self, segment: Segment, er7: str) -> "Message":
        """Replaces one segment, in text and in bytes.

        Bytes are found by counting line ends, which no charset of table 0211 uses as a part of a character: so the
        bytes of the other segments are copied, never decoded and encoded again.
        """
        position = next(i for i, each in enumerate(self.all_segments()) if each is segment)
        start, end = next(islice(_spans(self.er7, self.delimiters.field), position, None))
        ends = [self._lead - 1, *(found.start() for found in _LINE_END.finditer(self.raw, self._lead)), len(self.raw)]
        before = _line_ends(self.er7, 0, start)
        raw_start = ends[before] + 1
        raw_end = ends[before + _line_ends(self.er7, start, end) + 1]
        is_xml = any(problem.cause == XML_ESCAPED for problem in self.decoding_warnings)
        written = er7.replace("&", "&amp;") if is_xml else er7  # so that it reads the same again
        raw = self.raw[:raw_start] + charsets.encode(written, self.charset) + self.raw[raw_end:]
        text = self.er7[:start] + er7 + self.er7[end:]
        return Message(
            raw,
            text,
            lead=self._lead,
            charset=self.charset,
            delimiters=self.delimiters,
            warnings=self.decoding_warnings,
        )

    def _split(self) -> list[Segment]:
        text, separator = self.er7, self.delimiters.field
        lines = text.split("\r") if "\n" not in text else [text[start:end] for start, end in _spans(text, separator)]
        segments = []
        for line in lines:
            if line:
                name = line[:3] if line[3:4] == separator else line.partition(separator)[0]
                segments.append(Segment(name, line, self.delimiters, self.charset))
        return segments


def parse(raw: bytes, charset: str | None = None) -> Message:
    """`charset` is the channel's declaration and wins over MSH-18. Any bytes will do after a usable header.

    Raises MessageError `header-missing` or `delimiters-impossible`.
    """
    lead = 0 if raw[:3] == b"MSH" else charsets.without_lead(raw)
    if raw[lead : lead + 3] not in HEADER_SEGMENT_BYTES:
        raise MessageError("header-missing", "the message does not begin with MSH, FHS or BHS")
    declared = declared_in(raw[lead : lead + 32])
    if declared.delimiters is None:
        problem = declared.problems[0]
        raise MessageError("delimiters-impossible", problem.text, place=problem.place)
    body = raw[lead:] if lead else raw
    decoded = charsets.decode(body, charset, charset_named(first_line(body), declared.delimiters))
    warnings = decoded.warnings + declared.problems
    er7 = decoded.text
    if any(problem.cause == XML_ESCAPED for problem in declared.problems):
        er7 = _xml_unescaped(er7)
    return Message(raw, er7, lead=lead, charset=decoded.charset, delimiters=declared.delimiters, warnings=warnings)


def _xml_unescaped(er7: str) -> str:
    """Undo the five escapes of XML 1.0 section 4.6, once: who escapes the separators escapes what stands between them, too.

    Left as they are, `NORTH&amp;1.2.3&amp;ISO` would name another authority, and so another patient.
    """
    for written, meant in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        er7 = er7.replace(written, meant)
    return er7


def parse_text(text: str) -> Message:
    """For text that is already decoded; its bytes are UTF-8."""
    return parse(text.encode("utf-8", "surrogateescape"), "UNICODE UTF-8")


def _path(path: str | Path) -> Path:
    return Path.parse(path) if isinstance(path, str) else path


def _ends(text: str, separator: str) -> re.Pattern[str]:
    """What ends a segment in this text."""
    return _mixed_ends(separator) if "\r" in text else _LINE_FEED


@lru_cache(maxsize=64)
def _mixed_ends(separator: str) -> re.Pattern[str]:
    return re.compile(rf"\r\n?|\n(?=[A-Z][A-Z0-9]{{2}}{re.escape(separator)})")


def _spans(text: str, separator: str) -> Iterator[tuple[int, int]]:
    """Start and end of every segment that is not blank."""
    start = 0
    for found in _ends(text, separator).finditer(text):
        if found.start() > start:
            yield start, found.start()
        start = found.end()
    if len(text) > start:
        yield start, len(text)


def _line_ends(text: str, start: int, end: int) -> int:
    return text.count("\r", start, end) + text.count("\n", start, end)
