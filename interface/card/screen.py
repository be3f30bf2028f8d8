"""Masks payment card numbers to their last four, so that none is ever stored; refuses them in what people type.

A number counts when it has the length and leading digits of a card brand, passes the Luhn check and stands alone:
blanks or dashes may group it, letters and further digits may not adjoin it. Luhn alone would flag a tenth of all
random numbers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final

from interface.card.number import KEPT, card_numbers, may_hold_card
from interface.card.view import CodedView, Places, PlainView
from interface.hl7.batch import is_batch
from interface.hl7.charset import without_lead
from interface.hl7.delimiters import HEADER_SEGMENT_BYTES, STANDARD, UNUSED, Delimiters, declared_in

_CARD_TYPES: Final = b"AM|BC|D[IS]|MS|VS"  # HL7 table 0203; BA, a bank account, is no card
_FEWEST_OF_TYPE: Final = 12  # digits in CX-1 of a card type that are masked whatever they add up to
_ALWAYS_EXEMPT: Final = frozenset({"MSH-7", "MSH-10", "BHS-7", "BHS-11", "BHS-12", "FHS-7", "FHS-11", "FHS-12"})
_INNER_SEPARATORS: Final = re.compile(rb"[\r\n]MSH(?=([^A-Za-z0-9\s].{5}))", re.DOTALL)
_MOST_CHANGES: Final = 10_000
_DIGIT: Final = re.compile(rb"\d")


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


@dataclass(frozen=True, slots=True)
class _Marks:
    r"""What announces bytes in hex (`\X`), a card type as the component of an identifier, and a whole identifier of such."""

    coded: bytes
    typed: re.Pattern[bytes]
    identifier: re.Pattern[bytes]


_NOTHING_EXEMPT: Final = CardScreen()


def screen(raw: bytes, how: CardScreen = _NOTHING_EXEMPT) -> Screened:
    """Masks every recognised card number; one pass of quick looks when there is none. Any bytes will do.

    What a masked number still shows may be another one's beginning: such are masked whole, so that nothing is left after them.
    """
    whole = _screened(raw, how)
    return _by_own_separators(whole, how) if is_batch(raw) else whole


def _by_own_separators(whole: Screened, how: CardScreen) -> Screened:
    """A batch, with those of its messages looked at once more that declare other separators than its header.

    Messages with the same ones are looked at together; after very many changes of them, all that is left.
    """
    raw = whole.raw
    lead = without_lead(raw)
    common = raw[lead + 3 : lead + 9]
    if not any(found[1] != common for found in _INNER_SEPARATORS.finditer(raw)):
        return whole
    masked, findings = bytearray(raw), list(whole.findings)
    for start, end in pairwise([*_changes(raw, common), len(raw)]):
        if raw[start + 3 : start + 9] != common:
            own = _screened(raw[start:end], how)
            masked[start:end] = own.raw
            findings += own.findings
    return Screened(bytes(masked), tuple(dict.fromkeys(findings))) if findings else whole


def _changes(raw: bytes, common: bytes) -> list[int]:
    """Where messages begin to have other separators than what stands before them."""
    changes: list[int] = []
    for found in _INNER_SEPARATORS.finditer(raw):
        if found[1] != common:
            common = found[1]
            changes.append(found.start(1) - 3)
            if len(changes) == _MOST_CHANGES:
                break
    return changes


def _screened(raw: bytes, how: CardScreen) -> Screened:
    first = _masked(raw, how, shows_last=True)
    if not first.findings:
        return first
    second = _masked(first.raw, how, shows_last=False)
    return Screened(second.raw, tuple(dict.fromkeys(first.findings + second.findings)))


def _masked(raw: bytes, how: CardScreen, *, shows_last: bool) -> Screened:
    lead = 0 if raw[:3] == b"MSH" else without_lead(raw)
    delimiters = _delimiters(raw[lead : lead + 32])
    marks = _marks(delimiters)
    is_coded = marks.coded in raw
    if not (is_coded or marks.typed.search(raw) or may_hold_card(raw)):
        return Screened(raw)
    view = CodedView(raw, marks.coded[:1]) if is_coded else PlainView(raw)
    numbers = [(start, kept, False) for start, kept in card_numbers(view.seen)]
    if typed := list(_typed_numbers(view.seen, marks)):
        numbers = sorted(numbers + typed)
    exempt = _ALWAYS_EXEMPT | how.exempt
    places = Places(raw, lead, delimiters)
    mask = _mask(delimiters)
    found: dict[str, None] = {}
    for start, kept, is_typed in numbers:
        place = places.of(view.raw_position(start))
        if is_typed or place not in exempt:
            view.mask(start, kept if shows_last else _end_of(view.seen, kept), mask)
            found[place] = None
    return Screened(view.masked(), tuple(map(Finding, found))) if found else Screened(raw)


def _end_of(seen: bytes, kept: int) -> int:
    """The end of a number whose last four digits begin at `kept`."""
    return list(islice(_DIGIT.finditer(seen, kept), KEPT))[-1].end()


def contains_card(text: str) -> bool:
    """For what people and programs type in, and for file names: refused rather than masked."""
    seen = text.encode("utf-8", "surrogatepass")
    return may_hold_card(seen) and next(card_numbers(seen), None) is not None


def _delimiters(head: bytes) -> Delimiters:
    return (declared_in(head).delimiters if head[:3] in HEADER_SEGMENT_BYTES else None) or STANDARD


@lru_cache(maxsize=64)
def _marks(delimiters: Delimiters) -> _Marks:
    escape = STANDARD.escape if delimiters.escape == UNUSED else delimiters.escape
    component = re.escape(delimiters.component.encode("ascii"))
    edges = re.escape(f"{delimiters.field}{delimiters.repetition}".encode("ascii", "ignore")) + rb"\r\n"
    inside = b"[^" + component + edges + b"]*+"
    typed = component + b"(?:" + _CARD_TYPES + b")(?![0-9A-Za-z])"
    first_four = b"(" + inside + b")" + (component + inside) * 3
    return _Marks(
        coded=f"{escape}X".encode("ascii"),
        typed=re.compile(typed),
        identifier=re.compile(rb"(?:\A|(?<=[" + edges + b"]))" + first_four + b"(?=" + typed + b")"),
    )


def _mask(delimiters: Delimiters) -> bytes:
    return b"X" if "*" in delimiters.field + delimiters.encoding_characters else b"*"


def _typed_numbers(seen: bytes, marks: _Marks) -> Iterator[tuple[int, int, bool]]:
    """CX-1 wherever CX-5 names a card, if it has digits enough to be one: a name's fifth component may be `MS` too."""
    if not marks.typed.search(seen):
        return
    for found in marks.identifier.finditer(seen):
        start, end = found.span(1)
        text = seen[start:end]
        if text.isdigit() and len(text) >= _FEWEST_OF_TYPE:
            yield start, end - KEPT, True
        elif len(digits := [digit.start() for digit in _DIGIT.finditer(text)]) >= _FEWEST_OF_TYPE:
            yield start, start + digits[-KEPT], True
