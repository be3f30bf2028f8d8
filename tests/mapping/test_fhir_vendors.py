"""Where each vendor's numbers and balances stand over FHIR, and that its own ids lead to what they are of."""

from interface.ledger.noun import Identifier, Noun
from interface.ledger.outcome import Applied
from interface.ledger.reading import Filtered, Meaning, Reading
from tests.ledger.memory import MemoryStore
from tests.mapping.fhir_sample import ENCOUNTER, PATIENT, Resource, mapped, north, number, understood
from tests.mapping.sample import shipped

CERNER_ACCOUNT: Resource = {
    "resourceType": "Account",
    "id": "F1131724",
    "identifier": [{"use": "usual", "system": "https://ehr.example.org/accountnumber", "value": "343"}],
    "status": "active",
    "type": {"coding": [{"code": "ACCTRECEIVABLE"}], "text": "financial-account"},
    "subject": [{"reference": "Patient/6330017"}],
    "guarantor": [{"party": {"reference": "RelatedPerson/6330015-6330017"}}],
}
CERNER_BALANCE: Resource = {
    "resourceType": "Account",
    "id": "G2572738",
    "extension": [
        {
            "url": "https://fhir-ehr.cerner.com/r4/StructureDefinition/account-balance",
            "valueMoney": {"value": "-5.00", "currency": "USD"},
        }
    ],
    "status": "active",
    "type": {"text": "guarantor-balance"},
    "partOf": {"reference": "Account/F1131724"},
}


def read(vendor: str, resource: Resource) -> Reading:
    return mapped(resource, mapping=shipped().fhir[vendor])


def is_filtered(vendor: str, resource: Resource) -> bool:
    return isinstance(understood(resource, mapping=shipped().fhir[vendor]), Filtered)


def test_a_balance_at_oracle_health_finds_its_account_by_the_servers_own_id() -> None:
    store = MemoryStore()
    person = {**PATIENT, "id": "6330017"}
    for resource in (person, CERNER_ACCOUNT, CERNER_BALANCE):
        assert isinstance(store.tell(read("cerner-fhir", resource)), Applied)
    account = store.get(Noun.ACCOUNT, Identifier("https://ehr.example.org/accountnumber", "AN", "343"))
    assert [(seen.account_id, seen.amount_minor) for seen in store.observations.values()] == [(account.id, -500)]
    assert account.patient_id == store.get(Noun.PATIENT, north("MR", "7700123")).id
    assert len(account.value("guarantors", "guarantors")) == 1


def test_other_kinds_of_accounts_at_oracle_health_are_filtered() -> None:
    assert is_filtered("cerner-fhir", {**CERNER_BALANCE, "type": {"text": "insurance-balance"}})


def test_a_financial_number_stands_for_the_visit_and_its_account() -> None:
    fin = {"type": {"text": "FIN NBR"}, "system": "urn:id:LAKE FIN", "value": "9001001"}
    reading = read("cerner-fhir", {**ENCOUNTER, "identifier": [fin], "account": []})
    assert (reading.encounter and reading.encounter.ids) == (Identifier("lake", "VN", "9001001"),)
    assert (reading.account and reading.account.ids) == (Identifier("lake", "AN", "9001001"),)


def test_types_at_epic_stand_in_words() -> None:
    mrn = {"type": {"text": "MRN"}, "system": "urn:id:NORTH", "value": "71"}
    csn = {"type": {"text": "CSN"}, "system": "urn:id:NORTH", "value": "51"}
    patient = read("epic-fhir", {**PATIENT, "identifier": [{**number("1"), "use": "usual"}, mrn]}).patient
    visit = read("epic-fhir", {**ENCOUNTER, "identifier": [number("2"), csn]}).encounter
    assert (patient and patient.ids, visit and visit.ids) == ((north("MR", "71"),), (north("VN", "51"),))


def test_accounts_and_proxies_at_epic_are_filtered() -> None:
    assert is_filtered("epic-fhir", CERNER_ACCOUNT)
    assert is_filtered("epic-fhir", {"resourceType": "RelatedPerson", "patient": {"reference": "Patient/1"}})


def test_a_patient_at_athena_is_the_account() -> None:
    reading = read("athena-fhir", {**PATIENT, "id": "a-1959870.E-14914", "identifier": [number("7700123")]})
    assert reading.meaning is Meaning.REGISTER
    own = Identifier("athena-fhir", "FHIR", "a-1959870.E-14914")
    assert (reading.patient and reading.patient.ids) == (north("MR", "7700123"), own)
    assert (reading.account and reading.account.ids) == (north("AN", "7700123"),)
