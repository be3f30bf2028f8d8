"""Good bodies of each type that is written to us, full enough that much can be broken in them. Nobody's."""

from decimal import Decimal
from typing import Any

from interface.fhir.outcome import Severity
from interface.fhir.text import Resource
from interface.fhir.valid import issues_of

USD = "USD"
HEART = {"coding": [{"system": "urn:oid:1.2.3", "code": "c1", "display": "One", "userSelected": True}], "text": "one"}
YEAR = {"start": "2026-01-01", "end": "2026-12-31T23:59:59+00:00"}
PATIENT = {"reference": "Patient/p1", "type": "Patient", "display": "A person"}
CLINIC = {"reference": "Organization/o1"}
NUMBER = {
    "use": "usual",
    "type": HEART,
    "system": "urn:oid:1.2.3.4",
    "value": "9001",
    "period": YEAR,
    "assigner": CLINIC,
}
NAME = {"use": "official", "family": "Brandt", "given": ["Olivia", "M"], "period": YEAR}
PLACE = {"use": "home", "type": "both", "line": ["12 Elm Street"], "city": "Madison", "period": {"start": "2020"}}
PHONE = {"system": "phone", "value": "608 555 0100", "use": "mobile", "rank": 1}
BALANCE = {
    "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Account.balance",
    "extension": [{"url": "amount", "valueMoney": {"value": Decimal("125.00"), "currency": USD}}],
}


def money(amount: str, currency: str = USD) -> Resource:
    return {"value": Decimal(amount), "currency": currency}


def _share(type_: str, amount: str) -> Resource:
    return {
        "type": {"coding": [{"code": type_}]},
        "identifier": NUMBER,
        "request": {"reference": "Account/a1"},
        "responsible": {"reference": "PractitionerRole/r1"},
        "date": "2026-03-04",
        "amount": money(amount),
    }


