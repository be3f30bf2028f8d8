"""The screen for card numbers as plainly as it can be said: one candidate after the other, each checked by itself.

Slow where a frame is full of candidates; what `interface.card` finds in lanes is compared with what this finds.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from stdnum import luhn

from interface.hl7.charset import without_lead
from interface.hl7.delimiters import HEADER_SEGMENT_BYTES, STANDARD, UNUSED, Delimiters, declared_in

# Every brand begins with 2 to 6; no date of this or the last century does so as a brand would.
_BRANDS: Final = re.compile(
    b"|".join(
        (
            rb"4\d{12}(?:\d{3}){0,2}",  # Visa: 13, 16, 19
            rb"5[1-5]\d{14}",  # Mastercard
            rb"(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}",  # Mastercard
            rb"3[47]\d{13}",  # American Express
            rb"(?:6011|64[4-9]\d|65\d\d)\d{12}",  # Discover
            rb"3(?:0[0-5]|[68]\d)\d{11}",  # Diners
            rb"35(?:2[89]|[3-8]\d)\d{12}",  # JCB
            rb"62\d{14,17}",  # UnionPay
        )
    )
)
_SHORTEST, _LONGEST = 13, 19
_KEPT: Final = 4
_CARD_TYPES: Final = b"AM|BC|D[IS]|MS|VS"  # HL7 table 0203; BA, a bank account, is no card
_FEWEST_OF_TYPE: Final = 12  # digits in CX-1 of a card type that are masked whatever they add up to
_ALWAYS_EXEMPT: Final = frozenset({"MSH-7", "MSH-10", "BHS-7", "BHS-11", "BHS-12", "FHS-7", "FHS-11", "FHS-12"})
UNPARSED: Final = "unparsed"

# Where a card number can begin. It must stay this dull: it is all that a clean message costs. The set of first
# characters lets the scan skip quickly; dates begin with 1 or 20 and are passed over.
_BEGINNINGS = (
    re.compile(rb"[3-6](?<![0-9A-Za-z].)(?=[\d -]{12})"),
    re.compile(rb"2(?<![0-9A-Za-z].)(?=[2-7][\d -]{11})"),
)
_GROUPED = re.compile(rb"[0-9]+(?:[ -][0-9]+)*")
_SEGMENT_BEGINS = re.compile(rb"[\r\n]+(?=[A-Z][A-Z0-9]{2}[^0-9A-Za-z])")
_NAME = re.compile(rb"[A-Z][A-Z0-9]{2}")


@dataclass(frozen=True, slots=True)
class CardScreen:
    """Fields (`PID-3`) that a channel declares to hold identifiers, which may look like cards by chance.

    A card type in CX-5 overrules it.
    """

    exempt: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a card number was masked: segment and field (`NTE-3`), or `unparsed` where there are no segments."""

    place: str


@dataclass(frozen=True, slots=True)
class Screened:
    """The bytes to store, as long as those given; the same object when nothing was found."""

    raw: bytes
    findings: tuple[Finding, ...] = ()


_NOTHING_EXEMPT: Final = CardScreen()


def screen(raw: bytes, how: CardScreen = _NOTHING_EXEMPT) -> Screened:
    """Masks every recognised card number, and whole what is one only by what the masked ones still show."""
    first = _masked(raw, how, _KEPT)
    if not first.findings:
        return first
    second = _masked(first.raw, how, 0)
    return Screened(second.raw, tuple(dict.fromkeys(first.findings + second.findings)))


def _masked(raw: bytes, how: CardScreen, shown: int) -> Screened:
    lead = 0 if raw[:3] == b"MSH" else without_lead(raw)
    delimiters = _delimiters(raw[lead : lead + 32])
    coded_mark, typed = _marks(delimiters)
    is_coded = coded_mark in raw
    if not (is_coded or typed.search(raw) or any(begins.search(raw) for begins in _BEGINNINGS)):
        return Screened(raw)
    view = _View.decoded(raw, delimiters) if is_coded else _View(raw)
    numbers = sorted({*_typed_numbers(view.seen, typed, delimiters), *((*each, False) for each in _numbers(view.seen))})
    places = _Places(raw, lead, delimiters)
    masked = bytearray(raw)
    found: dict[str, None] = {}
    for start, end, is_typed in numbers:
        place = places.of(view.raw_position(start)[0])
        if is_typed or not (place in _ALWAYS_EXEMPT or place in how.exempt):
            view.mask(masked, start, end, _mask_character(delimiters), shown)
            found[place] = None
    return Screened(bytes(masked), tuple(map(Finding, found))) if found else Screened(raw)


def contains_card(text: str) -> bool:
    """For what people and programs type in, and for file names: refused rather than masked."""
    return next(_numbers(text.encode("utf-8", "surrogatepass")), None) is not None


def is_card_number(digits: bytes) -> bool:
    """Brand, length, Luhn, and not one digit throughout."""
    return (
        _BRANDS.fullmatch(digits) is not None and len(set(digits)) > 1 and bool(luhn.is_valid(digits.decode("ascii")))
    )


def _delimiters(head: bytes) -> Delimiters:
    return (declared_in(head).delimiters if head[:3] in HEADER_SEGMENT_BYTES else None) or STANDARD


