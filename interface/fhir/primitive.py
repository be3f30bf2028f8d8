"""How values of R4's primitive types are written in JSON (R4 sections 2.24.0.1 and 2.6.2.2)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

LONGEST_TEXT: Final = 1_048_576  # characters (R4: SHALL NOT exceed 1 MB)
MOST_PLACES: Final = 40  # digits before and behind the point; R4 wants 18 in all
_YEAR: Final = r"(?!0000)[0-9]{4}"
_DAY: Final = rf"{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]{1,12})?"
_ZONE: Final = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE: Final = rf"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?|{_DAY}"
_UUID: Final = r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_LARGEST: Final = 10**MOST_PLACES
_DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]{0,63})(\.[0-9]{1,64})?([eE][+-]?[0-9]{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Primitive:
    """One primitive type: the kind of its JSON, whether a value of that kind fits, and the rule in words."""

    kind: str
    python: tuple[type, ...]
    fits: Callable[[Any], bool]
    rule: str


def _pattern(pattern: str, rule: str) -> Primitive:
    matches = re.compile(pattern, re.ASCII).fullmatch
    return Primitive("a text", (str,), lambda value: matches(value) is not None, rule)


def _dated(pattern: str, rule: str) -> Primitive:
    matches = re.compile(pattern, re.ASCII).fullmatch
    return Primitive("a text", (str,), lambda value: matches(value) is not None and _is_day(value[:10]), rule)


def _is_day(text: str) -> bool:
    if len(text) < 10:  # a year, or a year and a month
        return True
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _whole(least: int, rule: str) -> Primitive:
    return Primitive("a number", (int,), lambda value: least <= value < 1 << 31, rule)


def _is_short(value: str) -> bool:
    return 0 < len(value) <= LONGEST_TEXT


def is_decimal(value: Decimal | float) -> bool:
    """Whether a number has few enough digits to be reckoned with and written out."""
    if isinstance(value, int):
        return abs(value) < _LARGEST
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    digits, places = exact.as_tuple()[1:]
    return isinstance(places, int) and places >= -MOST_PLACES and len(digits) + places <= MOST_PLACES


def is_decimal_text(value: str) -> bool:
    """Whether a text is what JSON would have as such a number."""
    return _DECIMAL.fullmatch(value) is not None and is_decimal(Decimal(value))


_TEXT: Final = Primitive("a text", (str,), _is_short, f"a text is not empty and has {LONGEST_TEXT} characters at most")
_URI: Final = Primitive(
    "a text",
    (str,),
    lambda value: _is_short(value) and not re.search(r"\s", value),
    "a URI is not empty and has no blanks",
)
PRIMITIVES: Final[Mapping[str, Primitive]] = {
    "boolean": Primitive("true or false", (bool,), lambda _: True, "true or false"),
    "string": _TEXT,
    "markdown": _TEXT,
    "xhtml": Primitive(
        "a text", (str,), lambda value: value.lstrip().startswith("<div"), "a narrative is XHTML within one <div>"
    ),
    "code": _pattern(r"\S+(\s\S+)*", "a code is not empty and has no blanks but single ones within"),
    "id": _pattern(r"[A-Za-z0-9\-.]{1,64}", "an id has 1 to 64 letters, digits, - and ."),
    "uri": _URI,
    "url": _URI,
    "canonical": _URI,
    "oid": _pattern(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+", "an OID is written as urn:oid:1.2.3"),
    "uuid": _pattern(_UUID, "a UUID is written as urn:uuid: and 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12"),
    "base64Binary": Primitive(
        "a text",
        (str,),
        lambda value: re.fullmatch(r"[0-9A-Za-z+/=\s]+", value) is not None and len("".join(value.split())) % 4 == 0,
        "binary content is written in base64",
    ),
    "date": _dated(_DATE, "a date is a day that there is, as YYYY, YYYY-MM or YYYY-MM-DD, without a time"),
    "dateTime": _dated(
        rf"{_DATE}|{_DAY}T{_TIME}{_ZONE}",
        "a dateTime is YYYY, YYYY-MM, YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss with seconds and a zone (Z or +hh:mm)",
    ),
    "instant": _dated(
        rf"{_DAY}T{_TIME}{_ZONE}", "an instant is YYYY-MM-DDThh:mm:ss with seconds and a zone (Z or +hh:mm)"
    ),
    "time": _pattern(_TIME, "a time is hh:mm:ss without a zone"),
    "decimal": Primitive(
        "a number",
        (int, float, Decimal),
        is_decimal,
        f"a decimal has {MOST_PLACES} digits before and behind the point at most",
    ),
    "integer": _whole(-(1 << 31), "an integer is a whole number of 32 bits"),
    "unsignedInt": _whole(0, "a whole number of 0 or more, of 31 bits"),
    "positiveInt": _whole(1, "a whole number of 1 or more, of 31 bits"),
}
