"""Identifier and Reference (R4 sections 2.24.0.13 and 2.3) read so that the same person, account or visit comes out as over HL7 v2.

A system stands for the assigning authority: `urn:oid:` and `urn:id:` are taken off, then the table of authorities counts, as for
CX-4.
A number without a system belongs to the channel's facility. A reference to a resource of this server names its row (where
`references` is set: of the sender's server, by that system), one with
an identifier that identifier, one that searches (`Patient?identifier=SYSTEM|VALUE`) what it searches by; others are refused.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from interface.fhir.element import ID_TYPES, authority_name
from interface.hl7.problem import ErrorCode
from interface.ledger.noun import PREFIX, Identifier, Noun, public
from interface.mapping.identifier import LONGEST, Naming, refuse_too_long
from interface.mapping.scope import UNSAID, Said, Scope, UnfitMessageError

# What a number is where nobody says so (HL7 table 0203), by whose it is.
TYPES_BY_NOUN: Final[Mapping[Noun | None, str]] = {
    Noun.PATIENT: "MR",
    Noun.ACCOUNT: "AN",
    Noun.ENCOUNTER: "VN",
    Noun.GUARANTOR: "GN",
    None: "",
}
# Which resources stand for which rows.
RESOURCES: Final[Mapping[str, Noun]] = {
    "Patient": Noun.PATIENT,
    "Account": Noun.ACCOUNT,
    "Encounter": Noun.ENCOUNTER,
    "RelatedPerson": Noun.GUARANTOR,
    "Organization": Noun.GUARANTOR,
}
_NOUNS: Final = {type_: noun for noun, type_ in TYPES_BY_NOUN.items() if noun is not None}
_LITERAL: Final = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9.\-]{1,64})(/_history/[A-Za-z0-9.\-]{1,64})?")
_SEARCHED: Final = re.compile(r"([A-Z][A-Za-z]{1,63})\?(.+)")
OF_SENDER: Final = "FHIR"  # the type of an id that a sender's own server has given
ReadOne = Callable[[Any, Scope], Said]


def reader_of(place: str, noun: Noun | None, naming: Naming) -> ReadOne:
    """A closure that reads one Identifier or Reference as a number of `noun`'s; UNSAID for what is expired or of another noun."""
    read_identifier = _identifier_reader(place, TYPES_BY_NOUN[noun], naming)

    def read(element: Any, scope: Scope) -> Said:
        if "reference" not in element and "identifier" not in element:
            return (
                read_identifier(element, scope)
                if _is_identifier(element) and not _is_expired(element, scope)
                else UNSAID
            )
        return _referred(element, scope, place, noun, read_identifier, naming)

    return read


def _is_identifier(element: Any) -> bool:
    """Not a Reference with nothing that R4 knows in it, whose other parts may be anything."""
    shapes = (("value", str), ("system", str), ("type", dict), ("period", dict))
    return all(isinstance(element.get(name), shape | None) for name, shape in shapes)


def _referred(
    element: Any, scope: Scope, place: str, noun: Noun | None, read_identifier: ReadOne, naming: Naming
) -> Said:
    text, identifier = element.get("reference") or "", element.get("identifier")
    told = element.get("type") or ""
    if told in RESOURCES and RESOURCES[told] is not noun:
        return UNSAID
    if found := _LITERAL.fullmatch(text):
        of = RESOURCES.get(found[1])
        return row_of(found[1], found[2], naming) if of is noun and of is not None else UNSAID
    if found := _SEARCHED.fullmatch(text):
        if RESOURCES.get(found[1]) is not noun:
            return UNSAID
        return read_identifier(_token(found[2], scope, place), scope)
    if text.startswith("#"):
        return _contained(text, scope, place, noun, read_identifier)
    if isinstance(identifier, dict):
        of = _NOUNS.get(type_code(identifier), noun)
        return read_identifier(identifier, scope) if of is noun else UNSAID
    raise _unfollowed(scope, place)


def row_of(type_: str, id_: str, naming: Naming) -> Identifier:
    """The row that a resource of this server stands for, where ids are ours; else the sender's own id as a number of his.

    Here a RelatedPerson's id is the guarantor's and the patient's.
    """
    if naming.references:
        return Identifier(authority_name(naming.references).casefold(), OF_SENDER, id_)
    noun = RESOURCES[type_]
    own = id_.rpartition("-")[0] if type_ == "RelatedPerson" and "-" in id_ else id_
    return public(f"{PREFIX[noun]}_{own}")


def _token(query: str, scope: Scope, place: str) -> dict[str, Any]:
    """What a conditional reference (R4 section 3.2.0.9.2) searches by."""
    parameters = parse_qsl(query, keep_blank_values=True)
    if len(parameters) != 1 or parameters[0][0] != "identifier" or "," in parameters[0][1]:
        raise _unfollowed(scope, place)
    return token_of(parameters[0][1])


def token_of(text: str) -> dict[str, Any]:
    """`SYSTEM|VALUE` as an Identifier."""
    system, _, value = text.rpartition("|")
    return {"system": system, "value": value} if system else {"value": value}


def _contained(text: str, scope: Scope, place: str, noun: Noun | None, read_identifier: ReadOne) -> Said:
    """The number of a contained resource: of the kind that is looked for, else its only one."""
    for one in scope.resource.get("contained") or ():
        if f"#{one.get('id')}" == text:
            if RESOURCES.get(one.get("resourceType") or "") is not noun:
                return UNSAID
            numbers = [read_identifier(each, scope) for each in one.get("identifier") or ()]
            fitting = [each for each in numbers if each is not UNSAID and each.type == TYPES_BY_NOUN[noun]] or numbers
            if len(set(fitting)) == 1:
                return fitting[0]
    raise _unfollowed(scope, place)


def _unfollowed(scope: Scope, place: str) -> UnfitMessageError:
    return UnfitMessageError(
        "reference-unfollowed",
        "the reference leads to no resource of this server and has no identifier",
        hl7_code=ErrorCode.UNKNOWN_KEY,
        place=scope.placed(place),
        advice="refer to TYPE/ID as found here, to TYPE?identifier=SYSTEM|VALUE, or by `identifier`",
    )


def _identifier_reader(place: str, default_type: str, naming: Naming) -> ReadOne:
    def read(element: Any, scope: Scope) -> Said:
        value = (element.get("value") or "").strip()
        if not value:
            return UNSAID
        if len(value) > LONGEST:
            raise refuse_too_long(scope, place)
        code = type_code(element)
        named = naming.types.look_up(code, scope, place) if code else ""
        return Identifier(_authority(element.get("system") or "", scope, naming, place), named or default_type, value)

    return read


def type_code(element: Any) -> str:
    """The type of an Identifier: of HL7 table 0203 where it says so, else the first code, else its words."""
    kind = element.get("type") or {}
    codings = kind.get("coding") or ()
    codes = [one.get("code") or "" for one in codings if one.get("system") == ID_TYPES]
    codes += [one.get("code") or "" for one in codings]
    return next(filter(None, codes), (kind.get("text") or "").strip())


def _authority(system: str, scope: Scope, naming: Naming, place: str) -> str:
    name, known = authority_name(system.strip()), naming.authorities
    named = known.rows.get(system) or known.rows.get(name)
    if named is None and name:
        named = known.look_up(name, scope, place)
    return (named or scope.context.facility).strip().casefold()


def _is_expired(element: Any, scope: Scope) -> bool:
    ends = (element.get("period") or {}).get("end") or ""
    return (
        bool(ends)
        and ends[:10] < datetime.fromtimestamp(scope.event_at / 1_000_000, UTC).date().isoformat()[: len(ends)]
    )
