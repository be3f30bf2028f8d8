"""Escape sequences (HL7 v2.5.1 section 2.7): undone after splitting, so that an escaped delimiter splits nothing."""

import re
from functools import lru_cache

from interface.errors import MessageError
from interface.hl7.delimiters import UNUSED, Delimiters

_CONTROL = "\x00-\x1f\x7f"


def unescape(text: str, delimiters: Delimiters, charset: str = "utf-8") -> str:
    r"""The text that `text` stands for. `\X..\` holds bytes of `charset`; `\.br\` is a line feed.

    A sequence that is unknown, malformed or only about display (`\H\`, `\.in+4\`, `\Zxx\`, `\C..\`) stays as it is.
    """
    if delimiters.escape not in text:
        return text
    pattern, meanings = _sequences(delimiters)

    def meaning(found: re.Match[str]) -> str:
        known = meanings.get(found[1])
        return _bytes_of(found, charset) if known is None else known

    return pattern.sub(meaning, text)


def _bytes_of(found: re.Match[str], charset: str) -> str:
    body = found[1]
    if body[:1] != "X" or len(body) < 3:
        return found[0]
    try:
        return bytes.fromhex(body[1:]).decode(charset)
    except ValueError:  # UnicodeDecodeError is one
        return found[0]


@lru_cache(maxsize=64)
def _sequences(delimiters: Delimiters) -> tuple[re.Pattern[str], dict[str, str]]:
    mark = re.escape(delimiters.escape)
    meanings = {letter: character for character, letter in _letters(delimiters).items()}
    return re.compile(f"{mark}([^{mark}]*){mark}"), {**meanings, ".br": "\n"}


def _letters(delimiters: Delimiters) -> dict[str, str]:
    letters = {
        delimiters.field: "F",
        delimiters.component: "S",
        delimiters.subcomponent: "T",
        delimiters.repetition: "R",
        delimiters.escape: "E",
        delimiters.truncation: "P",
    }
    letters.pop(UNUSED, None)
    return letters


def escape(text: str, delimiters: Delimiters) -> str:
    r"""`text` made safe as one value: delimiters by letter, control characters (line ends, MLLP bytes) as `\Xhh\`.

    Raises MessageError `escape-impossible` if the message declares no escape character and the text needs one.
    """
    pattern, replacements = _replacements(delimiters)
    if not pattern.search(text):
        return text
    if delimiters.escape == UNUSED:
        raise MessageError(
            "escape-impossible",
            "the value holds a delimiter and the message declares no escape character",
            place="MSH-2",
            advice="write the message with the usual delimiters",
        )
    return pattern.sub(lambda found: replacements[found[0]], text)


@lru_cache(maxsize=64)
def _replacements(delimiters: Delimiters) -> tuple[re.Pattern[str], dict[str, str]]:
    mark = delimiters.escape
    replacements = {character: f"{mark}{letter}{mark}" for character, letter in _letters(delimiters).items()}
    for code in (*range(0x20), 0x7F):
        replacements[chr(code)] = f"{mark}X{code:02X}{mark}"
    return re.compile("[" + "".join(map(re.escape, _letters(delimiters))) + _CONTROL + "]"), replacements
