"""Moves, links and new numbers: one link changes, money stays on its account, and late messages still find their way."""

import pytest

from interface.ledger.journal import Book
from interface.ledger.noun import Noun
from interface.ledger.outcome import Applied, Cause, PersonHold
from interface.ledger.reading import Meaning, MoneyKind, Move, Reading, Said
from interface.message import RunReason
from tests.ledger.memory import MemoryStore
from tests.ledger.saying import (
    account,
    adt,
    dft,
    guarantor,
    link,
    merge,
    money,
    move_account,
    move_visit,
    mrn,
    named,
    phone,
    regroup,
    renumber,
    visit,
)

M = Meaning


def two_patients(store: MemoryStore) -> None:
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(adt(M.ADMIT, 1, 2, 2))


def owner_of(store: MemoryStore, number: int) -> int | None:
    return store.get(Noun.ACCOUNT, account(number)).patient_id


def test_an_account_moves_with_its_visits_and_its_money() -> None:
    store = MemoryStore()
    two_patients(store)
    store.tell(dft(2, 1, money(MoneyKind.CHARGE, 300, id="C1")))
    assert store.tell(move_account(5, 1, 1, 2)) == Applied(True)
    assert owner_of(store, 1) == store.get(Noun.PATIENT, mrn(2)).id
    assert isinstance(store.tell(adt(M.UPDATE, 6, 2, 1)), Applied)
    assert store.balance(account(1), Book.RECEIVABLE) == 300


def test_lanes_of_a_move_are_both_patients_and_then_the_new_ones() -> None:
    store = MemoryStore()
    two_patients(store)
    reading = move_account(5, 1, 1, 2)
    assert set(store.workset([reading]).lanes(reading)) == {store.lane_of(mrn(1)), store.lane_of(mrn(2))}
    store.tell(reading)
    later = Reading(M.UPDATE, 6, encounter=Said((visit(1),)))
    assert store.workset([later]).lanes(later) == (store.lane_of(mrn(2)),)


def test_what_is_older_than_the_move_may_name_the_former_owner_and_what_is_newer_may_not() -> None:
    store = MemoryStore()
    two_patients(store)
    store.tell(adt(M.UPDATE, 2, 1, 1, says=phone("2")), message_id=90)
    store.tell(move_account(5, 1, 1, 2))
    assert store.tell(adt(M.UPDATE, 2, 1, 1, says=phone("2")), message_id=90, reason=RunReason.REPLAY) == Applied(False)
    assert store.tell(adt(M.DISCHARGE, 4, 1, 1)) == Applied(True)
    assert isinstance(store.tell(dft(4, 1, money(MoneyKind.CHARGE, 300, id="C1"))), Applied)
    held = store.tell(adt(M.UPDATE, 6, 1, 1))
    assert isinstance(held, PersonHold)
    assert held.code is Cause.ACCOUNT_OF_ANOTHER_PATIENT


def test_a_move_that_comes_again_or_late_changes_nothing() -> None:
    store = MemoryStore()
    two_patients(store)
    store.tell(adt(M.ADMIT, 1, 3, 3))
    store.tell(move_account(5, 1, 1, 2))
    store.tell(move_account(8, 1, 2, 3))
    assert isinstance(store.tell(move_account(5, 1, 1, 2)), Applied)
    assert owner_of(store, 1) == store.get(Noun.PATIENT, mrn(3)).id
    assert store.tell(move_account(8, 1, 2, 3)) == Applied(False)


def test_a_former_owner_may_be_named_by_any_number_that_it_had_by_then() -> None:
    store = MemoryStore()
    store.tell(merge(1, (1, 3)))
    store.tell(adt(M.ADMIT, 8, 1, 1), message_id=90)
    store.tell(move_account(5, 1, 3, 2), message_id=91)
    assert store.tell(adt(M.ADMIT, 8, 1, 1), message_id=90, reason=RunReason.REPLAY) == Applied(False)


def test_an_account_of_somebody_else_is_not_moved() -> None:
    store = MemoryStore()
    two_patients(store)
    store.tell(adt(M.ADMIT, 1, 3, 3))
    outcome = store.tell(move_account(5, 1, 3, 2))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.ACCOUNT_OF_ANOTHER_PATIENT


