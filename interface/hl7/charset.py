"""Bytes to text and back by the names of HL7 table 0211; what a declaration gets wrong is decoded, with a warning.

Nothing is lost: bytes that Windows-1252 leaves open become the control characters of the same number, as everybody reads them,
and are written back as the same bytes. Text is always Unicode that any store can keep: there are no lone surrogates in it.
"""

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from interface.errors import MessageError
from interface.hl7.problem import ErrorCode, Problem, Severity

# HL7 table 0211 (v2.5.1 appendix A) and the spellings met in the field. UNICODE without more is deprecated; it
# travels as UTF-8.
_CODECS: Final = {
    "": "ascii",
    "ASCII": "ascii",
    "US-ASCII": "ascii",
    "ISO IR6": "ascii",
    "ISO IR14": "shift_jis",
    "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_1",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "UNICODE UTF-32": "utf-32",
    "UTF8": "utf-8",
    "UNICODE UTF8": "utf-8",
    "CP1252": "cp1252",
    "WINDOWS-1252": "cp1252",
    **{f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
}
_TRAVELS = frozenset(_CODECS.values()) - {"utf-16", "utf-32"}  # the others are not supersets of ASCII's bytes
_ESCAPE_SEQUENCE = 0x1B  # ISO 2022 switches sets with it, so such text is 7-bit and still not ASCII
_BOM: Final = b"\xef\xbb\xbf"
# Two UTF-8 bytes read as Latin-1 and encoded again: the well-known "A-tilde" pairs.
_DOUBLE_ENCODED = re.compile("[\u00c2\u00c3][\u0080-\u00bf]")
_C1_CONTROL = re.compile(rb"[\x80-\x9f]")
_FALLBACK: Final = "cp1252"
_BY_NUMBER: Final = "hp24-by-number"  # the name of the error handler below


def _by_number(error: UnicodeError) -> tuple[str | bytes, int]:
    """Bytes 81, 8D, 8F, 90 and 9D of Windows-1252, and back (WHATWG Encoding Standard, index windows-1252)."""
    if isinstance(error, UnicodeDecodeError):
        return error.object[error.start : error.end].decode("latin-1"), error.end
    if isinstance(error, UnicodeEncodeError) and "\x80" <= error.object[error.start] <= "\x9f":
        return error.object[error.start].encode("latin-1"), error.start + 1
    raise error


codecs.register_error(_BY_NUMBER, _by_number)


@dataclass(frozen=True, slots=True)
class Decoded:
    """`text` decoded by the Python codec `charset`; `warnings` name what the declaration got wrong."""

    text: str
    charset: str
    warnings: tuple[Problem, ...] = ()


@lru_cache(maxsize=256)
def codec_of(name: str) -> str | None:
    """The Python codec for a name of HL7 table 0211 (or a Python or IANA name); None when it cannot carry ER7."""
    known = _CODECS.get(name.strip().upper())
    if known is None:
        try:
            known = codecs.lookup(name.strip()).name
        except (LookupError, ValueError):
            return None
    return known if known in _TRAVELS else None


def decode(raw: bytes, declared: str | None = None, msh18: str = "") -> Decoded:
    """Decodes strictly as declared, by the channel (`declared`) before the message (`msh18`).

    Where that fails: UTF-8 if the bytes are valid UTF-8 (no other text is so by accident), else Windows-1252, which
    every mislabelled Western feed turns out to be. A byte that even that lacks is read as a control character.
    """
    name = msh18 if declared is None else declared
    codec = codec_of(name)
    if raw.isascii() and _ESCAPE_SEQUENCE not in raw:
        if codec is not None:
            return Decoded(raw.decode("ascii"), codec)
        return Decoded(raw.decode("ascii"), "ascii", (_warning("the character set named is not known"),))
    return _decode_beyond_ascii(raw, codec)


def _decode_beyond_ascii(raw: bytes, codec: str | None) -> Decoded:
    told = codec or "ascii"
    if told == "iso8859-1" and _C1_CONTROL.search(raw):
        text = raw.decode(_FALLBACK, _BY_NUMBER)
        return Decoded(text, _FALLBACK, (_warning("bytes 80-9F are not Latin-1; read as Windows-1252"),))
    try:
        text = raw.decode(told)
    except UnicodeDecodeError:
        return _guess(raw, codec)
    return Decoded(text, told, _flags(text))


def _guess(raw: bytes, codec: str | None) -> Decoded:
    why = "the character set named is not known" if codec is None else "the bytes are not in the character set declared"
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode(_FALLBACK, _BY_NUMBER)
        return Decoded(text, _FALLBACK, (_warning(f"{why}; read as Windows-1252"), *_flags(text)))
    return Decoded(text, "utf-8", (_warning(f"{why}; read as UTF-8"), *_flags(text)))


def _flags(text: str) -> tuple[Problem, ...]:
    """Damage done before the message reached us: it can be shown, not undone."""
    flags = []
    if "\ufffd" in text:
        flags.append(_warning("replacement characters: the sender had lost letters before", "letters-lost"))
    if _DOUBLE_ENCODED.search(text):
        flags.append(_warning("some text looks encoded twice in UTF-8", "encoded-twice"))
    return tuple(flags)


def _warning(text: str, cause: str = "character-set-differs") -> Problem:
    return Problem(ErrorCode.DATA_TYPE, "MSH-18", text, Severity.WARNING, cause)


def encode(text: str, charset: str) -> bytes:
    """Encodes strictly into `charset` (a name of table 0211 or a codec), so that what `decode` gave becomes the same bytes.

    Raises MessageError `charset-unknown`, or `character-unmappable` with the first position (from 0), not the letter.
    """
    codec = codec_of(charset)
    if codec is None:
        raise MessageError(
            "charset-unknown", "no such character set for HL7 text", advice="use a name of HL7 table 0211"
        )
    try:
        return text.encode(codec, errors_of(codec))
    except UnicodeEncodeError as error:
        raise MessageError(
            "character-unmappable",
            f"the character at position {error.start} is not in {codec}",
            advice="send UNICODE UTF-8, or replace the character by a rule",
        ) from None


def errors_of(codec: str) -> str:
    """How what a codec lacks is encoded: Windows-1252 has bytes for what it was decoded from, every other is strict."""
    return _BY_NUMBER if codec == _FALLBACK else "strict"


def without_lead(raw: bytes) -> int:
    """Where the message begins: behind a UTF-8 byte order mark, blanks and line ends."""
    start = len(_BOM) if raw.startswith(_BOM) else 0
    window = raw[start : start + 64]
    return start + len(window) - len(window.lstrip())
