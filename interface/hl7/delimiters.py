"""The separators of one message, as its header declares them (HL7 v2.5.1 section 2.5.4); known manglings are repaired."""

from dataclasses import dataclass
from functools import lru_cache

from interface.hl7.problem import ErrorCode, Problem, Severity

# A lone surrogate that no decoding yields (surrogateescape uses DC80-DCFF), so that code may ask `delimiter in
# text` and split by it without first asking whether the message has that delimiter at all.
UNUSED = "\ud800"

XML_ESCAPED = "xml-escaped"  # the repair that concerns the whole message, not its header alone
HEADER_SEGMENTS = frozenset({"MSH", "FHS", "BHS"})
HEADER_SEGMENT_BYTES = frozenset({b"MSH", b"FHS", b"BHS"})


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The field separator (MSH-1) and the encoding characters (MSH-2), one character each.

    One that the message does not declare is `UNUSED`: `MSH|^~\\|` has no subcomponents, only 2.7 and later have a
    truncation character.
    """

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = UNUSED

    @property
    def encoding_characters(self) -> str:
        """MSH-2 as written."""
        written = self.component + self.repetition + self.escape + self.subcomponent + self.truncation
        return written.replace(UNUSED, "")


STANDARD = Delimiters()


@dataclass(frozen=True, slots=True)
class Declared:
    """What a header declares: `delimiters`, None if they cannot be used; MSH-2 as it stands; what is wrong with it."""

    delimiters: Delimiters | None
    encoding_characters: str
    problems: tuple[Problem, ...] = ()


def declared_in(head: bytes) -> Declared:
    """Reads the delimiters from bytes that begin with MSH, FHS or BHS."""
    separator = head[3:4]
    characters = head[4:24].split(separator, 1)[0] if separator else b""
    return _declared(head[:3], separator, characters.split(b"\r", 1)[0].split(b"\n", 1)[0])


@lru_cache(maxsize=256)
def _declared(segment: bytes, separator: bytes, characters: bytes) -> Declared:
    name = segment.decode("ascii")
    written = characters.decode("latin-1")
    repaired, problems = _repaired(written, f"{name}-2")
    if not _usable(separator.decode("latin-1"), repaired):
        impossible = Problem(
            ErrorCode.UNSUPPORTED_MESSAGE_TYPE,
            f"{name}-2",
            "separators must be 2 to 6 different punctuation characters",
            cause="header-unusable",
        )
        return Declared(None, written, (impossible,))
    padded = repaired.ljust(5, UNUSED)
    return Declared(Delimiters(separator.decode("ascii"), *padded), written, problems)


def _repaired(characters: str, place: str) -> tuple[str, tuple[Problem, ...]]:
    """Undoes three things that programs do to `^~\\&` on its way, each with a warning that names it."""
    if characters == "^~&":
        text = "the escape character was lost by the sender; read as the usual one"
        return "^~\\&", (_warning(place, text, "escape-lost"),)
    if characters.endswith("&amp;"):
        text = "the message was XML-escaped by the sender; read as it was before"
        return characters[:-4], (_warning(place, text, XML_ESCAPED),)
    if len(characters) == 5 and characters[2] == characters[3] != characters[4]:
        text = "the escape character is written twice; read as one"
        return characters[:3] + characters[4], (_warning(place, text, "escape-doubled"),)
    return characters, ()


def _warning(place: str, text: str, cause: str) -> Problem:
    return Problem(ErrorCode.DATA_TYPE, place, text, Severity.WARNING, cause)


def _usable(separator: str, characters: str) -> bool:
    every = separator + characters
    return (
        len(separator) == 1
        and 1 <= len(characters) <= 5
        and len(set(every)) == len(every)
        and all("!" <= character <= "~" and not character.isalnum() for character in every)
    )
