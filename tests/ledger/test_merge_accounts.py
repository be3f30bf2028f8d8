"""Merged accounts and visits: money, guarantors and stated balances follow, and nothing is rewritten."""

from dataclasses import replace

import pytest

from interface.ledger.due import Due, due_stated
from interface.ledger.journal import Book
from interface.ledger.noun import EncounterState, Noun
from interface.ledger.outcome import Applied, Cause, MissingAccount, PersonHold
from interface.ledger.reading import Meaning, Merge, MoneyKind, Reading, Said
from interface.message import RunReason
from tests.ledger.memory import MemoryStore
from tests.ledger.saying import (
    HOUR,
    account,
    adt,
    balance,
    dft,
    guarantor,
    merge_accounts,
    merge_visits,
    money,
    mrn,
    named,
    paid,
    regroup,
    visit,
)

M = Meaning


def two_accounts(store: MemoryStore) -> None:
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(adt(M.ADMIT, 1, 1, 2))


def owed(store: MemoryStore, number: int = 1) -> Due:
    """What is due on an account with all that were merged into it."""
    root = store.get(Noun.ACCOUNT, account(number)).id
    mine = {
        one.entity_id for key, one in store.identifiers.items() if key[0] is Noun.ACCOUNT and store.get(*key).id == root
    }
    return due_stated(
        [one for key, one in store.observations.items() if key in mine],
        [one for one in store.allocations.values() if one.account_id in mine],
        currency="USD",
        posting_lag_micros=24 * HOUR,
    )


def test_what_comes_under_the_retired_number_is_booked_on_the_survivor() -> None:
    store = MemoryStore()
    two_accounts(store)
    store.tell(dft(2, 2, money(MoneyKind.CHARGE, 300, id="C1")))
    assert store.tell(merge_accounts(3, 1, 2)) == Applied(True)
    store.tell(dft(4, 2, money(MoneyKind.CHARGE, 700, id="C2")))
    assert store.balance(account(1), Book.RECEIVABLE) == 700  # the former entry stays where it was booked
    assert store.get(Noun.ACCOUNT, account(2)).id == store.get(Noun.ACCOUNT, account(1)).id
    store.assert_journal_proven()


def test_a_charge_of_the_retired_account_is_a_repeat_on_the_survivor() -> None:
    store = MemoryStore()
    two_accounts(store)
    store.tell(dft(2, 2, money(MoneyKind.CHARGE, 300, id="C1")))
    store.tell(merge_accounts(3, 1, 2))
    assert store.tell(dft(2, 1, money(MoneyKind.CHARGE, 300, id="C1"))) == Applied(False)


def test_stated_balances_are_added_up_each_less_what_was_paid_on_it() -> None:
    store = MemoryStore()
    two_accounts(store)
    store.tell(adt(M.UPDATE, 2, 1, 1, balances=(balance(2, 1, 3000),)))
    store.tell(adt(M.UPDATE, 5, 1, 2, balances=(balance(5, 2, 5000),)))
    store.tell(paid(6, "T1", 1000, (2, 1000)))
    store.tell(merge_accounts(7, 1, 2))
    assert (owed(store).amount_minor, owed(store).in_flight_minor) == (7000, 1000)


def test_what_is_stated_of_the_survivor_after_the_merge_counts_alone() -> None:
    store = MemoryStore()
    two_accounts(store)
    store.tell(adt(M.UPDATE, 2, 1, 1, balances=(balance(2, 1, 3000),)))
    store.tell(adt(M.UPDATE, 5, 1, 2, balances=(balance(5, 2, 5000),)))
    store.tell(merge_accounts(7, 1, 2))
    store.tell(adt(M.UPDATE, 8, 1, 1, balances=(balance(8, 1, 6000),)))
    assert owed(store).amount_minor == 6000


def test_an_older_statement_of_the_retired_account_is_of_it_alone() -> None:
    store = MemoryStore()
    two_accounts(store)
    store.tell(merge_accounts(7, 1, 2))
    store.tell(adt(M.UPDATE, 2, 1, 1, balances=(balance(2, 1, 3000),)))
    store.tell(adt(M.UPDATE, 5, 1, 2, balances=(balance(5, 2, 5000),)))
    store.tell(adt(M.UPDATE, 6, 1, 2, balances=(balance(6, 2, 4000),)))
    assert owed(store).amount_minor == 7000


