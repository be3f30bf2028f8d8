"""A message with its people taken out: field by field as the allow-list says, its shape kept so that a mapping does the same.

Segments that are not listed, Z segments and free text are dropped. What a site's mapping reads beyond the list is replaced by its
looks. Rule: 45 CFR 164.514(b)(2).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from interface.deidentify import allowed
from interface.deidentify.allowed import FIELDS, Kind
from interface.deidentify.geography import STATES, postal
from interface.deidentify.replace import Replacements
from interface.hl7.charset import codec_of
from interface.hl7.parser import Message
from interface.hl7.segment import Segment
from interface.hl7.value import NULL_ER7

_SEPARATORS: Final = re.compile(r"[^\w\s]{1,5}|[A-Z][A-Z0-9]{2}")  # a segment's name, MSH-1, MSH-2 as it came
_AMOUNT: Final = re.compile(r"[-+]?[$(]{0,2}[0-9]{1,9}(?:,[0-9]{3})*(?:\.[0-9]{0,4})?[-)]?")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_COUNT: Final = re.compile(r"-?[0-9]{1,4}(?:\.[0-9]{1,2})?")
_MESSAGE_TYPE: Final = re.compile(r"[A-Z][A-Z0-9]{2}(?:_[A-Z][A-Z0-9]{2})?")
_VERSION: Final = re.compile(r"2\.[0-9](?:\.[0-9])?")
_DATE: Final = re.compile(r"(?:19|20)[0-9]{6}(?:[0-9]{2,6})?(?:\.[0-9]+)?(?:[+-][0-9]{4})?")
_Leaf = Callable[[str, int, int], str]  # a leaf as written, its component and subcomponent -> what becomes of it


@dataclass(frozen=True, slots=True)
class Site:
    """What a site's own files tell: `codes` of its tables and rules, names of `authorities`, and the fields that it reads."""

    codes: frozenset[str] = frozenset()
    authorities: frozenset[str] = frozenset()  # in small letters
    reads: frozenset[str] = frozenset()  # PV1-8


def deidentified(message: Message, site: Site, made: Replacements) -> str:
    """The message's text, one segment a line. Raises nothing: what cannot be told apart is dropped."""
    lines = (_segment(segment, site, made) for segment in message.all_segments() if is_kept(segment.name, site))
    return "\n".join(line for line in lines if line)


def is_kept(name: str, site: Site) -> bool:
    """Whether a segment may stand in a case: a listed one, or one of the standard that the site's mapping reads."""
    is_read = any(place.startswith(f"{name}-") for place in site.reads)
    return name in FIELDS or (is_read and not name.startswith("Z") and name not in allowed.FREE_TEXT)


def kind_of(place: str, site: Site) -> Kind | None:
    """What becomes of a field (`PID-5`); None: it is dropped."""
    name, _, number = place.partition("-")
    return FIELDS.get(name, {}).get(int(number)) or (Kind.READ if place in site.reads else None)


def _segment(segment: Segment, site: Site, made: Replacements) -> str:
    kept = []
    for number, er7 in enumerate(segment.fields()):
        place = f"{segment.name}-{number}"
        if number == 0 or segment.is_verbatim(number):
            kept.append(er7 if _SEPARATORS.fullmatch(er7) else segment.delimiters.encoding_characters)
        elif er7 and (kind := kind_of(place, site)) is not None:
            kept.append(_field(segment, er7, _leaf_of(kind, place, site, made)))
        else:
            kept.append("")
    while kept and not kept[-1]:
        kept.pop()
    if segment.name == "MSH":
        del kept[1]  # the separator itself
    return segment.delimiters.field.join(kept)


def _field(segment: Segment, er7: str, leaf: _Leaf) -> str:
    delimiters = segment.delimiters
    return delimiters.repetition.join(
        _trimmed(
            delimiters.component,
            (
                _trimmed(
                    delimiters.subcomponent,
                    (
                        part if part in ("", NULL_ER7) else _printable(leaf(part, component, sub), segment)
                        for sub, part in enumerate(whole.split(delimiters.subcomponent), start=1)
                    ),
                )
                for component, whole in enumerate(repetition.split(delimiters.component), start=1)
            ),
        )
        for repetition in er7.split(delimiters.repetition)
    )


def _trimmed(separator: str, parts: Iterator[str]) -> str:
    return separator.join(parts).rstrip(separator)


def _printable(text: str, segment: Segment) -> str:
    """What was made, without anything that is a delimiter of this message."""
    d = segment.delimiters
    special = {d.field, d.component, d.repetition, d.subcomponent, d.escape}
    return "".join(letter for letter in text if letter not in special and letter.isprintable())


