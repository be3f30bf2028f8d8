"""The people of a hospital's day as FHIR R4: patients, who answers for them, what covers them."""

from typing import Any, Final

from interface.simulate.hospital import Patient, Site
from interface.simulate.people import Address, Coverage, Person

MR: Final = "MR"
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_ROLES: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_CLASS: Final = "http://terminology.hl7.org/CodeSystem/coverage-class"
_GENDERS: Final = {"F": "female", "M": "male", "U": "unknown"}  # HL7 table 0001
_RELATIONS: Final = {"SEL": "ONESELF", "PAR": "PRN"}  # HL7 table 0063 to v3-RoleCode
Resource = dict[str, Any]


def identifier(kind: str, value: str, system: str) -> Resource:
    """An Identifier; `kind` is of HL7 table 0203, empty where it has none."""
    kind_of = {"type": {"coding": [{"system": _TYPES, "code": kind}]}} if kind else {}
    return {**kind_of, "system": system, "value": value}


def patient(of: Patient, site: Site) -> Resource:
    """The record as it is today."""
    person = of.person
    return {
        "resourceType": "Patient",
        "identifier": [
            {**identifier(MR, of.mrn, f"urn:id:{site.facility}"), "use": "usual"},
            identifier("PI", of.enterprise_id, f"urn:id:{site.enterprise}"),
        ],
        "active": True,
        **_demographics(person),
        "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": person.language}]}}],
    }


def guarantor(of: Patient, site: Site) -> Resource:
    """Who answers for the bill, to be contained in an account under the id `guarantor`."""
    person = of.person if of.relation == "SEL" else of.guarantor.person
    return {
        "resourceType": "RelatedPerson",
        "id": "guarantor",
        "identifier": [identifier("GN", of.guarantor.number, f"urn:id:{site.facility}")],
        "patient": {"type": "Patient", "identifier": identifier(MR, of.mrn, f"urn:id:{site.facility}")},
        "relationship": [{"coding": [{"system": _ROLES, "code": _RELATIONS[of.relation]}]}],
        **_demographics(person),
    }


def coverage(one: Coverage, of: Patient, site: Site) -> Resource:
    """One insurance, to be contained in an account under the id `coverage-PRIORITY`."""
    return {
        "resourceType": "Coverage",
        "id": f"coverage-{one.priority}",
        "status": "active",
        "type": {"text": one.plan_type},
        "subscriberId": one.policy,
        "beneficiary": {"type": "Patient", "identifier": identifier(MR, of.mrn, f"urn:id:{site.facility}")},
        "period": {"start": one.effective.isoformat()},
        "payor": [{"identifier": {"value": one.payer_id}, "display": one.payer_name}],
        "class": [_class("plan", one.plan_id, one.plan_name), _class("group", one.group, "")],
    }


def _class(kind: str, value: str, name: str) -> Resource:
    named = {"name": name} if name else {}
    return {"type": {"coding": [{"system": _CLASS, "code": kind}]}, "value": value, **named}


def _demographics(person: Person) -> Resource:
    mail = [{"system": "email", "value": person.mail}] if person.mail else []
    return {
        "name": [{"use": "official", "family": person.family, "given": [one for one in _given(person) if one]}],
        "telecom": [{"system": "phone", "use": "home", "value": f"{person.area}-{person.phone}"}, *mail],
        "gender": _GENDERS[person.sex],
        "birthDate": person.birth_date.isoformat(),
        "address": [_address(person.address)],
    }


def _given(person: Person) -> tuple[str, str]:
    return person.given, person.middle


def _address(address: Address) -> Resource:
    return {
        "use": "home",
        "line": [one for one in (address.street, address.other) if one],
        "city": address.city,
        "state": address.state,
        "postalCode": address.zip,
        "country": "USA",
    }