def test_chain_of_merges_adds_up_until_something_newer_is_stated() -> None:
    store = MemoryStore()
    two_accounts(store)
    store.tell(adt(M.ADMIT, 1, 1, 3))
    for number in (1, 2, 3):
        store.tell(adt(M.UPDATE, 2, 1, number, balances=(balance(2, number, 1000),)))
    store.tell(merge_accounts(5, 2, 3))
    store.tell(adt(M.UPDATE, 6, 1, 2, balances=(balance(6, 2, 1700),)))
    store.tell(merge_accounts(7, 1, 2))
    assert owed(store).amount_minor == 2700
    store.tell(adt(M.UPDATE, 8, 1, 3, balances=(balance(8, 3, 2500),)))
    assert owed(store).amount_minor == 2500


def test_a_refund_after_the_merge_takes_back_what_was_paid_before_it() -> None:
    store = MemoryStore()
    two_accounts(store)
    store.tell(paid(2, "T1", 1000, (2, 1000)))
    store.tell(merge_accounts(3, 1, 2))
    assert isinstance(store.tell(paid(4, "R1", 400, (1, 400), meaning=M.REFUND, original="T1")), Applied)
    posting = store.saved[-1].postings[0]
    first = next(one for one in store.allocations.values() if one.reverses is None)
    assert (
        posting.ordered_by == first.account_id
    )  # it never overtakes its payment, whose order is the retired account's


@pytest.mark.parametrize(("retireds", "is_told"), [(1, False), (2, True), (None, False)])
def test_a_person_is_told_where_guarantors_differ(retireds: int | None, is_told: bool) -> None:
    store = MemoryStore()
    payers = {number: (Said((guarantor(number),), named("Payer")),) for number in (1, 2)}
    store.tell(adt(M.ADMIT, 1, 1, 1, guarantors=payers[1]))
    store.tell(adt(M.ADMIT, 5, 1, 2, guarantors=payers[retireds] if retireds else ()))
    store.tell(merge_accounts(7, 1, 2))
    assert [one.cause for one in store.work_items] == ([Cause.GUARANTOR_DIFFERS] if is_told else [])
    (link,) = store.get(Noun.ACCOUNT, account(1)).value("guarantors", "guarantors")
    assert link["guarantor"] == store.get(Noun.GUARANTOR, guarantor(1)).id


def test_who_answered_for_the_retired_account_then_does_not_answer_for_the_survivor_when_it_comes_again() -> None:
    store = MemoryStore()
    payer = (Said((guarantor(2),), named("Payer")),)
    two_accounts(store)
    store.tell(adt(M.UPDATE, 5, 1, 2, guarantors=payer), message_id=90)
    store.tell(merge_accounts(7, 1, 2))
    again = adt(M.UPDATE, 5, 1, 2, guarantors=payer)
    assert store.tell(again, message_id=90, reason=RunReason.REPLAY) == Applied(False)
    assert store.tell(again, message_id=91) == Applied(False)
    store.tell(adt(M.UPDATE, 8, 1, 2, guarantors=payer))
    assert store.get(Noun.ACCOUNT, account(1)).value("guarantors", "guarantors")


def test_who_pays_for_the_retired_account_does_not_pay_for_the_survivor() -> None:
    store = MemoryStore()
    plans = {number: {"coverages": {"coverages": [{"priority": 1, "plan_id": f"P{number}"}]}} for number in (1, 2)}
    store.tell(adt(M.ADMIT, 1, 1, 1, account_says=plans[1]))
    store.tell(adt(M.ADMIT, 5, 1, 2, account_says=plans[2]))
    store.tell(merge_accounts(7, 1, 2))
    assert store.tell(adt(M.UPDATE, 6, 1, 2, account_says=plans[2])) == Applied(False)
    (plan,) = store.get(Noun.ACCOUNT, account(1)).value("coverages", "coverages")
    assert plan["plan_id"] == "P1"


def test_accounts_of_two_patients_are_not_merged() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(adt(M.ADMIT, 1, 2, 2))
    outcome = store.tell(merge_accounts(3, 1, 2))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.ACCOUNT_OF_ANOTHER_PATIENT


def test_accounts_of_two_currencies_are_not_merged() -> None:
    store = MemoryStore()
    two_accounts(store)
    store.tell(replace(adt(M.ADMIT, 1, 1, 3), currency="CAD"))
    outcome = store.tell(merge_accounts(3, 1, 3))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.CURRENCY_DIFFERS


