"""MLLP blocks out of a stream of bytes and back (Minimal Lower Layer Protocol, HL7 v2.5.1 appendix C.4.3).

Any split or joining of reads gives the same frames, in time linear in the bytes. Knows no sockets and no HL7.
"""

import re
from dataclasses import dataclass
from typing import Final

from interface.errors import MessageError

START: Final = b"\x0b"
END: Final = b"\x1c"
TRAILER: Final = b"\x1c\r"
KEPT_OF_OVERSIZE: Final = 4096
_HTTP = re.compile(rb"[A-Z]+ [^ \r\n]+ HTTP/")
_MARK = re.compile(rb"[\x0b\x1c]")


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole block; `content` is without the MLLP bytes."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes outside any block: keep-alive line ends, or a sender that does not frame. `start` is at most 4 kB."""

    start: bytes
    size: int

    @property
    def looks_like(self) -> str:
        """What the peer seems to speak instead: `hl7` without blocks, `http`, `tls`, or `unknown`."""
        start = self.start.lstrip(b"\r\n\t \x00")
        if start.startswith((b"MSH", b"FHS", b"BHS")):
            return "hl7"
        if start.startswith((b"\x16\x03", b"\x80")):  # a TLS record, or the hello of SSL 2
            return "tls"
        return "http" if _HTTP.match(start) else "unknown"

    @property
    def is_blank(self) -> bool:
        """Nothing but blanks and line ends, as some senders write between blocks."""
        return self.size == len(self.start) and not self.start.strip(b"\r\n\t \x00")


@dataclass(frozen=True, slots=True)
class Cut:
    """A block that never ended: another began inside it, or the peer went away. Never to be answered."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Oversize:
    """A block beyond the limit, drained: only its first 4 kB (the header) and its size in bytes are left.

    `is_complete` is False when it was cut as well; it must then not be answered.
    """

    start: bytes
    size: int
    is_complete: bool


Framed = Frame | Noise | Cut | Oversize


class Deframer:
    """Turns reads into frames. One for each connection; not for use from several threads.

    A block ends at 1C. The final 0D is expected but not waited for: nothing that could follow 1C would continue the
    block, so a peer that leaves it out is served at once and no timer is needed.
    """

    def __init__(self, max_frame_bytes: int = 16 * 1024 * 1024) -> None:
        self._max = max_frame_bytes
        self._block = bytearray()
        self._size = 0
        self._open = False
        self._expects_cr = False

    @property
    def is_inside(self) -> bool:
        """A block has begun and not ended: the peer owes us bytes."""
        return self._open

    @property
    def held_bytes(self) -> int:
        """What is kept of the block that has begun."""
        return len(self._block)

    def feed(self, read: bytes) -> list[Framed]:
        """What `read` completes, in order of arrival."""
        found: list[Framed] = []
        at = 0
        if self._expects_cr and read:
            at = self._skip_cr(read, 0)
        while at < len(read):
            at = self._inside(read, at, found) if self._open else self._outside(read, at, found)
        return found

    def close(self) -> Cut | Oversize | None:
        """What the peer left unfinished when the connection ended."""
        self._expects_cr = False
        if not self._open:
            return None
        self._open = False
        return self._taken_as_cut()

    def _outside(self, read: bytes, at: int, found: list[Framed]) -> int:
        start = read.find(START, at)
        end = len(read) if start < 0 else start
        if end > at:
            found.append(Noise(read[at : min(end, at + KEPT_OF_OVERSIZE)], end - at))
        self._open = start >= 0
        return end + 1

    def _inside(self, read: bytes, at: int, found: list[Framed]) -> int:
        mark = _MARK.search(read, at)
        self._keep(read[at : mark.start()] if mark else read[at:])
        if mark is None:
            return len(read)
        if mark[0] == START:
            found.append(self._taken_as_cut())
            return mark.end()
        self._open = False
        found.append(self._taken())
        return self._skip_cr(read, mark.end())

    def _skip_cr(self, read: bytes, at: int) -> int:
        self._expects_cr = at == len(read)
        return at + 1 if read[at : at + 1] == b"\r" else at

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= self._max:
            self._block += part
        elif len(self._block) < KEPT_OF_OVERSIZE:
            self._block += part[: KEPT_OF_OVERSIZE - len(self._block)]
        else:
            del self._block[KEPT_OF_OVERSIZE:]

    def _taken(self) -> Frame | Oversize:
        content, size = self._emptied()
        return Frame(content) if size <= self._max else Oversize(content[:KEPT_OF_OVERSIZE], size, is_complete=True)

    def _taken_as_cut(self) -> Cut | Oversize:
        content, size = self._emptied()
        return Cut(content) if size <= self._max else Oversize(content[:KEPT_OF_OVERSIZE], size, is_complete=False)

    def _emptied(self) -> tuple[bytes, int]:
        content, size = bytes(self._block), self._size
        self._block = bytearray()
        self._size = 0
        return content, size


def wrap(content: bytes) -> bytes:
    """`content` as one block. Raises MessageError `framing-byte` if it holds 0B or 1C, which would break the stream."""
    if mark := _MARK.search(content):
        raise MessageError(
            "framing-byte",
            f"byte {mark.start()} is an MLLP framing byte",
            advice="escape control characters before framing",
        )
    return START + content + TRAILER