def test_an_unknown_account_is_known_by_its_move_and_late_messages_find_it() -> None:
    store = MemoryStore()
    assert store.tell(move_account(5, 1, 1, 2)) == Applied(True, ("account-created move[1]",))
    assert isinstance(store.tell(adt(M.ADMIT, 1, 1, 1)), Applied)
    assert owner_of(store, 1) == store.get(Noun.PATIENT, mrn(2)).id


@pytest.mark.parametrize("has_guarantor", [True, False])
def test_a_moved_account_with_a_guarantor_goes_to_a_person_once(has_guarantor: bool) -> None:
    store = MemoryStore()
    payer = (Said((guarantor(1),), named("Payer")),) if has_guarantor else ()
    store.tell(adt(M.ADMIT, 1, 1, 1, guarantors=payer))
    store.tell(adt(M.ADMIT, 1, 2, 2))
    store.tell(move_account(5, 1, 1, 2))
    store.tell(move_account(5, 1, 1, 2))
    assert [one.cause for one in store.work_items] == ([Cause.GUARANTOR_MAY_CHANGE] if has_guarantor else [])


def test_visits_move_to_another_account_and_to_its_patient() -> None:
    store = MemoryStore()
    two_patients(store)
    assert store.tell(move_visit(5, 1, 1, 2, person=2, former=1)) == Applied(True)
    assert store.get(Noun.ENCOUNTER, visit(1)).account_id == store.get(Noun.ACCOUNT, account(2)).id
    assert isinstance(store.tell(adt(M.UPDATE, 6, 2, 2, visit_number=1)), Applied)
    assert isinstance(store.tell(adt(M.DISCHARGE, 4, 1, 1)), Applied)
    assert isinstance(store.tell(adt(M.UPDATE, 7, 1, 1)), PersonHold)


def test_money_that_names_a_moved_visit_alone_is_not_booked_twice() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(adt(M.ADMIT, 1, 1, 2))
    charge = money(MoneyKind.CHARGE, 300, id="C1", visit=visit(1))
    told = Reading(M.TRANSACTIONS, 2_000_000, patient=Said((mrn(1),)), transactions=(charge,))
    store.tell(told)
    store.tell(move_visit(5, 1, 1, 2))
    assert store.tell(told) == Applied(False)
    assert (store.balance(account(1), Book.RECEIVABLE), store.balance(account(2), Book.RECEIVABLE)) == (300, 0)


def test_a_visit_whose_former_account_is_not_the_named_patients_is_not_moved() -> None:
    store = MemoryStore()
    two_patients(store)
    outcome = store.tell(move_visit(5, 1, 1, 2, person=2, former=2))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.VISIT_OF_ANOTHER_PATIENT


def test_a_visit_of_somebody_else_is_not_moved() -> None:
    store = MemoryStore()
    two_patients(store)
    store.tell(adt(M.ADMIT, 1, 3, 3))
    outcome = store.tell(move_visit(5, 1, 3, 2, person=2, former=3))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.VISIT_OF_ANOTHER_PATIENT


def test_a_patient_who_moves_to_another_person_keeps_number_and_money() -> None:
    store = MemoryStore()
    two_patients(store)
    moved = Move(Noun.PATIENT, mrn(1), mrn(1))
    assert store.tell(regroup(M.MOVE_PATIENT, 5, 1, moves=(moved,))) == Applied(False)
    unclear = store.tell(regroup(M.MOVE_PATIENT, 5, 1, moves=(Move(Noun.PATIENT, mrn(2), mrn(1)),)))
    assert isinstance(unclear, PersonHold)
    assert unclear.code is Cause.MOVE_UNCLEAR


@pytest.mark.parametrize("noun", [Noun.PATIENT, Noun.ACCOUNT, Noun.ENCOUNTER])
def test_a_new_number_leads_to_the_same_row_and_the_old_one_is_retired(noun: Noun) -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    of = {Noun.PATIENT: mrn, Noun.ACCOUNT: account, Noun.ENCOUNTER: visit}[noun]
    before = store.get(noun, of(1)).id
    assert store.tell(renumber(5, noun, 1, 9)) == Applied(True)
    assert store.get(noun, of(9)).id == store.get(noun, of(1)).id == before
    assert store.identifiers[noun, of(1)].retired_at == 5_000_000
    assert store.identifiers[noun, of(9)].retired_at is None
    assert store.tell(renumber(5, noun, 1, 9)) == Applied(False)


