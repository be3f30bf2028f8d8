"""Several messages in one: a batch taken apart without changing a byte of its messages (HL7 v2.5.1 section 2.10.3).

    [FHS] { [BHS] {messages} [BTS] } [FTS]

FHS and BHS declare separators of their own, as MSH does; BTS is written with those of its BHS, FTS with those of its FHS. Segments
end as in `parser`: with CR, CRLF or, where there is no CR at all, LF; a lone LF among CRs ends one only before a segment. Knows
nothing of what the messages say.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from interface.errors import MessageError
from interface.hl7.charset import without_lead
from interface.hl7.delimiters import HEADER_SEGMENT_BYTES, STANDARD, Delimiters, declared_in
from interface.hl7.segment import Segment

MALFORMED: Final = "batch-malformed"
_BEGINS: Final = re.compile(rb"(?:\A|(?<=[\r\n]))(?:FHS|BHS|MSH|BTS|FTS)(?![A-Za-z0-9 \t])")
_MESSAGE_BEGINS: Final = re.compile(rb"(?<=[\r\n])MSH(?![A-Za-z0-9 \t])")
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


class _Piece(NamedTuple):
    """A header, a trailer or a whole message, with the line ends behind it."""

    name: str
    content: bytes


class _OpenGroup:
    """A group while its pieces come."""

    def __init__(self, header: bytes) -> None:
        self.header = header
        self.messages: list[bytes] = []
        self.trailer: bytes | None = None

    @property
    def awaits_first(self) -> bool:
        """Whether it has begun with BHS and holds nothing yet."""
        return bool(self.header) and not self.messages and self.trailer is None


def is_batch(raw: bytes) -> bool:
    """Whether the content begins with FHS or BHS."""
    lead = without_lead(raw) if raw[:1] not in (b"F", b"B", b"M") else 0
    return raw[lead : lead + 3] in (b"FHS", b"BHS") and not raw[lead + 3 : lead + 4].isalnum()


def split(raw: bytes) -> Batch:
    """The batch in pieces. Raises MessageError `batch-malformed`, with the segment at which the order of the standard ends."""
    pieces = list(_pieces(raw))
    if not pieces or pieces[0].name == "BTS":
        raise MessageError(MALFORMED, "nothing of a batch is at its beginning", place="FHS")
    header = _segment(pieces.pop(0), "FHS") if pieces[0].name == "FHS" else b""
    trailer = b""
    groups: list[_OpenGroup] = []
    for name, content in pieces:
        if trailer or name == "FHS":
            raise MessageError(
                MALFORMED, "something follows the end of the file of batches", place="FTS" if trailer else "FHS"
            )
        if name == "FTS":
            trailer = _segment(_Piece(name, content), name)
        else:
            _take(groups, name, content)
    found = tuple(_closed(groups, header))
    delimiters = declared_in(header).delimiters or (found[0].delimiters if found else STANDARD)
    _require_same_separator(trailer, delimiters, "FTS")
    return Batch(header, found, trailer, delimiters)


def _take(groups: list[_OpenGroup], name: str, content: bytes) -> None:
    """The next BHS, message or BTS. A header is optional, and so is a trailer; an empty batch needs one of its own."""
    is_open = bool(groups) and groups[-1].trailer is None
    match name:
        case "BHS":
            place = _numbered("BHS", sum(bool(one.header) for one in groups) + 1)
            if is_open and groups[-1].awaits_first:
                raise MessageError(MALFORMED, "a batch begins inside of a batch", place=place)
            groups.append(_OpenGroup(_segment(_Piece(name, content), place)))
        case "MSH":
            if not is_open:
                groups.append(_OpenGroup(b""))
            groups[-1].messages.append(content)
        case _:
            place = _numbered("BTS", sum(one.trailer is not None for one in groups) + 1)
            if not is_open and groups:
                raise MessageError(MALFORMED, "a trailer ends no batch", place=place)
            if not is_open:
                groups.append(_OpenGroup(b""))  # of a file whose only batch is empty
            groups[-1].trailer = _segment(_Piece(name, content), place)


def _numbered(name: str, occurrence: int) -> str:
    return name if occurrence == 1 else f"{name}[{occurrence}]"


def _closed(groups: list[_OpenGroup], file_header: bytes) -> Iterator[Group]:
    trailers = 0
    for one in groups:
        heads = (one.header, file_header, *one.messages[:1])
        found = next((said for head in heads if head and (said := declared_in(head[:32]).delimiters)), STANDARD)
        trailer = one.trailer or b""
        trailers += bool(trailer)
        _require_same_separator(trailer, found, _numbered("BTS", trailers))
        yield Group(one.header, tuple(one.messages), trailer, found)


def _require_same_separator(trailer: bytes, delimiters: Delimiters, place: str) -> None:
    if trailer[3:4] not in (b"", delimiters.field.encode("ascii")):
        raise MessageError(MALFORMED, "the trailer is written with other separators than its header", place=place)


def _segment(piece: _Piece, place: str) -> bytes:
    """A header or trailer without its line end; it is one segment, and nothing may stand between it and what follows."""
    content = piece.content.rstrip(_BLANK)
    if _END.search(content):
        raise MessageError(MALFORMED, "something that is no message follows it", place=place)
    return content


def messages_in(raw: bytes) -> tuple[bytes, ...]:
    """Every message that can be found, whatever the order of headers and trailers."""
    return tuple(piece.content for piece in _pieces(raw) if piece.name == "MSH")


def count_messages(raw: bytes) -> int:
    """How many messages begin behind a header, without taking them apart."""
    return sum(1 for _ in _MESSAGE_BEGINS.finditer(raw))


def _pieces(raw: bytes) -> Iterator[_Piece]:
    lead = 0 if raw[:3] in HEADER_SEGMENT_BYTES else without_lead(raw)
    body = raw[lead:] if lead else raw
    for start, end in pairwise([*_starts(body), len(body)]):
        name = body[start : start + 3].decode("ascii")
        yield _Piece(name, _without_blank_lines(body[start:end]) if name == "MSH" else body[start:end])


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
