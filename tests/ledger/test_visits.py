"""Events of visits: the snapshot rule, the state of an encounter, and the hazards of their order."""

import pytest

from interface.ledger.noun import EncounterState, Noun
from interface.ledger.outcome import Applied, Cause, PersonHold, Refusal
from interface.ledger.reading import Meaning, MoneyKind, Reading, Renumber, Said
from tests.ledger.memory import MemoryStore
from tests.ledger.saying import SECOND, account, adt, dft, guarantor, money, mrn, named, paid, phone, visit

M, E = Meaning, EncounterState


def state(store: MemoryStore, number: int = 1) -> str | None:
    value: str | None = store.get(Noun.ENCOUNTER, visit(number)).value("state", "state")
    return value


@pytest.mark.parametrize(
    ("story", "ends"),
    [
        ([(M.ADMIT, 1)], E.IN_PROGRESS),
        ([(M.REGISTER, 1)], E.IN_PROGRESS),
        ([(M.PREADMIT, 1)], E.PLANNED),
        ([(M.PREADMIT, 1), (M.ADMIT, 2)], E.IN_PROGRESS),
        ([(M.ADMIT, 2), (M.PREADMIT, 1)], E.IN_PROGRESS),
        ([(M.ADMIT, 1), (M.DISCHARGE, 2)], E.FINISHED),
        ([(M.DISCHARGE, 2), (M.ADMIT, 1)], E.FINISHED),
        ([(M.DISCHARGE, 2)], E.FINISHED),
        ([(M.ADMIT, 1), (M.DISCHARGE, 2), (M.CANCEL_DISCHARGE, 3)], E.IN_PROGRESS),
        ([(M.ADMIT, 1), (M.CANCEL_DISCHARGE, 3), (M.DISCHARGE, 2)], E.IN_PROGRESS),
        ([(M.ADMIT, 1), (M.CANCEL_VISIT, 2)], E.CANCELLED),
        ([(M.CANCEL_VISIT, 2)], E.CANCELLED),
        ([(M.CANCEL_VISIT, 2), (M.ADMIT, 1)], E.CANCELLED),
        ([(M.ADMIT, 1), (M.CANCEL_VISIT, 2), (M.UPDATE, 3)], E.CANCELLED),
        ([(M.ADMIT, 1), (M.CANCEL_VISIT, 2), (M.TRANSFER, 3)], E.CANCELLED),
        ([(M.ADMIT, 1), (M.CANCEL_VISIT, 2), (M.UPDATE, 3), (M.ADMIT, 4)], E.IN_PROGRESS),
        ([(M.ADMIT, 1), (M.CANCEL_VISIT, 2), (M.REGISTER, 3)], E.IN_PROGRESS),
        ([(M.ADMIT, 1), (M.CANCEL_VISIT, 2), (M.CANCEL_DISCHARGE, 3)], E.IN_PROGRESS),
        ([(M.UPDATE, 1)], E.IN_PROGRESS),
        ([(M.TRANSFER, 1)], E.IN_PROGRESS),
        ([(M.UPDATE, 5), (M.DISCHARGE, 3)], E.FINISHED),
        ([(M.UPDATE, 5), (M.CANCEL_VISIT, 3)], E.CANCELLED),
        ([(M.UPDATE, 5), (M.PREADMIT, 3)], E.PLANNED),
        ([(M.ADMIT, 1), (M.CANCEL_VISIT, 2), (M.DISCHARGE, 3)], E.CANCELLED),
        ([(M.ADMIT, 1), (M.CANCEL_VISIT, 2), (M.CHANGE_CLASS, 3)], E.CANCELLED),
        ([(M.ADMIT, 1), (M.CANCEL_VISIT, 2), (M.CANCEL_TRANSFER, 3)], E.CANCELLED),
        ([(M.PREADMIT, 1), (M.CANCEL_PREADMIT, 2)], E.CANCELLED),
        ([(M.CANCEL_PREADMIT, 2), (M.PREADMIT, 1)], E.CANCELLED),
        ([(M.PREADMIT, 1), (M.CANCEL_PREADMIT, 2), (M.ADMIT, 3)], E.IN_PROGRESS),
        ([(M.PREADMIT, 1), (M.CHANGE_CLASS, 2)], E.IN_PROGRESS),
        ([(M.CHANGE_CLASS, 1), (M.PREADMIT, 2)], E.PLANNED),
        ([(M.REGISTER, 1), (M.CHANGE_CLASS, 2)], E.IN_PROGRESS),
        ([(M.REGISTER, 1), (M.DISCHARGE, 2), (M.CHANGE_CLASS, 3)], E.FINISHED),
        ([(M.CHANGE_CLASS, 1)], E.IN_PROGRESS),
        ([(M.ADMIT, 1), (M.REMOVE_VISIT, 2)], E.REMOVED),
        ([(M.ADMIT, 1), (M.REMOVE_VISIT, 2), (M.UPDATE, 3)], E.REMOVED),
        ([(M.REMOVE_VISIT, 2), (M.ADMIT, 1)], E.REMOVED),
        ([(M.ADMIT, 1), (M.REMOVE_VISIT, 2), (M.REGISTER, 3)], E.IN_PROGRESS),
    ],
)
def test_newest_event_that_speaks_of_it_decides_the_state(
    story: list[tuple[Meaning, int]], ends: EncounterState
) -> None:
    store = MemoryStore()
    for meaning, at in story:
        assert isinstance(store.tell(adt(meaning, at, number=1)), Applied)
    assert state(store) == ends


