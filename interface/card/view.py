r"""A frame as a card screen sees it: `\X..\` escapes decoded, the way back to the bytes as they came, and the names of places."""

import re
from binascii import unhexlify
from bisect import bisect_right
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Final

from interface.hl7.delimiters import HEADER_SEGMENT_BYTES, Delimiters

UNPARSED: Final = "unparsed"
_SEGMENT_BEGINS = re.compile(rb"[\r\n](?=[A-Z][A-Z0-9]{2}[^0-9A-Za-z])")
_LINE_END = re.compile(rb"[\r\n]")
_NAME = re.compile(rb"[A-Z][A-Z0-9]{2}")
_DIGITS: Final = b"0123456789"
_NAME_BYTES: Final = 4  # of a segment's name with what ends it


@lru_cache(maxsize=8)
def _over_digits(mask: bytes) -> bytes:
    return bytes.maketrans(_DIGITS, mask * len(_DIGITS))


class PlainView:
    """Bytes without escapes: they are seen as they are."""

    def __init__(self, raw: bytes) -> None:
        self.seen = raw
        self._hidden = bytearray(raw)

    def raw_position(self, position: int) -> int:
        """Where a byte seen stands in the bytes as they came."""
        return position

    def mask(self, start: int, end: int, mask: bytes) -> None:
        """Overwrite every digit that is seen from `start` to `end`."""
        self._hidden[start:end] = self.seen[start:end].translate(_over_digits(mask))

    def masked(self) -> bytes:
        """The bytes as they came, masked; as long as before."""
        return bytes(self._hidden)


class CodedView(PlainView):
    r"""Bytes with `\X..\` escapes, `\` being `mark`: parts of text and parts of hex in turn. A digit in hex is masked in hex."""

    def __init__(self, raw: bytes, mark: bytes) -> None:
        escape = re.escape(mark)
        # Possessive: hex that does not end is read once, not again for each shorter piece of it.
        self._parts = re.split(escape + rb"X((?:[0-9A-Fa-f]{2})++)" + escape, raw)
        shown = self._parts.copy()
        shown[1::2] = map(unhexlify, self._parts[1::2])
        self._shown = shown
        self.seen = b"".join(shown)
        self._hidden = bytearray(raw)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each part begins in what is seen, and where the last one ends."""
        return [0, *accumulate(map(len, self._shown))]

    @cached_property
    def _raw_starts(self) -> list[int]:
        """Where each part begins in the bytes as they came; one in hex behind its mark and X."""
        sizes = list(map(len, self._parts))
        sizes[::2] = [size + 2 for size in sizes[::2]]  # a mark and X before hex
        sizes[1::2] = [size + 1 for size in sizes[1::2]]  # a mark after it
        return [0, *accumulate(sizes)]

    def raw_position(self, position: int) -> int:
        """Where a byte seen stands in the bytes as they came; one in hex takes two."""
        number = bisect_right(self._starts, position) - 1
        return self._raw_starts[number] + (position - self._starts[number]) * (1 + number % 2)

    def mask(self, start: int, end: int, mask: bytes) -> None:
        """Overwrite every digit that is seen from `start` to `end`."""
        number = bisect_right(self._starts, start) - 1
        while start < end:
            stop = min(end, self._starts[number + 1])
            at = self._raw_starts[number] + (start - self._starts[number]) * (1 + number % 2)
            if number % 2:
                self._mask_hex(at, start, stop, mask)
            elif start < stop:
                self._hidden[at : at + stop - start] = self.seen[start:stop].translate(_over_digits(mask))
            start, number = stop, number + 1

    def _mask_hex(self, at: int, start: int, end: int, mask: bytes) -> None:
        in_hex = b"%02X" % ord(mask)
        for byte in self.seen[start:end]:
            if byte in _DIGITS:
                self._hidden[at : at + 2] = in_hex
            at += 2


class Places:
    """Names the segment and field of positions asked for in ascending order; linear over all of them."""

    def __init__(self, raw: bytes, lead: int, delimiters: Delimiters) -> None:
        self._raw = raw
        self._separator = delimiters.field.encode("ascii")
        self._has_segments = raw[lead : lead + 3] in HEADER_SEGMENT_BYTES
        self._at = lead
        self._name = ""
        self._field = self._line_end = 0
        self._until = 0  # as far as `_place` holds
        self._place = UNPARSED
        if self._has_segments:
            self._begin_segment(lead)

    def of(self, position: int) -> str:
        """`NTE-3`, or `unparsed` where there are no segments."""
        if self._has_segments and position >= self._until:
            self._go_to(position)
        return self._place

    def _begin_segment(self, at: int) -> None:
        name = _NAME.match(self._raw, at)
        self._at = at
        self._name = name[0].decode("ascii") if name else ""
        self._field = int(name is not None and name[0] in HEADER_SEGMENT_BYTES)  # MSH-1 is the separator itself

    def _go_to(self, position: int) -> None:
        if position >= self._line_end:
            # A number may stand where a segment begins: what tells that lies behind it.
            for begins in _SEGMENT_BEGINS.finditer(self._raw, self._at, position + _NAME_BYTES):
                if begins.end() <= position:
                    self._begin_segment(begins.end())
            end = _LINE_END.search(self._raw, position)
            self._line_end = end.start() if end else len(self._raw)
        self._field += self._raw.count(self._separator, self._at, position)
        self._at = position
        separator = self._raw.find(self._separator, position, self._line_end)
        self._until = self._line_end if separator < 0 else separator
        self._place = f"{self._name}-{self._field}" if self._name else UNPARSED
