"""Any split of a stream gives the same frames, and every byte of it is in one of them."""

import random
from itertools import pairwise

from interface.errors import MessageError
from interface.hl7.framing import KEPT_OF_OVERSIZE, Cut, Deframer, Frame, Framed, Noise, Oversize, wrap
from tests.fuzz.target import Signature, Target, magnitude

_MAX_FRAME_BYTES = 5000


def check(data: bytes) -> Signature:
    """The first byte chooses the split."""
    chance, stream = random.Random(data[:1]), data[1:]
    whole, split = _fed([stream]), _fed(_pieces(stream, chance))
    assert [one for one in whole if not isinstance(one, Noise)] == [one for one in split if not isinstance(one, Noise)]
    assert sum(one.size for one in whole if isinstance(one, Noise)) == sum(
        one.size for one in split if isinstance(one, Noise)
    )
    _account(stream, whole)
    for one in whole:
        if isinstance(one, Frame):
            assert Deframer(_MAX_FRAME_BYTES).feed(wrap(one.content)) == [one]
    return frozenset(_words(stream, whole))


def _fed(reads: list[bytes]) -> list[Framed]:
    deframer = Deframer(_MAX_FRAME_BYTES)
    found = [one for read in reads for one in deframer.feed(read)]
    assert deframer.held_bytes <= _MAX_FRAME_BYTES
    last = deframer.close()
    assert not deframer.is_inside
    return [*found, last] if last is not None else found


def _pieces(stream: bytes, chance: random.Random) -> list[bytes]:
    pieces, at = [], 0
    while at < len(stream):
        size = chance.choice((1, 2, 3, 7, 50, 4097))
        pieces.append(stream[at : at + size])
        at += size
    return pieces


def _account(stream: bytes, found: list[Framed]) -> None:
    """What was found, with its framing bytes, is the stream: nothing is lost and nothing is made up."""
    at = 0
    for one in found:
        match one:
            case Noise(start, size):
                assert len(start) == min(size, KEPT_OF_OVERSIZE)
                assert stream[at : at + len(start)] == start
                at += size
            case Frame(content) | Cut(content):
                at = _passed(stream, at, content, len(content), is_whole=isinstance(one, Frame))
            case Oversize(start, size, is_complete):
                at = _passed(stream, at, start, size, is_whole=is_complete)
    assert at == len(stream)


def _passed(stream: bytes, at: int, start: bytes, size: int, *, is_whole: bool) -> int:
    assert stream[at : at + 1] == b"\x0b"
    at += 1
    assert stream[at : at + len(start)] == start
    at += size
    if is_whole:
        assert stream[at : at + 1] == b"\x1c"
        at += 1 + (stream[at + 1 : at + 2] == b"\r")
    return at


def _words(stream: bytes, found: list[Framed]) -> list[str]:
    words = [magnitude("bytes", len(stream)), magnitude("found", len(found))]
    words += [type(one).__name__ for one in found]
    words += [f"{type(a).__name__} then {type(b).__name__}" for a, b in pairwise(found)]
    words += [one.looks_like for one in found if isinstance(one, Noise)]
    try:
        wrap(stream)
    except MessageError as refused:
        words.append(refused.code)
    return words


TARGET = Target(
    "framing",
    check,
    (
        b"a\x0bMSH|^~\\&|A\r\x1c\r\x0bB\x1c\r",
        b"b\r\n\x0bhalf\x0bwhole\x1c\x1c\r\x0b",
        b"c\x0b" + b"A" * 6000 + b"\x1c\rGET / HTTP/1.1\r\n",
        b"d\x16\x03\x01\x00\x0b\x1c",
    ),
    (b"\x0b", b"\x1c", b"\r", b"\x1c\r", b"\x1c\r\x0b", b"\x0b\x1c", b"MSH|", b"A" * 4096, b"A" * 1000),
)