@pytest.mark.parametrize("noun", [Noun.PATIENT, Noun.ACCOUNT, Noun.ENCOUNTER])
def test_a_number_that_is_somebody_elses_is_held(noun: Noun) -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(adt(M.ADMIT, 1, 1 if noun is not Noun.PATIENT else 2, 2))
    outcome = store.tell(renumber(5, noun, 1, 2))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.NUMBER_TAKEN


def test_a_number_that_is_given_back_names_its_row_again_and_a_late_change_does_not() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(renumber(5, Noun.ACCOUNT, 1, 9))
    store.tell(renumber(7, Noun.ACCOUNT, 9, 1))
    assert store.tell(renumber(5, Noun.ACCOUNT, 1, 9)) == Applied(False)
    retired = [store.identifiers[Noun.ACCOUNT, account(n)].retired_at for n in (1, 9)]
    assert retired == [None, 7_000_000]


def test_an_unknown_old_number_does_not_bring_a_retired_one_back() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(renumber(2, Noun.ACCOUNT, 1, 9), message_id=90)
    store.tell(renumber(3, Noun.ACCOUNT, 5, 1))
    assert store.tell(renumber(2, Noun.ACCOUNT, 1, 9), message_id=90, reason=RunReason.REPLAY) == Applied(False)
    assert [store.identifiers[Noun.ACCOUNT, account(n)].retired_at is None for n in (1, 5, 9)] == [False, False, True]


def test_an_unknown_old_number_of_a_merged_patient_leads_to_the_survivor_also_when_it_comes_again() -> None:
    store = MemoryStore()
    store.tell(merge(1, (1, 2)))
    reading = renumber(5, Noun.PATIENT, 3, 2)
    assert isinstance(store.tell(reading), Applied)
    assert store.get(Noun.PATIENT, mrn(3)).id == store.get(Noun.PATIENT, mrn(1)).id
    assert store.tell(reading) == Applied(False)


def test_a_number_after_a_merge_into_the_same_patient_is_no_new_number() -> None:
    store = MemoryStore()
    two_patients(store)
    store.tell(merge(5, (1, 2)))
    assert store.tell(renumber(6, Noun.PATIENT, 2, 1)) == Applied(False)


def test_an_old_number_that_was_not_known_leads_to_the_row_from_then_on() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 9))
    assert store.tell(renumber(5, Noun.ACCOUNT, 1, 9)) == Applied(True, ("old-number-unknown renumber[1]",))
    assert isinstance(store.tell(dft(6, 1, money(MoneyKind.CHARGE, 100, id="C1"))), Applied)


def test_lanes_of_a_new_number_are_the_old_ones_and_that_of_the_new_one() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    reading = renumber(5, Noun.PATIENT, 1, 9)
    assert set(store.workset([reading]).lanes(reading)) == {store.lane_of(mrn(1)), store.lane_of(mrn(9))}


def test_linked_records_stay_two_and_the_newest_event_says_whether_they_are_one_person() -> None:
    store = MemoryStore()
    two_patients(store)
    store.tell(link(5, 1, 2))
    one, other = store.get(Noun.PATIENT, mrn(1)), store.get(Noun.PATIENT, mrn(2))
    assert one.id != other.id
    assert [each["patient"] for each in one.value("linked", "patients") if each["linked"]] == [other.id]
    assert [each["patient"] for each in other.value("linked", "patients") if each["linked"]] == [one.id]
    store.tell(link(7, 2, 1, meaning=M.UNLINK_PATIENTS))
    store.tell(link(6, 1, 2))
    assert not [each for each in store.get(Noun.PATIENT, mrn(1)).value("linked", "patients") if each["linked"]]


def test_lanes_of_a_link_are_both_patients_and_stay_two() -> None:
    store = MemoryStore()
    two_patients(store)
    reading = link(5, 1, 2)
    assert set(store.workset([reading]).lanes(reading)) == {store.lane_of(mrn(1)), store.lane_of(mrn(2))}
    assert not reading.joins_lanes
