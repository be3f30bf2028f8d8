"""The same hospital's day as requests to a FHIR server (R4): the people and amounts that the HL7 words tell of, as resources.

Patients, accounts and visits are written where they are found by their number (conditional update), charges and payments created:
their own numbers tell one that comes again. What carries no number of HL7's tables here is left to the mapping of the site.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Self
from urllib.parse import quote

import orjson

from interface.simulate.fhir_person import MR, coverage, guarantor, identifier, patient
from interface.simulate.hospital import (
    SILENT_ON_BALANCE,
    Account,
    Entry,
    EntryKind,
    Event,
    Hospital,
    Patient,
    Site,
    Trigger,
    Vendor,
    Visit,
    VisitState,
)
from interface.simulate.traffic import DEFAULT_START, Day

_R5: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Account."
_ORACLE_BALANCE: Final = "https://fhir-ehr.cerner.com/r4/StructureDefinition/account-balance"
_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_PAYMENT_TYPES: Final = "http://terminology.hl7.org/CodeSystem/payment-type"
_CLASSES: Final = {"O": "AMB", "I": "IMP", "E": "EMER"}  # HL7 table 0004 to v3-ActCode
_HEADERS: Final = (("Content-Type", "application/fhir+json"),)
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FhirRequest:
    """One request to a server: `target` is path and query below its base. `lane` as of a message over MLLP."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    resource: Mapping[str, Any] = field(hash=False)
    lane: str

    @property
    def content(self) -> bytes:
        """The body; amounts keep their scale."""
        return orjson.dumps(self.resource, default=_fragment)


def _fragment(value: object) -> orjson.Fragment:
    assert isinstance(value, Decimal), "nothing else is not JSON by itself"
    return orjson.Fragment(str(value).encode())


class FhirDay(Iterator[tuple[FhirRequest, ...]]):
    """What each event of one morning leads to, in order; `hospital` keeps the books of what was handed out so far."""

    def __init__(self, hospital: Hospital, patients: int, start: datetime | None = None) -> None:
        self.hospital = hospital
        self._day = Day(hospital, patients, (start or DEFAULT_START).astimezone(UTC))
        self._words = FhirWords(hospital.site)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[FhirRequest, ...]:
        with self.hospital.lock:
            for event, at in self._day:
                requests = tuple(self._words.tell(event, at))
                if requests:
                    self.hospital.count_sent(event, at)
                    return requests
            raise StopIteration


