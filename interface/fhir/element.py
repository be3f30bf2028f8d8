"""FHIR data types (R4 section 2.24) out of the ledger's plain values. What is not known is left out: FHIR knows no empty text."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from interface.fhir.text import Resource

ID_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_NAMED = "urn:id:"  # of an authority that has a name and no URI (HL7 v2-to-FHIR, HD[uri])
_MICROS = 1_000_000


def known(**elements: Any) -> Resource:
    """The elements that have a value, in this order. A trailing underscore keeps a name from being Python's (`class_`)."""
    return {name.removesuffix("_"): value for name, value in elements.items() if value not in (None, "", [], {}, ())}


def system_of(authority: str) -> str:
    """The URI of an assigning authority: its own, its OID's, or one that is made of its name."""
    if _OID.fullmatch(authority):
        return f"urn:oid:{authority}"
    return authority if ":" in authority or not authority else _NAMED + authority


def authority_of(system: str) -> str:
    """The authority, as the ledger keys it, that a system stands for: the way back from `system_of`."""
    return authority_name(system).casefold()


def authority_name(system: str) -> str:
    """The name of the authority that a system stands for, as it is written: an OID, a name, or the URI itself."""
    for lead in ("urn:oid:", _NAMED):
        if system.lower().startswith(lead):
            return system[len(lead) :]
    return system


def identifiers(ids: Iterable[tuple[str, str, str]], *, use: str = "") -> list[Resource]:
    """Identifier, one for each authority, type (HL7 table 0203) and value."""
    return [
        known(use=use, type=concept(ID_TYPES, type_), system=system_of(authority), value=value)
        for authority, type_, value in ids
    ]


def concept(system: str, code: str, display: str = "") -> Resource | None:
    """CodeableConcept of one code."""
    return {"coding": [known(system=system, code=code, display=display)]} if code else None


def human_name(family: str, given: str, middle: str = "", suffix: str = "") -> list[Resource]:
    """HumanName, official."""
    name = known(
        family=family, given=[one for one in (given, *middle.split()) if one], suffix=[suffix] if suffix else []
    )
    return [{"use": "official", **name}] if name else []


def address(parts: Mapping[str, str]) -> list[Resource]:
    """Address out of line, line2, city, state, postal_code, country."""
    found = known(
        line=[parts[name] for name in ("line", "line2") if parts[name]],
        city=parts["city"],
        state=parts["state"],
        postalCode=parts["postal_code"],
        country=parts["country"],
    )
    return [found] if found else []


def contact(phone: str, email: str) -> list[Resource]:
    """ContactPoint of each that is known."""
    return [{"system": system, "value": value} for system, value in (("phone", phone), ("email", email)) if value]


def money(amount_minor: int, currency: str, digits: int = 2) -> Resource:
    """Money; the value has as many decimals as the currency has minor units."""
    return {"value": Decimal(amount_minor).scaleb(-digits), "currency": currency}


def reference(type_: str, id_: str) -> Resource | None:
    """Reference to a resource of this server."""
    return {"reference": f"{type_}/{id_}"} if id_ else None


def references(type_: str, *ids: str) -> list[Resource]:
    """One Reference for each that is known."""
    return [{"reference": f"{type_}/{one}"} for one in ids if one]


def instant(micros: int) -> str:
    """instant, to the millisecond, in UTC."""
    return datetime.fromtimestamp(micros / _MICROS, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day(micros: int, zone: tzinfo) -> str:
    """date: the day that it is in a time zone."""
    return datetime.fromtimestamp(micros // _MICROS, zone).date().isoformat()


def date_time(micros: int | None) -> str | None:
    """dateTime to the second, in UTC."""
    if micros is None:
        return None
    return datetime.fromtimestamp(micros // _MICROS, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
