"""One value held against what the standard says of its place: data type, length, code table; by hl7apy's own data types."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import HL7apyException, InvalidDataType, MaxLengthReached
from hl7apy.factories import datatype_factory

from interface.hl7.problem import Severity

_SHOWN_CODES: Final = 12  # longer tables are named, not listed
_LISTED_BY_HL7: Final = "ID"  # data type of codes whose tables the standard closes; those of IS and CWE are the sites'
_FORMS: Final = {
    "DT": "a date as YYYYMMDD",
    "TM": "a time as HHMMSS",
    "DTM": "a moment as YYYYMMDDHHMMSS+ZZZZ",
    "TS": "a moment as YYYYMMDDHHMMSS+ZZZZ",
    "NM": "a number",
    "SI": "a whole number",
    "TN": "a telephone number as (608)555-0101",
}
# hl7apy also takes a month or day of one digit (HL7 v2.5.1 sections 2.A.21, 2.A.22, 2.A.75).
_SHAPES: Final = {
    "DT": re.compile(r"[0-9]{4}([0-9]{2}([0-9]{2})?)?"),
    "TM": re.compile(r"[0-9]{2}([0-9]{2}([0-9]{2}(\.[0-9]{1,4})?)?)?([+-][0-9]{4})?"),
    "DTM": re.compile(r"[0-9]{4}([0-9]{2}([0-9]{2}([0-9]{2}([0-9]{2}([0-9]{2}(\.[0-9]{1,4})?)?)?)?)?)?([+-][0-9]{4})?"),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """What hl7apy knows of a place: data type, name in words, code table (`HL70001`), longest text (-1: not said), parts."""

    data_type: str
    words: str
    table: str
    longest: int
    parts: tuple[Any, ...] = ()

    @classmethod
    def of(cls, known: Any) -> "Reference":
        """Out of hl7apy's tuple: kind, parts, data type, name, table, longest."""
        _kind, parts, data_type, name, table, longest = known
        words = (name or "").replace("_", " ").lower()
        return cls(data_type or "", words, table or "", -1 if longest is None else longest, tuple(parts or ()))

    def as_code(self) -> "Reference":
        """Of a composed value with a table: its first component is the code."""
        return replace(self, data_type="", parts=(), longest=-1)


@dataclass(frozen=True, slots=True)
class Codes:
    """A code table of a version: its name in words, and its codes; none where the standard lists none."""

    version: str = ""
    name: str = ""
    listed: tuple[str, ...] = ()


def leaf_faults(text: str, known: Reference, version: str, codes: Codes) -> Iterator[tuple[Severity, str, str]]:
    """Severity, rule and text of everything that is wrong with one value."""
    if -1 < known.longest < len(text):
        yield Severity.WARNING, "too-long", f"{version} allows {known.longest} characters for {known.words}"
    if known.data_type:
        yield from _of_type(text, known, version)
    if codes.listed and text not in codes.listed:
        number = known.table.removeprefix("HL7")
        some = f": {', '.join(codes.listed)}" if len(codes.listed) <= _SHOWN_CODES else ""
        # User-defined tables are suggestions: a code of the site's own is worth knowing, and not wrong.
        severity = Severity.WARNING if known.data_type == _LISTED_BY_HL7 else Severity.INFORMATION
        yield severity, "code-unlisted", f"it is not in table {number} ({codes.name}) of {codes.version}{some}"


def _of_type(text: str, known: Reference, version: str) -> Iterator[tuple[Severity, str, str]]:
    form = _FORMS.get(known.data_type, f"one of type {known.data_type}")
    shape = _SHAPES.get(known.data_type)
    if shape is not None and not shape.fullmatch(text):
        yield Severity.ERROR, "malformed-value", f"{known.words} is {form} in {version}"
        return
    try:
        datatype_factory(known.data_type, text, version, VALIDATION_LEVEL.STRICT)
    except InvalidDataType:
        return  # one that hl7apy has no rules for
    except MaxLengthReached:
        yield Severity.WARNING, "too-long", f"it is longer than {known.data_type} allows in {version}"
    except (ValueError, HL7apyException):
        yield Severity.ERROR, "malformed-value", f"{known.words} is {form} in {version}"
