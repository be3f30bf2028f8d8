"""Who wins a group of fields, and what a repeat costs."""

from dataclasses import replace

from interface.ledger.entity import Confirmed
from interface.ledger.noun import Noun
from interface.ledger.outcome import Applied, Caution
from interface.ledger.reading import Meaning, Said
from interface.message import RunReason
from tests.ledger.memory import MemoryStore, Told
from tests.ledger.saying import SECOND, account, adt, guarantor, mrn, named, phone

M = Meaning


def patient_phone(store: MemoryStore) -> str | None:
    value: str | None = store.get(Noun.PATIENT, mrn(1)).value("phone", "phone")
    return value


def test_older_event_that_arrives_later_loses_group_by_group() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 5, says=named("New")))
    store.tell(adt(M.UPDATE_PERSON, 3, says=named("Old") | phone("555")))
    patient = store.get(Noun.PATIENT, mrn(1))
    assert (patient.value("name", "family"), patient.value("phone", "phone")) == ("New", "555")


def test_of_equal_event_times_the_later_arrival_wins() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 5, says=phone("1")), message_id=10)
    store.tell(adt(M.UPDATE, 5, says=phone("2")), message_id=11)
    store.tell(adt(M.UPDATE, 5, says=phone("3")), message_id=9)
    assert patient_phone(store) == "2"


def test_clear_leaves_a_timed_tombstone() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, says=phone("1")))
    store.tell(adt(M.UPDATE, 5, says=phone(None)))
    store.tell(adt(M.UPDATE, 3, says=phone("3")))
    assert patient_phone(store) is None
    store.tell(adt(M.UPDATE, 6, says=phone("6")))
    assert patient_phone(store) == "6"


def test_clear_of_what_was_never_known_beats_older_news() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 5, says=phone(None)))
    store.tell(adt(M.UPDATE, 3, says=phone("3")))
    assert patient_phone(store) is None


def test_group_of_which_nothing_is_said_keeps_value_and_stamp() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, says=phone("1")))
    store.tell(adt(M.UPDATE, 5, says={"phone": {}}))
    store.tell(adt(M.UPDATE, 3, says=phone("3")))
    assert patient_phone(store) == "3"


def test_name_is_replaced_whole() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, says=named("Tester", "Maria", middle="Q")))
    store.tell(adt(M.UPDATE, 2, says=named("Sample", "John")))
    assert store.get(Noun.PATIENT, mrn(1)).groups["name"].values == {"family": "Sample", "given": "John"}


def test_field_that_was_not_spoken_of_keeps_its_value() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, number=1, account_says={"class": {"financial_class": "SP", "patient_type": "ER"}}))
    store.tell(adt(M.UPDATE, 2, number=1, account_says={"class": {"financial_class": "BC"}}))
    held = store.get(Noun.ACCOUNT, account(1)).groups["class"].values
    assert held == {"financial_class": "BC", "patient_type": "ER"}


def test_repeat_of_what_is_known_writes_no_row_but_its_new_stamp() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, says=named() | phone("1")))
    outcome = store.tell(adt(M.UPDATE, 5, says=named() | phone("1")), message_id=50)
    changes = store.saved[-1]
    assert outcome == Applied(False)
    assert (changes.created, changes.changed) == ([], [])
    assert [one.confirmed for one in changes.confirmations] == [Confirmed(5 * SECOND, 50, frozenset({"name", "phone"}))]


def test_repeated_snapshot_of_a_whole_visit_writes_no_row() -> None:
    store = MemoryStore()
    told = {
        "number": 1,
        "says": named() | phone("1"),
        "account_says": {"class": {"financial_class": "SP"}, "coverages": {"coverages": ({"priority": 1},)}},
        "visit_says": {"place": {"location": "W1"}, "discharge": {"discharged_at": SECOND}},
        "guarantors": (Said((guarantor(1),), named("Payer")),),
    }
    for at, meaning in enumerate((M.ADMIT, M.UPDATE, M.UPDATE, M.DISCHARGE, M.UPDATE), start=1):
        store.tell(adt(meaning, at, **told))
    assert store.tell(adt(M.UPDATE, 9, **told)) == Applied(False)
    assert (store.saved[-1].created, store.saved[-1].changed) == ([], [])
    assert len(store.saved[-1].confirmations) == 4


def test_value_that_was_repeated_beats_an_older_one_that_arrives_late() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, says=phone("1")))
    store.tell(adt(M.UPDATE, 5, says=phone("1")))
    store.tell(adt(M.UPDATE, 3, says=phone("3")))
    assert patient_phone(store) == "1"