BODIES: dict[str, Resource] = {
    "Patient": {
        "resourceType": "Patient",
        "id": "p1",
        "meta": {"lastUpdated": "2026-03-04T09:15:00.000Z", "profile": ["http://example.org/p"]},
        "text": {"status": "generated", "div": "<div>one</div>"},
        "identifier": [NUMBER],
        "active": True,
        "name": [NAME],
        "telecom": [PHONE],
        "gender": "female",
        "birthDate": "1984-05-19",
        "_birthDate": {"extension": [{"url": "http://example.org/time", "valueDateTime": "1984-05-19T01:02:03Z"}]},
        "deceasedBoolean": False,
        "address": [PLACE],
        "maritalStatus": HEART,
        "multipleBirthInteger": 2,
        "contact": [{"relationship": [HEART], "name": NAME, "gender": "male", "organization": CLINIC, "period": YEAR}],
        "communication": [{"language": HEART, "preferred": True}],
        "generalPractitioner": [{"reference": "Practitioner/d1"}],
        "managingOrganization": CLINIC,
        "link": [{"other": {"reference": "Patient/p0"}, "type": "replaces"}],
    },
    "RelatedPerson": {
        "resourceType": "RelatedPerson",
        "identifier": [NUMBER],
        "active": True,
        "patient": PATIENT,
        "relationship": [HEART],
        "name": [NAME],
        "telecom": [PHONE],
        "gender": "unknown",
        "birthDate": "1950",
        "address": [PLACE],
        "period": YEAR,
    },
    "Organization": {
        "resourceType": "Organization",
        "identifier": [NUMBER],
        "active": True,
        "name": "Clinic",
        "type": [HEART],
        "telecom": [{"system": "phone", "value": "608 555 0101", "use": "work"}],
        "address": [{"use": "billing", "line": ["1 Road"], "city": "Madison"}],
        "partOf": {"reference": "Organization/o0"},
        "contact": [{"purpose": HEART, "name": NAME}],
    },
    "Account": {
        "resourceType": "Account",
        "id": "a1",
        "contained": [
            {"resourceType": "Coverage", "id": "c1", "status": "active", "beneficiary": PATIENT, "payor": [CLINIC]}
        ],
        "extension": [BALANCE],
        "identifier": [NUMBER],
        "status": "active",
        "type": HEART,
        "name": "one",
        "subject": [PATIENT],
        "servicePeriod": YEAR,
        "coverage": [{"coverage": {"reference": "#c1"}, "priority": 1}],
        "owner": CLINIC,
        "description": "one",
        "guarantor": [{"party": {"reference": "RelatedPerson/g1"}, "onHold": False, "period": YEAR}],
        "partOf": {"reference": "Account/a0"},
    },
    "Encounter": {
        "resourceType": "Encounter",
        "identifier": [NUMBER],
        "status": "in-progress",
        "statusHistory": [{"status": "arrived", "period": YEAR}],
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "type": [HEART],
        "subject": PATIENT,
        "participant": [{"type": [HEART], "period": YEAR, "individual": {"reference": "Practitioner/d1"}}],
        "period": YEAR,
        "length": {"value": 3, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"},
        "diagnosis": [{"condition": {"reference": "Condition/k1"}, "use": HEART, "rank": 1}],
        "account": [{"reference": "Account/a1"}],
        "hospitalization": {
            "admitSource": HEART,
            "dischargeDisposition": HEART,
            "origin": {"reference": "Location/l1"},
        },
        "location": [{"location": {"reference": "Location/l1"}, "status": "active", "period": YEAR}],
        "serviceProvider": CLINIC,
    },
    "Coverage": {
        "resourceType": "Coverage",
        "identifier": [NUMBER],
        "status": "active",
        "type": HEART,
        "policyHolder": PATIENT,
        "subscriber": {"reference": "RelatedPerson/g1"},
        "subscriberId": "S1",
        "beneficiary": PATIENT,
        "relationship": HEART,
        "period": YEAR,
        "payor": [CLINIC],
        "class": [{"type": HEART, "value": "G1", "name": "one"}],
        "order": 1,
        "costToBeneficiary": [
            {"type": HEART, "valueMoney": money("20.00"), "exception": [{"type": HEART, "period": YEAR}]}
        ],
    },
    "ChargeItem": {
        "resourceType": "ChargeItem",
        "identifier": [NUMBER],
        "status": "billable",
        "code": HEART,
        "subject": PATIENT,
        "context": {"reference": "Encounter/e1"},
        "occurrenceDateTime": "2026-03-04T09:15:00-06:00",
        "performer": [{"function": HEART, "actor": {"reference": "Practitioner/d1"}}],
        "quantity": {"value": Decimal("2.0"), "unit": "each"},
        "factorOverride": Decimal("0.8"),
        "priceOverride": money("-120.50"),
        "enterer": {"reference": "Practitioner/d1"},
        "enteredDate": "2026-03",
        "account": [{"reference": "Account/a1"}],
        "note": [{"authorString": "one", "time": "2026-03-04T09:15:00Z", "text": "two"}],
    },
    "PaymentReconciliation": {
        "resourceType": "PaymentReconciliation",
        "identifier": [NUMBER],
        "status": "active",
        "period": YEAR,
        "created": "2026-03-04T09:15:00Z",
        "requestor": CLINIC,
        "outcome": "complete",
        "paymentDate": "2026-03-04",
        "paymentAmount": money("100.00"),
        "paymentIdentifier": NUMBER,
        "detail": [_share("payment", "70.00"), _share("payment", "40.00"), _share("adjustment", "-10.00")],
        "processNote": [{"type": "display", "text": "one"}],
    },
    "PaymentNotice": {
        "resourceType": "PaymentNotice",
        "identifier": [NUMBER],
        "status": "active",
        "created": "2026-03-04",
        "payment": {"reference": "PaymentReconciliation/r1"},
        "paymentDate": "2026-03-04",
        "recipient": CLINIC,
        "amount": money("100.00"),
        "paymentStatus": HEART,
    },
    "MessageHeader": {
        "resourceType": "MessageHeader",
        "eventUri": "http://example.org/event",
        "destination": [{"name": "one", "endpoint": "http://example.org/fhir", "receiver": CLINIC}],
        "sender": CLINIC,
        "source": {"name": "one", "endpoint": "http://example.org/ehr", "contact": PHONE},
        "response": {"identifier": "m1", "code": "ok"},
        "focus": [{"reference": "Account/a1"}],
    },
}


def bundle(*resources: Resource) -> Resource:
    """A transaction that creates each of them."""
    entries: list[Any] = [
        {
            "fullUrl": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
            "resource": one,
            "request": {"method": "POST", "url": one["resourceType"]},
        }
        for number, one in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


BODIES["Bundle"] = bundle(BODIES["Organization"], BODIES["PaymentNotice"])


def changed(type_: str, **elements: Any) -> Resource:
    return BODIES[type_] | elements


def said(body: Resource) -> list[tuple[str, str, Severity]]:
    """(expression, the first word, severity) of each issue."""
    return [(one.expression, one.text.split()[0], one.severity) for one in issues_of(body)]


def errors(body: Resource) -> list[str]:
    """The expressions of the errors."""
    return [one.expression for one in issues_of(body) if one.severity is Severity.ERROR]
