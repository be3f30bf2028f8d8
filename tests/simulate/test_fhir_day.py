"""The hospital's day as FHIR resources: valid R4, taken by every mapping, and leading where the HL7 messages lead."""

from collections.abc import Callable, Iterable, Mapping

import pytest
from fhir.resources.R4B import get_fhir_model_class

from interface.fhir.request import read, write
from interface.hl7.parser import parse
from interface.ledger.entity import Entity
from interface.ledger.journal import Book
from interface.ledger.noun import Identifier, Noun
from interface.ledger.outcome import Applied, MissingAccount
from interface.ledger.reading import Filtered, Reading
from interface.mapping.scope import Context
from interface.simulate.fhir_day import FhirDay, FhirRequest
from interface.simulate.hospital import Hospital, Vendor
from interface.simulate.record import take_record
from interface.simulate.traffic import morning
from interface.simulate.vendor import SITES
from tests.ledger.memory import MemoryStore
from tests.mapping.sample import ARRIVED, SECOND, shipped

SEED, PATIENTS = 24, 30
MAPPINGS = {"epic-fhir": Vendor.EPIC, "fhirr4": Vendor.EPIC, "cerner-fhir": Vendor.CERNER, "athena-fhir": Vendor.ATHENA}


@pytest.fixture(scope="module")
def days() -> Mapping[Vendor, tuple[FhirRequest, ...]]:
    return {vendor: tuple(requests(vendor)) for vendor in Vendor}


def requests(vendor: Vendor) -> Iterable[FhirRequest]:
    return (one for told in FhirDay(Hospital(SEED, SITES[vendor]), PATIENTS) for one in told)


def context(vendor: Vendor) -> Context:
    return Context(SITES[vendor].zone, SITES[vendor].facility)


def readings(days: Mapping[Vendor, tuple[FhirRequest, ...]], name: str) -> list[Reading | Filtered]:
    """What a mapping makes of its vendor's day; a refusal is raised."""
    vendor, mapping = MAPPINGS[name], shipped().fhir[name]
    stored = [write(one.method, f"/{one.target}", one.headers, one.content) for one in days[vendor]]
    return [mapping.read(read(raw), context(vendor), ARRIVED + number * SECOND) for number, raw in enumerate(stored)]


def ledger_of(told: Iterable[Reading | Filtered]) -> MemoryStore:
    """A ledger that everything was told to; what comes before its account is told again later, as the engine does."""
    store = MemoryStore()
    waiting: list[Reading] = []
    for reading in told:
        if isinstance(reading, Filtered):
            continue
        waiting = [one for one in [*waiting, reading] if not _is_applied(store, one)]
    assert waiting == []
    return store


def _is_applied(store: MemoryStore, reading: Reading) -> bool:
    outcome = store.tell(reading)
    assert isinstance(outcome, Applied | MissingAccount), outcome
    return isinstance(outcome, Applied)


@pytest.mark.parametrize("vendor", Vendor)
def test_every_resource_is_valid(days: Mapping[Vendor, tuple[FhirRequest, ...]], vendor: Vendor) -> None:
    for one in days[vendor]:
        get_fhir_model_class(one.resource["resourceType"]).model_validate_json(one.content)


def test_the_same_seed_gives_the_same_bytes(days: Mapping[Vendor, tuple[FhirRequest, ...]]) -> None:
    assert [one.content for one in requests(Vendor.EPIC)] == [one.content for one in days[Vendor.EPIC]]


def test_everything_of_a_day_is_told_and_amounts_keep_their_scale(
    days: Mapping[Vendor, tuple[FhirRequest, ...]],
) -> None:
    kinds = {one.resource["resourceType"] for one in days[Vendor.EPIC]}
    assert kinds == {"Patient", "Account", "Encounter", "ChargeItem", "PaymentReconciliation"}
    charges = [one for one in days[Vendor.EPIC] if one.target == "ChargeItem"]
    assert all(
        b'"priceOverride":{"value":%d.' % int(one.resource["priceOverride"]["value"]) in one.content for one in charges
    )
    assert any(b'0,"currency":"USD"}' in one.content for one in charges)