def _leaf_of(kind: Kind, place: str, site: Site, made: Replacements) -> _Leaf:
    known = allowed.TABLES.get(place, frozenset()) | site.codes
    leaves: Mapping[Kind, _Leaf] = {
        Kind.SET_ID: _first(lambda text: text if _COUNT.fullmatch(text) else made.number(text)),
        Kind.QUANTITY: _first(lambda text: text if _COUNT.fullmatch(text) else made.number(text)),
        Kind.AMOUNT: lambda text, component, sub: _amount(text, component, sub, made),
        Kind.CODE: _first(lambda text: text if {text.strip(), text.strip().upper()} & known else made.number(text)),
        Kind.MESSAGE_TYPE: lambda text, _c, _s: text if _MESSAGE_TYPE.fullmatch(text) else made.number(text),
        Kind.VERSION: _first(lambda text: text if _VERSION.fullmatch(text) else ""),
        Kind.CHARSET: lambda text, _c, _s: text if codec_of(text) else "",
        Kind.NUMBER: _first(made.number),
        Kind.TIME: lambda text, component, _s: _time(text, component, made),
        Kind.CX: lambda text, component, sub: _identifier(text, component, sub, site, made),
        Kind.AUTHORITY: lambda text, component, _s: _authority(text, component, site, made),
        Kind.PERSON: lambda text, component, _s: _person(text, component, made),
        Kind.ORGANISATION: _first(made.organisation),
        Kind.ADDRESS: lambda text, component, _s: _address(text, component, made),
        Kind.PHONE: lambda text, component, _s: _phone(text, component, made),
        Kind.PLACE: lambda text, component, sub: _place(text, component, sub, site, made),
        Kind.READ: lambda text, _c, _s: _by_looks(text, site, made),
    }
    return leaves[kind]


def _first(change: Callable[[str], str]) -> _Leaf:
    """Of the first component alone: what follows is descriptions and names of systems."""
    return lambda text, component, sub: change(text) if component == sub == 1 else ""


def _time(text: str, component: int, made: Replacements) -> str:
    """Of a moment or a range of two; a letter behind it tells how exact it is."""
    return made.time(text.strip()) if component == 1 or (component == 2 and len(text) > 1) else ""


def _amount(text: str, component: int, sub: int, made: Replacements) -> str:
    if _AMOUNT.fullmatch(text) or _CURRENCY.fullmatch(text):
        return text
    return made.number(text) if component == sub == 1 else ""


def _identifier(text: str, component: int, sub: int, site: Site, made: Replacements) -> str:
    match component:
        case 1:
            return made.number(text)
        case 4 | 6:
            return _authority(text, sub, site, made)
        case 5:
            return text if text in allowed.IDENTIFIER_TYPES or text in site.codes else made.number(text)
        case 7 | 8:
            return made.time(text)
        case _:
            return ""  # check digits are of the number that is gone


def _authority(text: str, part: int, site: Site, made: Replacements) -> str:
    is_known = text.casefold() in site.authorities or (part == 3 and text in allowed.AUTHORITY_KINDS)
    return text if is_known else made.authority(text)


def _person(text: str, component: int, made: Replacements) -> str:
    match component:
        case 1:
            return made.family(text)
        case 2 | 3:
            return made.given(text)
        case 4:
            return text if text.upper().strip(".") in allowed.SUFFIXES else ""
        case 5:
            return text if text.upper().strip(".") in allowed.PREFIXES else ""
        case 7:
            return text if text in allowed.NAME_TYPES else ""
        case _:
            return ""


def _address(text: str, component: int, made: Replacements) -> str:  # noqa: PLR0911 - each part of it is another matter
    match component:
        case 1:
            return made.street(text)
        case 2:
            return made.unit(text)
        case 3:
            return made.town(text)
        case 4:
            return text if text.upper() in STATES else ""
        case 5:
            return postal(text)
        case 6:
            return text if text.upper() in allowed.COUNTRIES else ""
        case 7:
            return text if text in allowed.ADDRESS_TYPES else ""
        case _:
            return ""  # counties, census tracts


def _phone(text: str, component: int, made: Replacements) -> str:
    match component:
        case 1 | 4 if "@" in text:
            return made.mail(text)
        case 1 | 6 | 7 | 8 | 12:
            return made.phone(text)
        case 2:
            return text if text in allowed.PHONE_USES else ""
        case 3:
            return text if text.upper() in allowed.PHONE_KINDS else ""
        case 5:
            return text if text == "1" else made.phone(text)
        case _:
            return ""


def _place(text: str, component: int, sub: int, site: Site, made: Replacements) -> str:
    if component == 4:
        return _authority(text, sub, site, made)
    return text if text in site.codes else made.number(text) if component == 1 else ""


def _by_looks(text: str, site: Site, made: Replacements) -> str:
    if text in site.codes:
        return text
    return made.time(text) if _DATE.fullmatch(text) else made.number(text)


def values(messages: Sequence[Message]) -> frozenset[str]:
    """Every value of these messages, in small letters: what no invention may contain."""
    return frozenset(
        leaf.strip().casefold()
        for message in messages
        for segment in message.all_segments()
        for number, er7 in enumerate(segment.fields())
        if number and not segment.is_verbatim(number)
        for leaf in re.split(_separators(segment), er7)
        if leaf.strip()
    )


def _separators(segment: Segment) -> str:
    d = segment.delimiters
    return "[" + re.escape("".join(dict.fromkeys((d.component, d.repetition, d.subcomponent)))) + "]"