def test_partial_repeats_keep_each_groups_newest_stamp() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, says=named() | phone("1")))
    store.tell(adt(M.UPDATE, 9, says=named() | phone("1")))
    store.tell(adt(M.UPDATE, 12, says=named()))
    store.tell(adt(M.UPDATE, 8, says=phone("8")))
    store.tell(adt(M.UPDATE, 11, says=named("Late")))
    patient = store.get(Noun.PATIENT, mrn(1))
    assert (patient.value("name", "family"), patient.value("phone", "phone")) == ("Tester", "1")


def test_row_that_changes_anyway_takes_the_stamps_of_its_repeated_groups_along() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, says=named() | phone("1")))
    store.tell(adt(M.UPDATE, 5, says=named() | phone("5")))
    store.tell(adt(M.UPDATE, 3, says=named("Late")))
    assert store.get(Noun.PATIENT, mrn(1)).value("name", "family") == "Tester"


def test_replay_under_the_same_configuration_changes_nothing_at_all() -> None:
    store = MemoryStore()
    story = [adt(M.ADMIT, 1, number=1), adt(M.UPDATE, 3, number=1, says=phone("3")), adt(M.UPDATE, 5, number=1)]
    store.run([Told(number, reading) for number, reading in enumerate(story, start=1)])
    store.run([Told(number, reading, reason=RunReason.REPLAY) for number, reading in enumerate(story, start=1)])
    assert not store.saved[-1]


def test_replay_under_a_newer_configuration_restates_what_the_message_still_owns() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, says=named() | phone("1")), message_id=1)
    store.tell(adt(M.UPDATE, 2, says=named("Newer")), message_id=2)
    restated = adt(M.UPDATE, 1, says=named("Restated") | phone("+1 1"))
    store.tell(restated, message_id=1, reason=RunReason.REPLAY, config_id=2)
    patient = store.get(Noun.PATIENT, mrn(1))
    assert (patient.value("name", "family"), patient.value("phone", "phone")) == ("Newer", "+1 1")


def test_guarantor_shared_by_two_patients_keeps_the_newest_by_event_time() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 5, 1, 1, guarantors=(Said((guarantor(1),), named("Payer") | phone("5")),)))
    store.tell(adt(M.ADMIT, 3, 2, 2, guarantors=(Said((guarantor(1),), named("Older") | phone("3")),)))
    shared = store.get(Noun.GUARANTOR, guarantor(1))
    assert (shared.value("name", "family"), shared.value("phone", "phone")) == ("Payer", "5")


def test_relationship_belongs_to_the_account_not_to_the_shared_guarantor() -> None:
    store = MemoryStore()
    for person, relation in ((1, "SEL"), (2, "CHD")):
        said = Said((guarantor(1),), named("Payer") | {"relation": {"relationship": relation}})
        store.tell(adt(M.ADMIT, 1, person, person, guarantors=(said,)))
    linked = [store.get(Noun.ACCOUNT, account(n)).value("guarantors", "guarantors")[0] for n in (1, 2)]
    assert [link["relationship"] for link in linked] == ["SEL", "CHD"]
    assert "relation" not in store.get(Noun.GUARANTOR, guarantor(1)).groups


def test_guarantors_without_number_or_named_twice_are_noted_and_left_out() -> None:
    store = MemoryStore()
    one = Said((guarantor(1),), named("Payer"))
    outcome = store.tell(adt(M.ADMIT, 1, number=1, guarantors=(Said(()), one, one)))
    assert isinstance(outcome, Applied)
    assert outcome.warnings == (
        f"{Caution.GUARANTOR_WITHOUT_NUMBER} guarantor[1]",
        f"{Caution.GUARANTOR_REPEATED} guarantor[3]",
    )
    assert len(store.get(Noun.ACCOUNT, account(1)).value("guarantors", "guarantors")) == 1


def test_further_identifiers_lead_to_the_same_row_and_nobody_elses() -> None:
    store = MemoryStore()
    other = mrn(1)._replace(type="PI")
    reading = adt(M.UPDATE, 1)
    both = Said((mrn(1), other), named())
    store.tell(adt(M.UPDATE, 1))
    store.tell(replace(reading, patient=both))
    assert store.get(Noun.PATIENT, other).id == store.get(Noun.PATIENT, mrn(1)).id
    store.tell(replace(reading, patient=Said((mrn(2), other))))  # found by the second, which is known
    assert store.get(Noun.PATIENT, mrn(2)).id == store.get(Noun.PATIENT, mrn(1)).id


def test_identifier_of_another_row_stays_where_it_is_and_is_noted() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, person=1))
    store.tell(adt(M.UPDATE, 1, person=2))
    outcome = store.tell(replace(adt(M.UPDATE, 2), patient=Said((mrn(1), mrn(2)))))
    assert outcome == Applied(False, ("identifier-of-another patient",))
    assert store.get(Noun.PATIENT, mrn(1)).id != store.get(Noun.PATIENT, mrn(2)).id
