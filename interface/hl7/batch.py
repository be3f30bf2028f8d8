"""Several messages in one: a batch taken apart without changing a byte of its messages (HL7 v2.5.1 section 2.10.3).

    [FHS] { [BHS] {messages} [BTS] } [FTS]

FHS and BHS declare separators of their own, as MSH does; BTS is written with those of its BHS, FTS with those of its FHS. Segments
end as in `parser`: with CR, CRLF or, where there is no CR at all, LF; a lone LF among CRs ends one only before a segment. Knows
nothing of what the messages say.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from interface.errors import MessageError
from interface.hl7.charset import without_lead
from interface.hl7.delimiters import HEADER_SEGMENT_BYTES, HEADER_SEGMENTS, STANDARD, Delimiters, declared_in
from interface.hl7.segment import Segment

MALFORMED: Final = "batch-malformed"
_BEGINS: Final = re.compile(rb"(?:\A|(?<=[\r\n]))(?:FHS|BHS|MSH|BTS|FTS)(?![A-Za-z0-9 \t])")
_COUNTED: Final = {
    name: re.compile(rb"(?:\A|(?<=[\r\n]))" + name + rb"(?![A-Za-z0-9 \t])")
    for name in (b"MSH", b"BHS", b"BTS", b"FTS")
}
# Whose separators a piece is written with: the first of these that has come.
_WRITTEN_BY: Final = {
    "FHS": ("FHS",),
    "BHS": ("BHS",),
    "MSH": ("MSH",),
    "BTS": ("BHS", "FHS", "MSH"),
    "FTS": ("FHS", "BHS", "MSH"),
}
_END: Final = re.compile(rb"\r\n|\r|\n")
_BLANK: Final = b"\r\n \t"


@dataclass(frozen=True, slots=True)
class Group:
    """One batch of a file: its messages, each as sent; BHS and BTS as sent, empty where there is none, and what reads them."""

    header: bytes
    messages: tuple[bytes, ...]
    trailer: bytes
    delimiters: Delimiters


@dataclass(frozen=True, slots=True)
class Batch:
    """A file of batches, or one batch: FHS and FTS are empty where there is none."""

    header: bytes
    groups: tuple[Group, ...]
    trailer: bytes
    delimiters: Delimiters

    @property
    def messages(self) -> tuple[bytes, ...]:
        """Every message, in order."""
        return tuple(message for group in self.groups for message in group.messages)


class Piece(NamedTuple):
    """FHS, BHS, BTS or FTS, or a whole message (MSH), with the line ends behind it, and what it is written with."""

    name: str
    content: bytes
    delimiters: Delimiters


class _Reading:
    """A batch while its pieces come in order. Counts as it goes: there may be very many pieces."""

    def __init__(self) -> None:
        self.header = self.trailer = b""
        self.delimiters = STANDARD
        self.groups: list[Group] = []
        self._seen = dict.fromkeys(("FHS", "BHS", "MSH", "BTS", "FTS"), 0)
        self._open: tuple[bytes, list[bytes], Delimiters] | None = None  # BHS, messages, what reads BHS and BTS

    def take(self, piece: Piece) -> None:
        """A header is optional, and so is a trailer."""
        self._seen[piece.name] += 1
        occurrence = self._seen[piece.name]
        place = piece.name if occurrence == 1 else f"{piece.name}[{occurrence}]"
        if self.trailer or (piece.name == "FHS" and sum(self._seen.values()) > 1):
            raise MessageError(MALFORMED, "something stands outside of the file of batches", place=place)
        match piece.name:
            case "FHS":
                self.header, self.delimiters = _segment(piece, place), piece.delimiters
            case "BHS":
                if self._open is not None and self._open[0] and not self._open[1]:
                    raise MessageError(MALFORMED, "a batch begins inside of a batch", place=place)
                self._close()
                self._open = (_segment(piece, place), [], piece.delimiters)
            case "MSH":
                _header, messages, _delimiters = self._open = self._open or (b"", [], self._common(piece))
                messages.append(piece.content)
            case "BTS":
                self._end_group(piece, place)
            case _:
                self._close()
                _require_same_separator(piece, place)
                self.trailer = _segment(piece, place)
                self.delimiters = piece.delimiters

    def finish(self) -> Batch:
        """What was read."""
        self._close()
        return Batch(self.header, tuple(self.groups), self.trailer, self.delimiters)

    def _common(self, piece: Piece) -> Delimiters:
        return self.delimiters if self.header else piece.delimiters

    def _end_group(self, piece: Piece, place: str) -> None:
        if self._open is None and self.groups:
            raise MessageError(MALFORMED, "a trailer ends no batch", place=place)
        _require_same_separator(piece, place)
        header, messages, delimiters = self._open or (b"", [], piece.delimiters)
        self.groups.append(Group(header, tuple(messages), _segment(piece, place), delimiters))
        self._open = None

    def _close(self) -> None:
        if self._open is not None:
            header, messages, delimiters = self._open
            self.groups.append(Group(header, tuple(messages), b"", delimiters))
            self._open = None


def is_batch(raw: bytes) -> bool:
    """Whether the content begins with FHS or BHS."""
    lead = 0 if raw[:1] in (b"M", b"F", b"B") else without_lead(raw)
    return raw[lead : lead + 3] in (b"FHS", b"BHS") and not raw[lead + 3 : lead + 4].isalnum()


def split(raw: bytes) -> Batch:
    """The batch in pieces. Raises MessageError `batch-malformed`, with the segment at which the order of the standard ends."""
    lead = without_lead(raw)
    if raw[lead : lead + 3] not in HEADER_SEGMENT_BYTES:
        raise MessageError(MALFORMED, "it does not begin with FHS, BHS or MSH", place="FHS")
    reading = _Reading()
    for piece in pieces(raw):
        reading.take(piece)
    return reading.finish()


def _require_same_separator(piece: Piece, place: str) -> None:
    if piece.content[3:4] not in (b"", b"\r", b"\n", piece.delimiters.field.encode("ascii")):
        raise MessageError(MALFORMED, "the trailer is written with other separators than its header", place=place)


def _segment(piece: Piece, place: str) -> bytes:
    """A header or trailer without its line end; it is one segment, and nothing may stand between it and what follows."""
    content = piece.content.rstrip(_BLANK)
    if _END.search(content):
        raise MessageError(MALFORMED, "something that is no message follows it", place=place)
    return content


def messages_in(raw: bytes) -> tuple[bytes, ...]:
    """Every message that can be found, whatever the order of headers and trailers."""
    return tuple(piece.content for piece in pieces(raw) if piece.name == "MSH")


def is_larger(raw: bytes, limit: int) -> bool:
    """Whether it holds more than `limit` messages, or headers or trailers of one kind; told without taking it apart."""
    return any(
        raw.count(name) > limit and sum(1 for _ in islice(begins.finditer(raw), limit + 1)) > limit
        for name, begins in _COUNTED.items()
    )


def pieces(raw: bytes) -> Iterator[Piece]:
    """Headers, messages and trailers as they come, whether their order makes sense or not."""
    lead = 0 if raw[:3] in HEADER_SEGMENT_BYTES else without_lead(raw)
    body = raw[lead:] if lead else raw
    declared: dict[str, Delimiters] = {}
    for start, end in _spans(body):
        name, content = body[start : start + 3].decode("ascii"), body[start:end]
        if name in HEADER_SEGMENTS:
            declared[name] = declared_in(content[:32]).delimiters or STANDARD
        written_by = next((declared[one] for one in _WRITTEN_BY[name] if one in declared), STANDARD)
        yield Piece(name, _without_blank_lines(content) if name == "MSH" else content, written_by)


def _spans(body: bytes) -> Iterator[tuple[int, int]]:
    start = -1
    for following in _starts(body):
        if start >= 0:
            yield start, following
        start = following
    if start >= 0:
        yield start, len(body)


def _starts(body: bytes) -> Iterator[int]:
    """Where a header, message or trailer begins."""
    has_cr = b"\r" in body
    separators: dict[bytes, bytes] = {}  # in force: by the name of the header that declared it
    for found in _BEGINS.finditer(body):
        start = found.start()
        name, separator = body[start : start + 3], body[start + 3 : start + 4]
        is_lone_feed = has_cr and start and body[start - 2 : start] != b"\r\n" and body[start - 1 : start] == b"\n"
        if is_lone_feed and separator not in separators.values() and not _declares(body, start):
            continue  # it is data
        if name in HEADER_SEGMENT_BYTES:
            separators[name] = separator
        yield start


def _declares(body: bytes, start: int) -> bool:
    return (
        body[start : start + 3] in HEADER_SEGMENT_BYTES and declared_in(body[start : start + 32]).delimiters is not None
    )


def _without_blank_lines(message: bytes) -> bytes:
    """The message as it would come alone: with the end of its last segment, without blank lines behind it."""
    bare = message.rstrip(_BLANK)
    ends = _END.match(message, len(bare))
    return message[: ends.end()] if ends else message


def trailer_of(group: Group) -> Segment:
    """BTS, to be read; without fields where there is none."""
    return Segment("BTS", group.trailer.decode("latin-1"), group.delimiters, "latin-1")


def file_trailer_of(batch: Batch) -> Segment:
    """FTS, to be read; without fields where there is none."""
    return Segment("FTS", batch.trailer.decode("latin-1"), batch.delimiters, "latin-1")