def test_update_of_unknown_visit_creates_it_from_the_snapshot_and_flags_it() -> None:
    store = MemoryStore()
    outcome = store.tell(
        adt(
            M.UPDATE,
            1,
            number=1,
            account_says={"class": {"financial_class": "SP"}},
            visit_says={"place": {"location": "W1"}},
        )
    )
    assert outcome == Applied(True, ("created-by-update encounter",))
    encounter = store.get(Noun.ENCOUNTER, visit(1))
    assert encounter.value("state", "created_by_update") is True
    assert encounter.value("place", "location") == "W1"
    assert encounter.account_id == store.get(Noun.ACCOUNT, account(1)).id
    assert store.get(Noun.ACCOUNT, account(1)).value("class", "financial_class") == "SP"


def test_flag_goes_when_the_event_that_opened_the_visit_arrives_late() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 5, number=1))
    store.tell(adt(M.ADMIT, 1, number=1))
    assert store.get(Noun.ENCOUNTER, visit(1)).value("state", "created_by_update") is None


def test_preadmitted_class_in_a_snapshot_means_planned() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, number=1, visit_says={"class": {"class": "P"}}))
    assert state(store) == E.PLANNED


def test_snapshot_that_shows_a_discharge_finishes_the_visit() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, number=1))
    store.tell(adt(M.UPDATE, 5, number=1, visit_says={"discharge": {"discharged_at": 4 * SECOND}}))
    assert state(store) == E.FINISHED


def test_newer_admission_beats_the_discharge_that_it_does_not_mention() -> None:
    store = MemoryStore()
    store.tell(adt(M.DISCHARGE, 3, number=1, visit_says={"discharge": {"discharged_at": 3 * SECOND}}))
    store.tell(adt(M.ADMIT, 5, number=1))
    assert state(store) == E.IN_PROGRESS
    store.tell(adt(M.UPDATE, 6, number=1, visit_says={"discharge": {"discharged_at": 3 * SECOND}}))
    assert state(store) == E.FINISHED


