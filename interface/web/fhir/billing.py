"""What is billed as FHIR resources: Account, Encounter, Coverage."""

from typing import Any

from interface.currency import exponent
from interface.fhir.element import concept, date_time, identifiers, instant, known, money, reference, references
from interface.fhir.text import Resource
from interface.healthpay24.record import AccountRecord, BalanceRecord, EncounterRecord
from interface.ledger.noun import PRIVACY, EncounterState, Noun
from interface.operate.resource import Found
from interface.web.fhir.person import id_of, meta, related_id

R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"
_AGGREGATES = "http://terminology.hl7.org/CodeSystem/account-aggregate"
OURS = "urn:id:healthpay24"
DUE = "due-by-healthpay24"
_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_CLASSES = {"E": "EMER", "I": "IMP", "O": "AMB", "P": "PRENC"}  # HL7 table 0004 (v2-to-FHIR, PatientClass)
_V2_CLASS = "http://terminology.hl7.org/CodeSystem/v2-0004"
_STATES = {
    EncounterState.PLANNED.value: "planned",
    EncounterState.IN_PROGRESS.value: "in-progress",
    EncounterState.FINISHED.value: "finished",
    EncounterState.CANCELLED.value: "cancelled",
    EncounterState.REMOVED.value: "entered-in-error",
}
_COVERAGE_CLASSES = "http://terminology.hl7.org/CodeSystem/coverage-class"


def account(found: Found) -> Resource:
    """Account with what the patient owes; one that was merged is part of the one that stands for it."""
    one = found.record
    assert isinstance(one, AccountRecord), "the caller asked for accounts"
    assert found.balance is not None, "an account is found with its balance"
    ends = one.is_ended or one.is_purged or bool(one.merged_into)
    return known(
        resourceType="Account",
        id=id_of(one.public_id),
        meta=meta(found.row, is_restricted=one.is_restricted),
        extension=[] if one.merged_into else _balance(found.balance),
        identifier=identifiers(one.identifiers),
        status="inactive" if ends else "active",
        type={"text": one.type} if one.type else None,
        subject=references("Patient", id_of(one.patient)),
        coverage=[
            {"coverage": {"reference": f"Coverage/{coverage_id(one.public_id, number)}"}, "priority": number}
            for number in range(1, len(coverages(found)) + 1)
        ],
        guarantor=_guarantors(found, one),
        partOf=reference("Account", id_of(one.merged_into)),
    )


def _guarantors(found: Found, one: AccountRecord) -> list[Resource]:
    parties = [
        f"Organization/{id_of(each)}"
        if each in found.organisations
        else f"RelatedPerson/{related_id(each, id_of(one.patient))}"
        for each in one.guarantors
        if one.patient or each in found.organisations  # a RelatedPerson is somebody's
    ]
    return [{"party": {"reference": each}} for each in parties]


def _balance(owed: BalanceRecord) -> list[Resource]:
    """R5's Account.balance and .calculatedAt as cross-version extensions: R4 has no element for what is owed.

    The second coding says that it is our own figure, less what was paid here: who writes back what was read states nothing by it.
    """
    amount = money(owed.amount_minor - owed.credit_minor, owed.currency, exponent(owed.currency))
    patients = {"coding": [{"system": _AGGREGATES, "code": "patient"}, {"system": OURS, "code": DUE}]}
    parts: list[Resource] = [{"url": "aggregate", "valueCodeableConcept": patients}]
    if owed.is_estimated:
        parts.append({"url": "estimate", "valueBoolean": True})
    parts.append({"url": "amount", "valueMoney": amount})
    found: list[Resource] = [{"extension": parts, "url": f"{R5}Account.balance"}]
    if owed.as_of is not None:
        found.append({"url": f"{R5}Account.calculatedAt", "valueInstant": instant(owed.as_of)})
    return found


def encounter(found: Found) -> Resource:
    """Encounter; of a confidential one no ward is told."""
    one = found.record
    assert isinstance(one, EncounterRecord), "the caller asked for encounters"
    merged = bool(one.merged_into)
    return known(
        resourceType="Encounter",
        id=id_of(one.public_id),
        meta=meta(found.row, is_restricted=one.is_confidential),
        identifier=identifiers(one.identifiers),
        status="entered-in-error" if merged else _STATES.get(one.state, "unknown"),
        class_=_class(one.patient_class),
        serviceType={"text": one.service} if one.service else None,
        subject=reference("Patient", id_of(one.patient)),
        period=known(start=date_time(one.admitted_at), end=date_time(one.discharged_at)),
        account=references("Account", id_of(one.account)),
        partOf=reference("Encounter", id_of(one.merged_into)),
    )


def _class(code: str) -> Resource:
    if code in _CLASSES:
        return {"system": _ACT, "code": _CLASSES[code]}
    return {"system": _V2_CLASS, "code": code or "U"}


def coverages(found: Found) -> list[dict[str, Any]]:
    """What the EHR told of an account's insurance, first to be billed first."""
    listed = found.entity.value("coverages", "coverages") or ()
    return sorted(listed, key=lambda each: each.get("priority") or 0)


def coverage_id(account_public_id: str, number: int) -> str:
    """A coverage has no number of its own: it is its account's first, second .."""
    return f"{id_of(account_public_id)}-{number}"


def coverage(found: Found, number: int) -> Resource:
    """Coverage. Its status is a constant: no message tells one."""
    one, told = found.record, coverages(found)[number - 1]
    assert isinstance(one, AccountRecord), "the caller asked for accounts"
    plan = known(type=concept(_COVERAGE_CLASSES, "plan"), value=told.get("plan_id"), name=told.get("plan_name"))
    group = known(type=concept(_COVERAGE_CLASSES, "group"), value=told.get("group_number"))
    payer = known(
        identifier={"value": told["payer_id"]} if told.get("payer_id") else None, display=told.get("payer_name")
    )
    return known(
        resourceType="Coverage",
        id=coverage_id(one.public_id, number),
        meta=meta(found.row, is_restricted=bool(found.entity.value(PRIVACY, "restricted"))),
        status="active",
        type={"text": told["plan_type"]} if told.get("plan_type") else None,
        subscriberId=told.get("policy_number"),
        beneficiary=reference("Patient", id_of(one.patient)),
        period=known(start=told.get("starts"), end=told.get("ends")),
        payor=[payer or {"display": "unknown"}],
        class_=[each for each in (plan, group) if each.get("value")],
        order=told.get("priority"),
    )


NOUNS = {"Patient": Noun.PATIENT, "Account": Noun.ACCOUNT, "Encounter": Noun.ENCOUNTER, "Organization": Noun.GUARANTOR}