@pytest.mark.parametrize("name", MAPPINGS)
def test_each_mapping_takes_its_vendors_day(days: Mapping[Vendor, tuple[FhirRequest, ...]], name: str) -> None:
    told = readings(days, name)
    assert any(isinstance(one, Reading) for one in told)
    ledger_of(told)


def charges_of(store: MemoryStore, account: Entity) -> int:
    return -sum(
        one.amount_minor for one in store.all_balances() if (one.account_id, one.book) == (account.id, Book.CHARGES)
    )


def stated_of(store: MemoryStore, account: Entity) -> int | None:
    seen = [one for one in store.observations.values() if one.account_id == account.id]
    return max(seen, key=lambda one: one.as_of).amount_minor if seen else None


PLAIN: Mapping[str, Callable[[MemoryStore, Entity], object]] = {
    "what is charged": charges_of,
    "what is owed": stated_of,
    "what was paid at the desk": lambda store, account: sum(
        one.amount_minor for one in store.all_balances() if (one.account_id, one.book) == (account.id, Book.PAYMENTS)
    ),
    "who answers for it": lambda _store, account: len(account.value("guarantors", "guarantors")),
    "what covers it": lambda _store, account: account.value("coverages", "coverages"),
}


@pytest.fixture(scope="module")
def both(days: Mapping[Vendor, tuple[FhirRequest, ...]]) -> tuple[MemoryStore, MemoryStore]:
    over_fhir = ledger_of(readings(days, "fhirr4"))
    mapping = shipped().mappings["epic"]
    told = [
        mapping.read(parse(one.content), context(Vendor.EPIC), ARRIVED + number * SECOND)
        for number, one in enumerate(morning(SEED, PATIENTS))
    ]
    return over_fhir, ledger_of(told)


@pytest.mark.parametrize("what", PLAIN)
def test_both_ways_lead_to_the_same_accounts(both: tuple[MemoryStore, MemoryStore], what: str) -> None:
    hospital = Hospital(SEED)
    list(FhirDay(hospital, PATIENTS))
    numbers = [Identifier("north", "AN", number) for number in take_record(hospital).accounts]
    found = [[PLAIN[what](store, store.get(Noun.ACCOUNT, number)) for number in numbers] for store in both]
    assert found[0] == found[1]
    assert any(found[0])


def test_both_ways_lead_to_the_same_patients(both: tuple[MemoryStore, MemoryStore]) -> None:
    hospital = Hospital(SEED)
    list(FhirDay(hospital, PATIENTS))
    record = take_record(hospital)
    for number in record.patients:
        one, other = (store.get(Noun.PATIENT, Identifier("north", "MR", number)) for store in both)
        for group in ("name", "address"):
            assert one.groups[group].values == other.groups[group].values
    for merged in record.merges:
        for store in both:
            assert len({store.get(Noun.PATIENT, Identifier("north", "MR", number)).id for number in merged}) == 1


@pytest.mark.parametrize("name", ["fhirr4", "cerner-fhir", "athena-fhir"])
def test_what_is_owed_and_charged_is_what_the_hospitals_books_say(
    days: Mapping[Vendor, tuple[FhirRequest, ...]], name: str
) -> None:
    vendor = MAPPINGS[name]
    hospital = Hospital(SEED, SITES[vendor])
    list(FhirDay(hospital, PATIENTS))
    store = ledger_of(readings(days, name))
    for number, truth in take_record(hospital).accounts.items():
        account = store.get(Noun.ACCOUNT, Identifier(SITES[vendor].facility.lower(), "AN", number))
        assert (charges_of(store, account), stated_of(store, account)) == (truth.charges, truth.stated)