class FhirWords:
    """One hospital's words."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def tell(self, event: Event, at: datetime) -> Iterator[FhirRequest]:
        """The requests of an event that occurred at `at`. Allergies are told elsewhere; money where the EHR tells of it."""
        match event.trigger:
            case Trigger.ALLERGY:
                return
            case Trigger.MERGE:
                yield from self._merge(event)
            case Trigger.FINANCIAL:
                if Trigger.FINANCIAL in self._site.tells:
                    yield from (self._money(event, entry) for entry in event.entries)
            case _:
                yield self._patient(event.patient)
                if event.visit is not None:
                    yield from self._account(event, event.visit.account, at)
                    yield self._encounter(event, event.visit)

    # ------------------------------------------------------------ requests

    def _put(self, event_lane: str, resource: Resource, number: Resource) -> FhirRequest:
        target = f"{resource['resourceType']}?identifier={_token(number)}"
        return FhirRequest("PUT", target, _HEADERS, resource, event_lane)

    def _post(self, event_lane: str, resource: Resource) -> FhirRequest:
        return FhirRequest("POST", resource["resourceType"], _HEADERS, resource, event_lane)

    def _number(self, kind: str, value: str) -> Resource:
        return identifier(kind, value, f"urn:id:{self._site.facility}")

    def _named(self, type_: str, kind: str, value: str) -> Resource:
        return {"type": type_, "identifier": self._number(kind, value)}

    # ------------------------------------------------------------ resources

    def _patient(self, of: Patient) -> FhirRequest:
        return self._put(of.lane, patient(of, self._site), self._number(MR, of.mrn))

    def _merge(self, event: Event) -> Iterator[FhirRequest]:
        """The record that is retired names the one that replaces it (R4 section 8.1.9)."""
        retired = event.retired
        assert retired is not None, "a merge names the record that it retires"
        yield self._patient(event.patient)
        link = {"other": self._named("Patient", MR, event.patient.mrn), "type": "replaced-by"}
        resource = {**patient(retired, self._site), "active": False, "link": [link]}
        yield self._put(event.patient.lane, resource, self._number(MR, retired.mrn))

    def _account(self, event: Event, of: Account, at: datetime) -> Iterator[FhirRequest]:
        """The account with who answers for it and what covers it, and with what is owed where the EHR states it."""
        owed = None if event.trigger in SILENT_ON_BALANCE else of.balance(at)
        is_apart = self._site.vendor is Vendor.CERNER  # what is owed stands on an account of its own there
        who = event.patient
        covers = [coverage(one, who, self._site) for one in who.coverages]
        resource: Resource = {
            "resourceType": "Account",
            "contained": [guarantor(who, self._site), *covers],
            "identifier": [self._number("AN", of.number)],
            "status": "active",
            "type": {"coding": [{"system": _ACT, "code": "PBILLACCT"}], "text": "financial-account"},
            "subject": [self._named("Patient", MR, who.mrn)],
            "guarantor": [{"party": {"reference": "#guarantor"}}],
        }
        if covers:
            resource["coverage"] = [
                {"coverage": {"reference": f"#{one['id']}"}, "priority": number} for number, one in enumerate(covers, 1)
            ]
        if owed is not None and not is_apart:
            resource["extension"] = self._owed(owed, at)
        yield self._put(who.lane, resource, self._number("AN", of.number))
        if owed is not None and is_apart:
            yield self._put(who.lane, *self._owed_apart(of, owed))

    def _owed(self, owed: int, at: datetime) -> list[Resource]:
        aggregate = {"coding": [{"system": "http://hl7.org/fhir/account-aggregate", "code": "patient"}]}
        parts = [
            {"url": "aggregate", "valueCodeableConcept": aggregate},
            {"url": "amount", "valueMoney": self._money_of(owed)},
        ]
        stated = {"url": f"{_R5}calculatedAt", "valueInstant": self._moment(at, "milliseconds")}
        return [{"url": f"{_R5}balance", "extension": parts}, stated]

    def _owed_apart(self, of: Account, owed: int) -> tuple[Resource, Resource]:
        number = identifier("", f"B{of.number}", f"urn:id:{self._site.facility} BALANCE")
        resource = {
            "resourceType": "Account",
            "extension": [{"url": _ORACLE_BALANCE, "valueMoney": self._money_of(owed)}],
            "identifier": [number],
            "status": "active",
            "type": {"text": "guarantor-balance"},
            "partOf": self._named("Account", "AN", of.number),
        }
        return resource, number

    def _encounter(self, event: Event, of: Visit) -> FhirRequest:
        is_planned = event.trigger is Trigger.PREADMIT
        status = _status(of)
        resource: Resource = {
            "resourceType": "Encounter",
            "identifier": [self._number("VN", of.number)],
            "status": status,
            "class": {"system": _ACT, "code": "PRENC" if is_planned else _CLASSES[of.patient_class]},
            "serviceType": {"coding": [{"code": of.service}]},
            "subject": self._named("Patient", MR, event.patient.mrn),
            "account": [self._named("Account", "AN", of.account.number)],
            "location": [{"location": {"display": of.location}}],
            "serviceProvider": {"identifier": {"value": self._site.facility}},
        }
        times = {"start": of.began, "end": of.ended}
        if period := {name: self._moment(at) for name, at in times.items() if at is not None}:
            resource["period"] = period
        return self._put(event.patient.lane, resource, self._number("VN", of.number))

    def _money(self, event: Event, entry: Entry) -> FhirRequest:
        assert event.visit is not None, "money is booked on a visit"
        told = self._charge if entry.kind is EntryKind.CHARGE else self._payment
        return self._post(event.patient.lane, told(event.patient, event.visit, entry))

    def _charge(self, of: Patient, visit: Visit, entry: Entry) -> Resource:
        catalogue = f"urn:id:{self._site.facility}CDM"
        return {
            "resourceType": "ChargeItem",
            "identifier": [{"system": f"urn:id:{self._site.facility}", "value": entry.transaction_id}],
            "status": "billable",
            "code": {"coding": [{"system": catalogue, "code": entry.code, "display": entry.text}]},
            "subject": self._named("Patient", MR, of.mrn),
            "context": self._named("Encounter", "VN", visit.number),
            "account": [self._named("Account", "AN", visit.account.number)],
            "occurrenceDateTime": self._moment(entry.at),
            "quantity": {"value": 1},
            "priceOverride": self._money_of(entry.amount),
        }

    def _payment(self, _of: Patient, visit: Visit, entry: Entry) -> Resource:
        """What the hospital took itself; what came from HealthPay24 has HealthPay24's number."""
        system = "urn:id:healthpay24" if entry.foreign else f"urn:id:{self._site.facility}"
        day = entry.at.astimezone(self._site.zone).date().isoformat()
        amount = self._money_of(entry.amount)
        detail = {
            "type": {"coding": [{"system": _PAYMENT_TYPES, "code": "payment"}]},
            "request": self._named("Account", "AN", visit.account.number),
            "date": day,
            "amount": amount,
        }
        return {
            "resourceType": "PaymentReconciliation",
            "identifier": [{"system": system, "value": entry.transaction_id}],
            "status": "active",
            "created": self._moment(entry.at),
            "outcome": "complete",
            "paymentDate": day,
            "paymentAmount": amount,
            "paymentIdentifier": {"type": {"text": entry.code}, "value": entry.reference or entry.transaction_id},
            "detail": [detail],
        }

    def _money_of(self, minor: int) -> Resource:
        return {"value": Decimal(minor).scaleb(-2).quantize(Decimal("0.01")), "currency": self._site.currency}

    def _moment(self, at: datetime, to: str = "seconds") -> str:
        return at.astimezone(self._site.zone).isoformat(timespec=to)


def _token(number: Mapping[str, Any]) -> str:
    return quote(f"{number['system']}|{number['value']}", safe="")


def _status(visit: Visit) -> str:
    """http://hl7.org/fhir/encounter-status: who is not in a bed arrives, and is not admitted."""
    match visit.state:
        case VisitState.IN_PROGRESS:
            return "in-progress" if visit.patient_class == "I" else "arrived"
        case state:
            return state.value
