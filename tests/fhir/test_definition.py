"""The definitions that validation goes by, against R4 4.0.1: typed from its own package, not from the library's."""

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.resource import Resource as AnyResource

from interface.fhir.definition import RESOURCES, SUBSCRIPTIONS, UNDEFINED, definition_of
from interface.fhir.primitive import PRIMITIVES
from interface.fhir.structure import elements

# Every required binding of R4 4.0.1 that these types have, and those of the data types in them.
BINDINGS = {
    "Account.status": "active inactive entered-in-error on-hold unknown",
    "Address.type": "postal physical both",
    "Address.use": "home work temp old billing",
    "Bundle.type": "document message transaction transaction-response batch batch-response history searchset collection",
    "BundleEntryRequest.method": "GET HEAD POST PUT DELETE PATCH",
    "BundleEntrySearch.mode": "match include outcome",
    "ChargeItem.status": "planned billable not-billable aborted billed entered-in-error unknown",
    "ContactPoint.system": "phone fax email pager url sms other",
    "ContactPoint.use": "home work temp old mobile",
    "Coverage.status": "active cancelled draft entered-in-error",
    "Duration.comparator": "< <= >= >",
    "Encounter.status": "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
    "EncounterLocation.status": "planned active reserved completed",
    "EncounterStatusHistory.status": "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
    "HumanName.use": "usual official temp nickname anonymous old maiden",
    "Identifier.use": "usual official temp secondary old",
    "MessageHeaderResponse.code": "ok transient-error fatal-error",
    "Narrative.status": "generated extensions additional empty",
    "Patient.gender": "male female other unknown",
    "PatientContact.gender": "male female other unknown",
    "PatientLink.type": "replaced-by replaces refer seealso",
    "PaymentNotice.status": "active cancelled draft entered-in-error",
    "PaymentReconciliation.outcome": "queued complete error partial",
    "PaymentReconciliation.status": "active cancelled draft entered-in-error",
    "PaymentReconciliationProcessNote.type": "display print printoper",
    "Quantity.comparator": "< <= >= >",
    "RelatedPerson.gender": "male female other unknown",
    "TimingRepeat.dayOfWeek": "mon tue wed thu fri sat sun",
    "TimingRepeat.durationUnit": "s min h d wk mo a",
    "TimingRepeat.periodUnit": "s min h d wk mo a",
}
TARGETS = {
    "Account.owner": "Organization",
    "Account.partOf": "Account",
    "Account.subject": "Patient Device Practitioner PractitionerRole Location HealthcareService Organization",
    "AccountCoverage.coverage": "Coverage",
    "AccountGuarantor.party": "Patient RelatedPerson Organization",
    "ChargeItem.account": "Account",
    "ChargeItem.context": "Encounter EpisodeOfCare",
    "ChargeItem.subject": "Patient Group",
    "Coverage.beneficiary": "Patient",
    "Coverage.payor": "Organization Patient RelatedPerson",
    "Coverage.policyHolder": "Patient RelatedPerson Organization",
    "Coverage.subscriber": "Patient RelatedPerson",
    "Encounter.account": "Account",
    "Encounter.subject": "Patient Group",
    "Identifier.assigner": "Organization",
    "MessageHeader.focus": "Resource",
    "PatientLink.other": "Patient RelatedPerson",
    "PaymentNotice.payment": "PaymentReconciliation",
    "PaymentNotice.recipient": "Organization",
    "PaymentReconciliation.paymentIssuer": "Organization",
    "PaymentReconciliation.request": "Task",
    "PaymentReconciliationDetail.payee": "Practitioner PractitionerRole Organization",
    "PaymentReconciliationDetail.request": "Resource",
    "PaymentReconciliationDetail.responsible": "PractitionerRole",
    "RelatedPerson.patient": "Patient",
}
REQUIRED = {
    "Account": "status",
    "AccountCoverage": "coverage",
    "AccountGuarantor": "party",
    "Bundle": "type",
    "ChargeItem": "code status subject",
    "Coverage": "beneficiary payor status",
    "CoverageClass": "type value",
    "CoverageCostToBeneficiary": "value",
    "Encounter": "class status",
    "MessageHeader": "event source",
    "Patient": "",
    "PatientLink": "other type",
    "PaymentNotice": "amount created payment recipient status",
    "PaymentReconciliation": "created paymentAmount paymentDate status",
    "PaymentReconciliationDetail": "type",
    "RelatedPerson": "patient",
}
OURS = (
    *("Patient", "RelatedPerson", "Organization", "Account", "Encounter", "Coverage", "ChargeItem"),
    *("PaymentReconciliation", "PaymentNotice", "Bundle", "MessageHeader"),
)


@pytest.mark.parametrize("element", BINDINGS)
def test_required_codes_are_those_of_r4(element: str) -> None:
    type_, _, key = element.partition(".")
    definition = definition_of(type_)
    assert definition is not None
    assert definition.fields[key].codes == frozenset(BINDINGS[element].split())


@pytest.mark.parametrize("element", TARGETS)
def test_references_are_to_the_types_of_r4(element: str) -> None:
    type_, _, key = element.partition(".")
    definition = definition_of(type_)
    assert definition is not None
    assert definition.fields[key].targets == frozenset(TARGETS[element].split())


@pytest.mark.parametrize("type_", REQUIRED)
def test_required_elements_are_those_of_r4(type_: str) -> None:
    definition = definition_of(type_)
    assert definition is not None
    assert sorted(name for name, _ in definition.required) == REQUIRED[type_].split()


def test_no_other_code_of_these_types_is_bound() -> None:
    definitions = [definition_of(type_) for type_ in (*OURS, *elements())]
    bound = {f"{one.type}.{key}" for one in definitions if one for key, field in one.fields.items() if field.codes}
    assert bound - set(BINDINGS) <= {"Money.currency", "TimingRepeat.when"}


def test_an_extension_takes_the_types_of_r4() -> None:
    extension = definition_of("Extension")
    assert extension is not None
    values = {key for key in extension.fields if key.startswith("value")}
    assert "valueMeta" in values
    assert not values & {"valueCodeableReference", "valueRatioRange", "valueInteger64"}
    assert len(values) == 50


@pytest.mark.proof
def test_every_type_of_r4_is_defined_or_named_as_undefined() -> None:
    assert {type_ for type_ in RESOURCES if definition_of(type_) is None} == UNDEFINED
    assert all(definition_of(type_) is None for type_ in SUBSCRIPTIONS)
    assert all(issubclass(get_fhir_model_class(type_), AnyResource) for type_ in RESOURCES - UNDEFINED)


@pytest.mark.parametrize("type_", OURS)
def test_every_type_within_is_known(type_: str) -> None:
    seen, todo = set(), [type_]
    while todo:
        definition = definition_of(todo.pop())
        assert definition is not None
        seen.add(definition.type)
        primitive = {field.type for field in definition.fields.values() if field.is_primitive}
        assert primitive <= set(PRIMITIVES)
        within = {field.type for field in definition.fields.values() if not field.is_primitive} - {"Resource"}
        todo += [one for one in within - seen if one not in todo]