def test_patient_and_account_at_once_merge_in_this_order() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(adt(M.ADMIT, 1, 2, 2))
    pairs = (Merge(account(1), account(2), Noun.ACCOUNT, mrn(1)), Merge(mrn(1), mrn(2)))
    reading = regroup(M.MERGE_NAMED, 3, 1, account=Said((account(1),)), merges=pairs)
    assert reading.joins_lanes
    assert store.tell(reading) == Applied(True)
    assert store.get(Noun.ACCOUNT, account(2)).id == store.get(Noun.ACCOUNT, account(1)).id
    assert store.get(Noun.PATIENT, mrn(2)).id == store.get(Noun.PATIENT, mrn(1)).id


def test_merging_accounts_joins_no_lanes() -> None:
    assert not merge_accounts(3, 1, 2).joins_lanes


def test_several_accounts_merge_together_or_not_at_all() -> None:
    store = MemoryStore()
    two_accounts(store)
    store.tell(adt(M.ADMIT, 1, 2, 3))
    pairs = tuple(Merge(account(1), account(n), Noun.ACCOUNT, mrn(1)) for n in (2, 3))
    outcome = store.tell(regroup(M.MERGE_ACCOUNT, 3, 1, merges=pairs))
    assert isinstance(outcome, PersonHold)
    assert store.get(Noun.ACCOUNT, account(2)).id != store.get(Noun.ACCOUNT, account(1)).id


@pytest.mark.parametrize("known", [[1], [2], []])
def test_unknown_accounts_become_known_by_the_merge(known: list[int]) -> None:
    store = MemoryStore()
    for number in known:
        store.tell(adt(M.ADMIT, 1, 1, number))
    assert isinstance(store.tell(merge_accounts(3, 1, 2)), Applied)
    assert isinstance(store.tell(dft(4, 2, money(MoneyKind.CHARGE, 100, id="C1"))), Applied)
    assert store.balance(account(1), Book.RECEIVABLE) == 100


def test_money_that_waits_for_a_retired_visit_goes_on() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    charge = money(MoneyKind.CHARGE, 100, id="C1", visit=visit(2))
    reading = Reading(M.TRANSACTIONS, 2, patient=Said((mrn(1),)), transactions=(charge,))
    assert isinstance(store.tell(reading), MissingAccount)
    workset = store.workset([merge_visits(3, 1, 2)])
    from interface.ledger.apply import apply
    from tests.ledger.memory import Told

    apply(merge_visits(3, 1, 2), workset, Told(9, merge_visits(3, 1, 2)).stamp())
    assert "|".join(visit(2)) in workset.new_account_names()


def test_merged_visits_show_the_newest_of_both() -> None:
    store = MemoryStore()
    two_accounts(store)
    store.tell(adt(M.DISCHARGE, 5, 1, 2))
    store.tell(merge_visits(7, 1, 2))
    encounter = store.get(Noun.ENCOUNTER, visit(1))
    assert encounter.id == store.get(Noun.ENCOUNTER, visit(2)).id
    assert encounter.value("state", "state") == EncounterState.FINISHED
    assert store.tell(adt(M.DISCHARGE, 5, 1, 2)) == Applied(False)


def test_a_visit_of_another_patient_is_not_merged() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(adt(M.ADMIT, 1, 2, 2))
    outcome = store.tell(merge_visits(3, 1, 2))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.VISIT_OF_ANOTHER_PATIENT


def test_an_ended_account_does_not_end_the_one_that_it_is_merged_into() -> None:
    from tests.ledger.saying import close

    store = MemoryStore()
    two_accounts(store)
    store.tell(close(2, 2))
    store.tell(merge_accounts(3, 1, 2))
    assert isinstance(store.tell(dft(4, 1, money(MoneyKind.CHARGE, 100, id="C1"))), Applied)
    assert store.tell(close(2, 2)) == Applied(False)


@pytest.mark.parametrize("spoken_of_last", [1, 2])
def test_a_merged_visit_stays_on_the_survivors_account_whichever_was_spoken_of_last(spoken_of_last: int) -> None:
    store = MemoryStore()
    for at, number in enumerate((3 - spoken_of_last, spoken_of_last), start=1):
        store.tell(adt(M.ADMIT, at, 1, number))
    store.tell(merge_visits(5, 1, 2))
    survivor = store.get(Noun.ENCOUNTER, visit(1))
    assert survivor.account_id == store.get(Noun.ACCOUNT, account(1)).id