@lru_cache(maxsize=64)
def _marks(delimiters: Delimiters) -> tuple[bytes, re.Pattern[bytes]]:
    r"""What announces bytes in hex (`\X`), and a card type as the component of an identifier."""
    escape = STANDARD.escape if delimiters.escape == UNUSED else delimiters.escape
    component = re.escape(delimiters.component.encode("ascii"))
    return f"{escape}X".encode("ascii"), re.compile(component + rb"(?:" + _CARD_TYPES + rb")(?![0-9A-Za-z])")


def _mask_character(delimiters: Delimiters) -> int:
    return ord("X") if "*" in delimiters.field + delimiters.encoding_characters else ord("*")


def _numbers(seen: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of every card number, in order and apart."""
    starts = sorted({found.start() for begins in _BEGINNINGS for found in begins.finditer(seen)})
    passed = 0
    for start in starts:
        if start >= passed and (end := _card_end(seen, start)):
            yield start, end
            passed = end


def _card_end(seen: bytes, start: int) -> int:
    """The end of the longest card number that begins at `start`; 0 when there is none."""
    run = _GROUPED.match(seen, start, start + 2 * _LONGEST)
    end = run.end() if run else start
    while end > start:
        digits = seen[start:end].translate(None, b" -")
        if len(digits) < _SHORTEST:
            return 0
        stands_alone = not seen[end : end + 1].isalnum()
        if len(digits) <= _LONGEST and stands_alone and is_card_number(digits):
            return end
        end = max(seen.rfind(b" ", start, end), seen.rfind(b"-", start, end))
    return 0


def _typed_numbers(seen: bytes, typed: re.Pattern[bytes], delimiters: Delimiters) -> Iterator[tuple[int, int, bool]]:
    """CX-1 wherever CX-5 names a card, if it has digits enough to be one: a name's fifth component may be `MS` too."""
    component = delimiters.component.encode("ascii")
    edges = f"\r\n{delimiters.field}{delimiters.repetition}".encode("ascii", "ignore")
    for found in typed.finditer(seen):
        window = seen[: found.start()]
        start = found.start() - len(window) + 1 + max(window.rfind(edge) for edge in (bytes([each]) for each in edges))
        first, *others = seen[start : found.start()].split(component)
        if len(others) == 3 and sum(map(_is_digit, first)) >= _FEWEST_OF_TYPE:
            yield start, start + len(first), True


def _is_digit(byte: int) -> bool:
    return 0x30 <= byte <= 0x39


class _View:
    r"""The bytes with `\X..\` decoded, and the way back: `pieces` are (position seen, position in raw, raw bytes each)."""

    def __init__(self, seen: bytes, pieces: tuple[tuple[int, int, int], ...] = ((0, 0, 1),)) -> None:
        self.seen = seen
        self._pieces = pieces
        self._starts = [piece[0] for piece in pieces]

    @classmethod
    def decoded(cls, raw: bytes, delimiters: Delimiters) -> "_View":
        mark = re.escape(_marks(delimiters)[0][:1])
        parts: list[bytes] = []
        pieces: list[tuple[int, int, int]] = []
        at = seen = 0
        for found in re.finditer(mark + rb"X((?:[0-9A-Fa-f]{2})+)" + mark, raw):
            for part, position, width in (
                (raw[at : found.start()], at, 1),
                (bytes.fromhex(found[1].decode("ascii")), found.start(1), 2),
            ):
                pieces.append((seen, position, width))
                parts.append(part)
                seen += len(part)
            at = found.end()
        return cls(b"".join((*parts, raw[at:])), (*pieces, (seen, at, 1)))

    def raw_position(self, position: int) -> tuple[int, int]:
        """Where a byte seen stands in raw, and over how many bytes."""
        seen, raw, width = self._pieces[bisect_right(self._starts, position) - 1]
        return raw + (position - seen) * width, width

    def mask(self, raw: bytearray, start: int, end: int, character: int, shown: int) -> None:
        """Overwrites every digit but the last `shown`; a digit in hex by the mask in hex."""
        digits = [position for position in range(start, end) if _is_digit(self.seen[position])]
        for position in digits[: len(digits) - shown]:
            at, width = self.raw_position(position)
            raw[at : at + width] = bytes([character]) if width == 1 else b"%02X" % character


class _Places:
    """Names the segment and field of positions asked for in ascending order; linear over all of them."""

    def __init__(self, raw: bytes, lead: int, delimiters: Delimiters) -> None:
        self._raw = raw
        self._separator = delimiters.field.encode("ascii")
        self._has_segments = raw[lead : lead + 3] in HEADER_SEGMENT_BYTES
        self._segment = self._at = lead
        self._field = 0

    def of(self, position: int) -> str:
        if not self._has_segments:
            return UNPARSED
        for begins in _SEGMENT_BEGINS.finditer(self._raw, self._at, position + 4):
            if begins.end() <= position:
                self._segment = self._at = begins.end()
                self._field = 0
        self._field += self._raw.count(self._separator, self._at, position)
        self._at = max(self._at, position)
        name = _NAME.match(self._raw, self._segment)
        if name is None:
            return UNPARSED
        number = self._field + (name[0] in HEADER_SEGMENT_BYTES)
        return f"{name[0].decode('ascii')}-{number}"
