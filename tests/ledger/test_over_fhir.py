"""The same registration over HL7 v2 and over FHIR leads to the same ledger; and rows are named by their public ids."""

from typing import Any

import pytest

from interface.ledger.entity import Entity
from interface.ledger.journal import Book
from interface.ledger.noun import Identifier, Noun
from interface.ledger.outcome import Applied, Cause, MissingAccount, Refusal
from interface.ledger.reading import Demand, Reading
from tests.ledger.memory import MemoryStore
from tests.mapping.fhir_sample import (
    ACCOUNT,
    CHARGE,
    ENCOUNTER,
    GUARANTOR,
    PATIENT,
    PAYMENT,
    Resource,
    balance,
    mapped,
    north,
    number,
    updated,
)
from tests.mapping.sample import A04, DFT, read, shipped, with_field

MR, AN, VN, GN = north("MR", "7700123"), north("AN", "9001001"), north("VN", "5550007"), north("GN", "G3001")
# What the v2-to-FHIR mappings have of PID and PV1, and what they lack and ours has (GT1, IN1, PV1-46, FT1).
COMPARED = {
    (Noun.PATIENT, MR): ("name", "birth", "sex", "address", "phone", "email", "others", "activity"),
    (Noun.ACCOUNT, AN): ("coverages", "guarantors"),
    (Noun.ENCOUNTER, VN): ("admission", "place", "state", "link"),
    (Noun.GUARANTOR, GN): ("name", "address", "phone"),
}


def over_hl7() -> MemoryStore:
    store = MemoryStore()
    hl7v2 = shipped().mappings["hl7v2"]
    admitted = with_field(
        with_field(A04, "PV1-46", "120.50"), "PID-13", "^PRN^CP^^1^608^5550101~^NET^Internet^maria@example.org"
    )
    for text in (admitted, DFT):
        assert isinstance(store.tell(read(text, mapping=hl7v2)), Applied)
    return store


def over_fhir() -> MemoryStore:
    store = MemoryStore()
    account = {**ACCOUNT, "extension": [balance(120.50, of="patient")]}
    for resource in (PATIENT, account, ENCOUNTER, CHARGE, PAYMENT):
        assert isinstance(store.tell(mapped(resource)), Applied)
    return store


def values(row: Entity, groups: tuple[str, ...]) -> dict[str, Any]:
    return {name: row.groups[name].values for name in groups if name in row.groups}


@pytest.mark.parametrize(("noun", "identifier"), COMPARED)
def test_hl7_and_fhir_lead_to_the_same_rows(noun: Noun, identifier: Identifier) -> None:
    one, other = over_hl7().get(noun, identifier), over_fhir().get(noun, identifier)
    groups = COMPARED[noun, identifier]
    assert values(one, groups) == values(other, groups)
    assert values(one, groups).keys() == set(groups)


def test_hl7_and_fhir_lead_to_the_same_class() -> None:
    rows = [store.get(Noun.ENCOUNTER, VN) for store in (over_hl7(), over_fhir())]
    assert [row.value("class", "class") for row in rows] == ["O", "O"]


def test_hl7_and_fhir_lead_to_the_same_money() -> None:
    stores = over_hl7(), over_fhir()
    for book in Book:
        assert stores[0].balance(AN, book) == stores[1].balance(AN, book)
    one, other = ([seen.amount_minor for seen in store.observations.values()] for store in stores)
    assert one == other == [12050]


def told(store: MemoryStore, *readings: Reading) -> list[Any]:
    return [store.tell(reading) for reading in readings]


def known() -> tuple[MemoryStore, dict[Noun, str]]:
    """A registered patient, and the ids without their prefixes."""
    store = over_fhir()
    ids = {noun: store.get(noun, identifier).public_id.partition("_")[2] for noun, identifier in COMPARED}
    return store, ids


def test_a_public_id_finds_its_row() -> None:
    store, ids = known()
    renamed = {**PATIENT, "identifier": [], "name": [{"family": "SAMPLE"}]}
    assert isinstance(store.tell(updated(renamed, ids[Noun.PATIENT])), Applied)
    assert store.get(Noun.PATIENT, MR).value("name", "family") == "SAMPLE"
    assert not any(identifier.is_public for _, identifier in store.identifiers)


