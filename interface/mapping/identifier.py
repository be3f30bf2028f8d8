"""Identifiers (CX) read so that the same person, account or visit always comes out the same.

The assigning authority is compared by its universal id first, its namespace second (CX-4, HL7 v2.5.1 section 2.A.14), through
a table of synonyms; it is case-folded, the id itself never. A bare id belongs to the channel's facility. Leading zeros and inner
blanks stay, check digits (CX-2) are neither stripped nor added.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from interface.hl7.escape import unescape
from interface.hl7.problem import ErrorCode
from interface.hl7.value import NULL_ER7
from interface.ledger.noun import Identifier
from interface.mapping.scope import UNSAID, Said, Scope, UnfitMessageError
from interface.mapping.table import CodeTable

# What a number is when its sender does not say so in CX-5 (HL7 table 0203), by where it stands.
TYPES_BY_FIELD: Final[Mapping[str, str]] = {
    "PID-2": "PI",
    "PID-3": "MR",
    "PID-4": "PI",
    "PID-18": "AN",
    "PV1-5": "VN",
    "PV1-19": "VN",
    "PV1-50": "VN",
    "GT1-2": "GN",
    "MRG-1": "MR",
    "MRG-3": "AN",
    "MRG-5": "VN",
    "MRG-6": "VN",
    "FT1-30": "",
}
LONGEST: Final = 199  # CX-1 since v2.7; what is longer is no number that anybody knows a person by
NO_TABLE: Final = CodeTable("none")


@dataclass(frozen=True, slots=True)
class Naming:
    """How authorities and types are named: tables of synonyms; `keep` as their miss leaves names as they are.

    `references`: the system of ids in FHIR references, where they are the sender's own; empty where they are ours.
    """

    authorities: CodeTable = NO_TABLE
    types: CodeTable = NO_TABLE
    references: str = ""


def reader(place: str, default_type: str, naming: Naming) -> Callable[[str, Scope], Said]:
    """A closure that reads one repetition in ER7; the field's place is for messages to people."""

    def read(er7: str, scope: Scope) -> Said:
        delimiters = scope.delimiters
        parts = er7.split(delimiters.component) if delimiters.component in er7 else [er7]
        value = parts[0]
        if value == NULL_ER7:
            # A null id among others says nothing; only a field that is null as a whole would clear something.
            return refuse_clear(scope, place) if er7 == NULL_ER7 else UNSAID
        if delimiters.escape in er7:
            parts = [unescape(part, delimiters, scope.charset) for part in parts]
        value = parts[0].strip()
        if not value:
            return UNSAID
        if len(value) > LONGEST:
            raise refuse_too_long(scope, place)
        return Identifier(
            _authority(parts[3] if len(parts) > 3 else "", scope, naming, place),
            _type(parts[4] if len(parts) > 4 else "", scope, naming, place) or default_type,
            value,
        )

    return read


# What an identifier is called inside of a choice, and what that means.
CHOICE_NAMES: Final[Mapping[str, str]] = {
    "authority": "its assigning authority (CX-4), read through the table of authorities; compared without regard to case",
    "type": "its type (CX-5), read through the table of types; where none was sent, what the field holds",
}


def choice_reader(name: str, place: str, default_type: str, naming: Naming) -> Callable[[Scope], Said]:
    """A closure that reads one of `CHOICE_NAMES` of the repetition that a choice looks at; an authority case-folded."""
    own = -id(naming)  # a scope serves rules with other tables, too: filters have none

    def told(scope: Scope) -> list[str]:
        # Several choices look at the same repetition: what it is, is found out once.
        found = scope.parts.get((scope.repetition, own))
        if found is None:
            found = scope.parts[scope.repetition, own] = _what(scope, naming, place)
        return found

    if name == "authority":
        return lambda scope: told(scope)[0]
    return lambda scope: told(scope)[1] or default_type or UNSAID


def _what(scope: Scope, naming: Naming, place: str) -> list[str]:
    delimiters, er7 = scope.delimiters, scope.repetition
    parts = er7.split(delimiters.component, 5)
    if delimiters.escape in er7:
        parts = [unescape(part, delimiters, scope.charset) for part in parts]
    authority = _authority(parts[3] if len(parts) > 3 else "", scope, naming, place)
    return [authority, _type(parts[4] if len(parts) > 4 else "", scope, naming, place)]


def _type(part: str, scope: Scope, naming: Naming, place: str) -> str:
    code = part.strip()
    return naming.types.look_up(code, scope, place) if code and code != NULL_ER7 else ""


def _authority(part: str, scope: Scope, naming: Naming, place: str) -> str:
    separator = scope.delimiters.subcomponent
    namespace, universal = part, ""
    if separator in part:
        pieces = part.split(separator)
        namespace, universal = pieces[0], pieces[1]
    table = naming.authorities
    known = table.rows
    named = known.get(universal)
    if named is None:
        named = known.get(namespace)
    if named is None and (named := universal or namespace):
        named = table.look_up(named, scope, place)
    # What names nobody, the table's row for it included, leaves the number to the channel's facility.
    return (named or scope.context.facility).strip().casefold()


def refuse_clear(scope: Scope, place: str) -> Said:
    """An identifier or amount sent as `""`: an error, never a clear, unless the channel says that null means empty."""
    if scope.null is UNSAID:
        return UNSAID
    raise UnfitMessageError(
        "null-refused",
        'an identifier or amount was sent as `""`, and cannot be cleared',
        hl7_code=ErrorCode.DATA_TYPE,
        place=scope.placed(place),
        advice="if this sender writes null into every blank field, set `null_is_empty: true` in its channel",
    )


def refuse_too_long(scope: Scope, place: str) -> UnfitMessageError:
    """The error for what is no number that anybody knows a person by."""
    return UnfitMessageError(
        "identifier-too-long",
        f"an identifier is longer than {LONGEST} characters",
        hl7_code=ErrorCode.VALUE_TOO_LONG,
        place=scope.placed(place),
        advice="amend the message, or ask the sender",
    )


def typed(identifier: Identifier, type_code: str) -> Identifier:
    """The same number, declared to be of another type."""
    return identifier._replace(type=type_code)