def test_snapshot_older_than_the_cancelled_discharge_does_not_finish_the_visit() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, number=1))
    store.tell(adt(M.DISCHARGE, 3, number=1, visit_says={"discharge": {"discharged_at": 3 * SECOND}}))
    store.tell(adt(M.CANCEL_DISCHARGE, 6, number=1))
    store.tell(adt(M.UPDATE, 5, number=1, visit_says={"discharge": {"discharged_at": 3 * SECOND}}))
    assert state(store) == E.IN_PROGRESS
    assert store.get(Noun.ENCOUNTER, visit(1)).value("discharge", "discharged_at") is None


def test_cancelled_discharge_clears_time_and_disposition_even_if_repeated_in_the_message() -> None:
    store = MemoryStore()
    told = {"discharge": {"discharged_at": 2 * SECOND, "disposition": "01"}}
    store.tell(adt(M.DISCHARGE, 2, number=1, visit_says=told))
    store.tell(adt(M.CANCEL_DISCHARGE, 3, number=1, visit_says=told))
    encounter = store.get(Noun.ENCOUNTER, visit(1))
    assert (encounter.value("discharge", "discharged_at"), encounter.value("discharge", "disposition")) == (None, None)


def test_transfer_tells_the_place_only() -> None:
    store = MemoryStore()
    insured = {"coverages": {"coverages": [{"priority": 1, "plan_id": "PLAN9"}]}}
    payer = Said((guarantor(1),), named("Payer", "Paula"))
    store.tell(adt(M.ADMIT, 1, number=1, says=named() | phone("555"), account_says=insured, guarantors=(payer,)))
    store.tell(
        adt(
            M.TRANSFER,
            2,
            number=1,
            says=named("Other") | phone("000"),
            account_says={"coverages": {"coverages": []}},
            visit_says={"place": {"location": "ICU"}, "class": {"class": "O"}},
        )
    )
    encounter, owner = store.get(Noun.ENCOUNTER, visit(1)), store.get(Noun.PATIENT, mrn(1))
    assert (encounter.value("place", "location"), encounter.value("class", "class")) == ("ICU", None)
    assert (owner.value("name", "family"), owner.value("phone", "phone")) == ("Tester", "555")
    held = store.get(Noun.ACCOUNT, account(1))
    assert held.value("coverages", "coverages") == [{"priority": 1, "plan_id": "PLAN9"}]
    assert held.value("guarantors", "guarantors") == [{"guarantor": 1, "priority": 1}]


def test_cancelled_transfer_brings_the_place_back_and_nothing_else() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, number=1, visit_says={"place": {"location": "W1"}}))
    store.tell(adt(M.TRANSFER, 2, number=1, visit_says={"place": {"location": "ICU"}}))
    store.tell(adt(M.CANCEL_TRANSFER, 3, number=1, says=named("Other"), visit_says={"place": {"location": "W1"}}))
    assert store.get(Noun.ENCOUNTER, visit(1)).value("place", "location") == "W1"
    assert store.get(Noun.PATIENT, mrn(1)).value("name", "family") == "Tester"


def test_class_change_tells_all_that_an_update_tells_and_may_renumber_account_and_visit() -> None:
    store = MemoryStore()
    store.tell(adt(M.REGISTER, 1, number=1, visit_says={"class": {"class": "O"}}))
    changes = (
        Renumber(Noun.ACCOUNT, account(2), account(1), mrn(1)),
        Renumber(Noun.ENCOUNTER, visit(2), visit(1), mrn(1)),
    )
    reading = adt(M.CHANGE_CLASS, 3, number=2, visit_says={"class": {"class": "I"}}, renumbers=changes)
    assert store.tell(reading) == Applied(True)
    encounter = store.get(Noun.ENCOUNTER, visit(1))
    assert (encounter.id, encounter.value("class", "class")) == (store.get(Noun.ENCOUNTER, visit(2)).id, "I")
    assert store.get(Noun.ACCOUNT, account(1)).id == store.get(Noun.ACCOUNT, account(2)).id
    assert store.tell(reading) == Applied(False)