def test_a_row_that_is_named_by_its_id_takes_further_numbers() -> None:
    store, ids = known()
    further = {**PATIENT, "identifier": [number("7700999", "MR")]}
    assert isinstance(store.tell(updated(further, ids[Noun.PATIENT])), Applied)
    assert store.get(Noun.PATIENT, north("MR", "7700999")).id == store.get(Noun.PATIENT, MR).id


def test_references_by_public_id_join_what_belongs_together() -> None:
    store, ids = known()
    visit = {
        **ENCOUNTER,
        "identifier": [number("5550008", "VN")],
        "subject": {"reference": f"Patient/{ids[Noun.PATIENT]}"},
        "account": [{"reference": f"Account/{ids[Noun.ACCOUNT]}"}],
    }
    charge = {
        **CHARGE,
        "identifier": [{"value": "C2"}],
        "subject": visit["subject"],
        "account": [],
        "context": {"reference": f"Encounter/{ids[Noun.ENCOUNTER]}"},
    }
    assert all(isinstance(one, Applied) for one in told(store, mapped(visit), mapped(charge)))
    assert store.get(Noun.ENCOUNTER, north("VN", "5550008")).account_id == store.get(Noun.ACCOUNT, AN).id
    assert len(store.entries) == 3


def test_a_guarantor_is_named_by_the_id_of_his_resource() -> None:
    store, ids = known()
    other = {**GUARANTOR, "identifier": [], "name": [{"family": "OTHER"}]}
    id_ = f"{ids[Noun.GUARANTOR]}-{ids[Noun.PATIENT]}"
    assert isinstance(store.tell(updated(other, id_)), Applied)
    assert store.get(Noun.GUARANTOR, GN).value("name", "family") == "OTHER"


NOBODY = {"reference": "Patient/999"}


@pytest.mark.parametrize(
    "reading",
    [
        updated({**PATIENT, "identifier": []}, "999"),
        updated(PATIENT, "999"),
        mapped({**ACCOUNT, "subject": [NOBODY]}),
        mapped({**ENCOUNTER, "subject": NOBODY}),
        mapped({**CHARGE, "account": [{"reference": "Account/999"}]}),
        mapped({**ACCOUNT, "guarantor": [{"party": {"reference": "RelatedPerson/999-1"}}]}),
        updated({**ACCOUNT, "identifier": [], "status": "inactive"}, "999"),
    ],
)
def test_an_id_that_nothing_has_is_refused_and_changes_nothing(reading: Reading) -> None:
    store, _ = known()
    before = dict(store.rows)
    outcome = store.tell(reading)
    assert isinstance(outcome, Refusal)
    is_of_itself = reading.target is not None and reading.target.demand is Demand.KNOWN
    assert outcome.code is (Cause.RESOURCE_UNKNOWN if is_of_itself else Cause.REFERENCE_UNKNOWN)
    assert store.rows == before


def test_money_waits_for_a_number_and_never_for_an_id() -> None:
    store = MemoryStore()
    by_number, by_id = mapped(PAYMENT), mapped(_for({"reference": "Account/999"}))
    assert isinstance(store.tell(by_number), MissingAccount)
    assert isinstance(store.tell(by_id), Refusal)


def _for(request: Resource) -> Resource:
    return {**PAYMENT, "detail": [{**PAYMENT["detail"][0], "request": request}]}


def test_a_replaced_patient_leads_to_the_survivor() -> None:
    store, ids = known()
    survivor = {**PATIENT, "identifier": [number("7700999", "MR")], "name": [{"family": "SURVIVOR"}]}
    store.tell(mapped(survivor))
    new = store.get(Noun.PATIENT, north("MR", "7700999"))
    link = {"type": "replaced-by", "other": {"reference": f"Patient/{new.public_id.partition('_')[2]}"}}
    outcome = store.tell(updated({**PATIENT, "active": False, "link": [link]}, ids[Noun.PATIENT]))
    assert isinstance(outcome, Applied)
    found = store.get(Noun.PATIENT, MR)
    assert (found.id, found.value("name", "family")) == (new.id, "SURVIVOR")


def test_a_resource_that_comes_twice_changes_nothing() -> None:
    store = over_fhir()
    again = [store.tell(mapped(one)) for one in (PATIENT, ACCOUNT, ENCOUNTER, CHARGE, PAYMENT)]
    assert [isinstance(one, Applied) and one.changed for one in again] == [False] * 5
