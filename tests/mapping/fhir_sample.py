"""Invented resources, and mappings of `format: fhir` made of a few lines."""

import json
from textwrap import dedent
from typing import Any

from interface.document import read_document
from interface.fhir.request import read, write
from interface.ledger.noun import Identifier
from interface.ledger.reading import Filtered, Reading
from interface.mapping.fhir_compiler import compile_fhir
from interface.mapping.fhir_mapping import FhirMapping
from interface.mapping.problem import Findings, Problem
from interface.mapping.scope import Context
from interface.mapping.table import CodeTable
from tests.mapping.sample import ARRIVED, NORTH, shipped

Resource = dict[str, Any]
TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
BALANCE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Account.balance"


def number(value: str, type_: str = "", system: str = "urn:id:NORTH") -> Resource:
    """An Identifier."""
    kind = {"type": {"coding": [{"system": TYPES, "code": type_}]}} if type_ else {}
    return {**kind, "system": system, "value": value}


MRN = number("7700123", "MR", "urn:oid:2.16.840.1.113883.3.9999.1")
PATIENT: Resource = {
    "resourceType": "Patient",
    "identifier": [MRN, number("E88001", "PI", "urn:id:ENT")],
    "name": [{"use": "official", "family": "TESTER", "given": ["MARIA", "Q"]}],
    "birthDate": "1980-02-12",
    "gender": "female",
    "address": [{"line": ["12 ELM ST"], "city": "MADISON", "state": "WI", "postalCode": "53703"}],
    "telecom": [{"system": "phone", "value": "1-608-5550101"}, {"system": "email", "value": "maria@example.org"}],
}
GUARANTOR: Resource = {
    "resourceType": "RelatedPerson",
    "id": "g",
    "identifier": [number("G3001", "GN")],
    "patient": {"identifier": MRN},
    "relationship": [{"coding": [{"code": "SEL"}]}],
    "name": [{"family": "TESTER", "given": ["MARIA", "Q"]}],
    "telecom": [{"system": "phone", "value": "1-608-5550101"}],
    "address": [{"line": ["12 ELM ST"], "city": "MADISON", "state": "WI", "postalCode": "53703"}],
}
COVERAGE: Resource = {
    "resourceType": "Coverage",
    "id": "c",
    "status": "active",
    "type": {"text": "PPO"},
    "beneficiary": {"identifier": MRN},
    "period": {"start": "2025-01-01"},
    "payor": [{"identifier": {"value": "PAY77"}, "display": "EXAMPLE PAYER"}],
    "class": [
        {"type": {"coding": [{"code": "plan"}]}, "value": "PLAN9", "name": "Example PPO"},
        {"type": {"coding": [{"code": "group"}]}, "value": "GRP1"},
    ],
}
ACCOUNT: Resource = {
    "resourceType": "Account",
    "status": "active",
    "identifier": [number("9001001", "AN")],
    "subject": [{"identifier": MRN}],
    "contained": [GUARANTOR, COVERAGE],
    "guarantor": [{"party": {"reference": "#g"}}],
    "coverage": [{"coverage": {"reference": "#c"}, "priority": 1}],
}
ENCOUNTER: Resource = {
    "resourceType": "Encounter",
    "status": "arrived",
    "class": {"code": "AMB"},
    "identifier": [number("5550007", "VN")],
    "subject": {"identifier": MRN},
    "account": [{"reference": "Account?identifier=urn:id:NORTH|9001001"}],
    "location": [{"location": {"display": "CARD"}}],
    "period": {"start": "2025-03-04T09:10:00-06:00"},
}
CHARGE: Resource = {
    "resourceType": "ChargeItem",
    "status": "billable",
    "identifier": [{"value": "C0001"}],
    "code": {"coding": [{"code": "99213"}]},
    "subject": {"identifier": MRN},
    "account": [{"type": "Account", "identifier": number("9001001")}],
    "occurrenceDateTime": "2025-03-04T15:29:50-06:00",
    "priceOverride": {"value": 250.00, "currency": "USD"},
}
PAYMENT: Resource = {
    "resourceType": "PaymentReconciliation",
    "status": "active",
    "identifier": [{"value": "P0001"}],
    "created": "2025-03-04T15:30:12-06:00",
    "paymentDate": "2025-03-04",
    "paymentAmount": {"value": 125.00, "currency": "USD"},
    "paymentIdentifier": {"type": {"text": "VISA"}, "value": "TX8F2K1"},
    "detail": [
        {
            "type": {"coding": [{"code": "payment"}]},
            "request": {"type": "Account", "identifier": number("9001001")},
            "date": "2025-03-04",
            "amount": {"value": 125.00, "currency": "USD"},
        }
    ],
}


def balance(amount: object, *, of: str = "", currency: str = "USD") -> Resource:
    """R5's Account.balance as an extension."""
    aggregate = [{"url": "aggregate", "valueCodeableConcept": {"coding": [{"code": of}]}}] if of else []
    parts = [*aggregate, {"url": "amount", "valueMoney": {"value": amount, "currency": currency}}]
    return {"url": BALANCE, "extension": parts}


def raw(resource: Resource, target: str = "") -> bytes:
    """A resource by itself; with `target` (`/Patient/01A`) the update of one."""
    body = json.dumps(resource).encode()
    return write("PUT", target, [("content-type", "application/fhir+json")], body) if target else body


def mapped(
    resource: Resource,
    target: str = "",
    mapping: FhirMapping | None = None,
    context: Context = NORTH,
    arrived_at: int = ARRIVED,
) -> Reading:
    """What the shipped mapping (or another one) makes of a resource."""
    found = understood(resource, target, mapping, context, arrived_at)
    assert isinstance(found, Reading), found
    return found


def understood(
    resource: Resource,
    target: str = "",
    mapping: FhirMapping | None = None,
    context: Context = NORTH,
    arrived_at: int = ARRIVED,
) -> Reading | Filtered:
    return (mapping or shipped().fhir["fhirr4"]).read(read(raw(resource, target)), context, arrived_at)


def updated(resource: Resource, id_: str, mapping: FhirMapping | None = None) -> Reading:
    """The same of an update of the resource with this id."""
    return mapped({**resource, "id": id_}, f"/{resource['resourceType']}/{id_}", mapping)


def compiled(rules: str, tables: dict[str, CodeTable] | None = None) -> tuple[FhirMapping | None, list[Problem]]:
    """A mapping file `site` made of these lines, and what is wrong with it."""
    findings = Findings()
    block = read_document("mappings/site.yaml", dedent(rules), findings)
    mapping = compile_fhir("site", {"site": block}, tables or {}, findings)
    return mapping, findings.problems


HEAD = "mapping: site\nformat: fhir\nevents:\n  Patient: update-person\n  Account: update-account\n  ChargeItem: transactions\n"


def site(rules: str, tables: dict[str, CodeTable] | None = None) -> FhirMapping:
    """A mapping that is right."""
    mapping, problems = compiled(HEAD + dedent(rules), tables)
    assert mapping is not None, problems
    return mapping


def north(type_: str, value: str) -> Identifier:
    """A number of the facility."""
    return Identifier("north", type_, value)