@pytest.mark.parametrize("meaning", [M.ADD_PERSON, M.UPDATE_PERSON])
def test_person_events_never_create_encounters_or_accounts(meaning: Meaning) -> None:
    store = MemoryStore()
    assert isinstance(store.tell(adt(meaning, 1, number=1)), Applied)
    assert store.find(Noun.PATIENT, mrn(1)) is not None
    assert store.find(Noun.ENCOUNTER, visit(1)) is None
    assert store.find(Noun.ACCOUNT, account(1)) is None


def test_absent_guarantors_and_coverages_are_no_statement() -> None:
    store = MemoryStore()
    payer = Said((guarantor(1),), named("Payer", "Paula"))
    store.tell(adt(M.ADMIT, 1, number=1, guarantors=(payer,)))
    store.tell(adt(M.UPDATE, 2, number=1))
    assert store.get(Noun.ACCOUNT, account(1)).value("guarantors", "guarantors")


def test_same_visit_number_of_two_authorities_is_two_visits() -> None:
    store = MemoryStore()
    south = visit(1)._replace(authority="south")
    for person, number in ((1, visit(1)), (2, south)):
        reading = adt(M.ADMIT, 1, person)
        store.tell(Reading(M.ADMIT, SECOND, patient=reading.patient, encounter=Said((number,))))
    assert store.get(Noun.ENCOUNTER, visit(1)).id != store.get(Noun.ENCOUNTER, south).id


@pytest.mark.parametrize("meaning", [M.ADMIT, M.REGISTER, M.UPDATE, M.TRANSFER, M.DISCHARGE, M.CANCEL_VISIT])
def test_account_number_of_another_patient_is_held_and_changes_nothing(meaning: Meaning) -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, person=1, number=1))
    outcome = store.tell(adt(meaning, 2, person=2, number=1, visit_number=2))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.ACCOUNT_OF_ANOTHER_PATIENT
    assert not store.saved[-1]
    assert store.find(Noun.PATIENT, mrn(2)) is None


def test_visit_number_of_another_patient_is_held() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, person=1, number=1))
    outcome = store.tell(adt(M.REGISTER, 2, person=2, number=2, visit_number=1))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.VISIT_OF_ANOTHER_PATIENT
    assert outcome.work_item.subject == f"encounter:{store.get(Noun.ENCOUNTER, visit(1)).public_id}"


def test_visit_follows_the_newest_event_to_another_account_of_the_patient() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, number=1))
    store.tell(adt(M.UPDATE, 5, number=2, visit_number=1))
    store.tell(adt(M.UPDATE, 3, number=1))
    assert store.get(Noun.ENCOUNTER, visit(1)).account_id == store.get(Noun.ACCOUNT, account(2)).id


def test_message_without_a_patient_is_refused() -> None:
    outcome = MemoryStore().tell(Reading(M.ADMIT, SECOND, encounter=Said((visit(1),))))
    assert outcome == Refusal("101", Cause.PATIENT_MISSING, "the message names no patient", "patient")


def test_cancelled_visit_with_a_deposit_goes_to_a_person_once() -> None:
    store = MemoryStore()
    store.tell(adt(M.PREADMIT, 1, number=1))
    store.tell(paid(2, "T1", 5000, (1, 5000)))
    store.tell(adt(M.CANCEL_VISIT, 3, number=1))
    store.tell(adt(M.CANCEL_VISIT, 4, number=1))
    (item,) = store.work_items
    assert (item.cause, item.amount_minor, item.currency) == (Cause.DEPOSIT_ON_CANCELLED_VISIT, 5000, "USD")


def test_cancelled_visit_whose_money_is_used_up_tells_nobody() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, number=1))
    store.tell(dft(2, 1, money(MoneyKind.CHARGE, 7000, id="C1")))
    store.tell(paid(3, "T1", 5000, (1, 5000)))
    store.tell(adt(M.CANCEL_VISIT, 4, number=1))
    assert store.work_items == []
