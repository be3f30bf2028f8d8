"""Messages out of a file: one or many, with CR, LF or CRLF at segment ends, in MLLP blocks or a batch, as people keep them."""

import re
from itertools import pairwise

_BEGIN = re.compile(rb"(?:\A(?:\xef\xbb\xbf)?\s*|(?<=[\r\n\x0b]))MSH(?=[^A-Za-z0-9\s])")
_BATCH_LINES = re.compile(rb"(?:(?:\A|(?<=[\r\n]))(?:FHS|BHS|BTS|FTS)[^A-Za-z0-9\s][^\r\n]*[\r\n]*)+\Z")
_AROUND = b"\x0b\x1c\r\n \t\xef\xbb\xbf"


def messages_in(raw: bytes) -> list[bytes]:
    """Every message of a file in order, without MLLP bytes, each segment ended by CR (HL7 v2.5.1 section 2.5.2).

    Batch headers and trailers (FHS, BHS, BTS, FTS) are left out. Content in other segments stays byte for byte.
    """
    starts = [found.start() for found in _BEGIN.finditer(raw)]
    return [_message(raw[start:end]) for start, end in pairwise([*starts, len(raw)])]


def _message(part: bytes) -> bytes:
    bare = _BATCH_LINES.sub(b"", part.strip(_AROUND)).rstrip(_AROUND)
    if b"\r" not in bare:
        bare = bare.replace(b"\n", b"\r")
    return re.sub(rb"\r\n?", b"\r", bare) + b"\r"
