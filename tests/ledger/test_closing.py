"""Accounts opened, ended and purged, persons and visits removed: nothing that holds money goes away unseen."""

from collections.abc import Callable

import pytest

from interface.ledger.due import BalancePolicy
from interface.ledger.journal import Book
from interface.ledger.noun import EncounterState, Noun
from interface.ledger.outcome import Applied, Cause, PersonHold
from interface.ledger.reading import Meaning, MoneyKind, Reading, Said
from interface.message import RunReason
from tests.ledger.memory import MemoryStore
from tests.ledger.saying import (
    account,
    adt,
    balance,
    close,
    dft,
    guarantor,
    merge,
    money,
    move_account,
    mrn,
    named,
    paid,
    visit,
)

M, K = Meaning, MoneyKind


def opened(store: MemoryStore, *numbers: int, person: int = 1, meaning: Meaning = M.OPEN_ACCOUNT, at: int = 1) -> None:
    visits = [Said((visit(number),), {"place": {"location": f"W{number}"}}) for number in numbers]
    reading = adt(meaning, at, person, numbers[0])
    store.tell(
        Reading(
            meaning,
            reading.event_at,
            facility="NORTH",
            patient=reading.patient,
            account=reading.account,
            encounter=visits[0],
            further_encounters=tuple(visits[1:]),
        )
    )


def test_an_account_is_opened_with_all_its_visits() -> None:
    store = MemoryStore()
    opened(store, 1, 2, 3)
    accounts = {store.get(Noun.ENCOUNTER, visit(number)).account_id for number in (1, 2, 3)}
    assert accounts == {store.get(Noun.ACCOUNT, account(1)).id}
    assert store.get(Noun.ENCOUNTER, visit(3)).value("place", "location") == "W3"


@pytest.mark.parametrize(("meaning", "is_told"), [(M.OPEN_ACCOUNT, False), (M.UPDATE_ACCOUNT, True)])
def test_a_visit_that_comes_with_a_new_account_is_no_surprise(meaning: Meaning, is_told: bool) -> None:
    store = MemoryStore()
    outcome = store.tell(adt(meaning, 1, 1, 1))
    assert outcome == Applied(True, ("created-by-update encounter",) if is_told else ())
    held = store.get(Noun.ENCOUNTER, visit(1))
    assert held.value("state", "state") == EncounterState.IN_PROGRESS
    assert bool(held.value("state", "created_by_update")) is is_told


@pytest.mark.parametrize(
    ("kind", "at", "is_held"),
    [(K.CHARGE, 6, True), (K.CHARGE, 4, False), (K.CREDIT, 6, False), (K.PAYMENT, 6, False), (K.ADJUSTMENT, 6, False)],
)
def test_an_ended_account_takes_no_newer_charges_and_everything_else(kind: MoneyKind, at: int, is_held: bool) -> None:
    store = MemoryStore()
    opened(store, 1)
    store.tell(close(5, 1))
    outcome = store.tell(dft(at, 1, money(kind, 100, id="X1")))
    assert isinstance(outcome, PersonHold) is is_held
    if isinstance(outcome, PersonHold):
        assert (outcome.code, outcome.work_item.amount_minor) == (Cause.ACCOUNT_ENDED, 100)
    assert isinstance(store.tell(paid(7, "T1", 100, (1, 100))), Applied)


def test_a_charge_that_was_booked_before_the_end_is_a_repeat_after_it() -> None:
    store = MemoryStore()
    opened(store, 1)
    store.tell(dft(6, 1, money(K.CHARGE, 100, id="X1")))
    store.tell(close(5, 1))
    assert store.tell(dft(6, 1, money(K.CHARGE, 100, id="X1"))) == Applied(False)


def test_an_account_that_is_opened_again_takes_charges() -> None:
    store = MemoryStore()
    opened(store, 1)
    store.tell(close(5, 1))
    opened(store, 1, at=4)
    assert isinstance(store.tell(dft(7, 1, money(K.CHARGE, 100, id="X1"))), PersonHold)
    opened(store, 1, at=6)
    assert isinstance(store.tell(dft(7, 1, money(K.CHARGE, 100, id="X1"))), Applied)


def test_an_account_without_money_is_archived() -> None:
    store = MemoryStore()
    opened(store, 1)
    assert store.tell(close(5, 1, meaning=M.PURGE_ACCOUNT)) == Applied(True)
    held = store.get(Noun.ACCOUNT, account(1))
    assert (held.value("purge", "purged"), held.value("ending", "ended")) == (True, True)
    assert store.work_items == []


@pytest.mark.parametrize(
    ("before", "amount_minor"),
    [
        (lambda s: s.tell(dft(2, 1, money(K.CHARGE, 700, id="X1"))), 700),
        (lambda s: s.tell(adt(M.UPDATE, 2, 1, 1, balances=(balance(2, 1, -300),))), 300),
        (lambda s: s.tell(paid(2, "T1", 500, (1, 500))), 500),
    ],
)
def test_an_account_with_money_is_kept_and_told(before: Callable[[MemoryStore], object], amount_minor: int) -> None:
    store = MemoryStore()
    opened(store, 1)
    before(store)
    outcome = store.tell(close(5, 1, meaning=M.PURGE_ACCOUNT))
    assert outcome == Applied(True, ("account-not-purged closed[1]",))
    assert store.get(Noun.ACCOUNT, account(1)).value("purge", "purged") is False
    (item,) = store.work_items
    assert (item.cause, item.amount_minor, item.currency) == (Cause.ACCOUNT_PURGED_WITH_MONEY, amount_minor, "USD")


def test_a_payment_on_its_way_keeps_an_account_whose_balance_is_even() -> None:
    store = MemoryStore()
    opened(store, 1)
    store.tell(dft(2, 1, money(K.CHARGE, 500, id="X1")))
    store.tell(paid(3, "T1", 500, (1, 500)))
    store.tell(close(5, 1, meaning=M.PURGE_ACCOUNT))
    assert [(one.cause, one.amount_minor) for one in store.work_items] == [(Cause.ACCOUNT_PURGED_BEFORE_POSTING, 500)]


def stated(store: MemoryStore, at: int, amount_minor: int) -> None:
    store.tell(adt(M.UPDATE, at, 1, 1, balances=(balance(at, 1, amount_minor),)))


def echoed(store: MemoryStore, at: int, amount_minor: int) -> None:
    (sent,) = store.allocations.values()
    store.tell(dft(at, 1, money(K.PAYMENT, amount_minor, id=sent.wire_id)))


def purged(store: MemoryStore) -> bool | None:
    store.tell(close(9, 1, meaning=M.PURGE_ACCOUNT))
    answer: bool | None = store.get(Noun.ACCOUNT, account(1)).value("purge", "purged")
    return answer


def test_a_stated_balance_that_was_paid_since_is_no_longer_due_and_keeps_no_account() -> None:
    store = MemoryStore()
    opened(store, 1)
    stated(store, 2, 500)
    store.tell(paid(3, "T1", 500, (1, 500)))
    echoed(store, 4, 500)
    assert purged(store) is True
    assert store.work_items == []


def test_an_account_on_which_nothing_is_due_is_kept_until_its_payment_is_posted() -> None:
    store = MemoryStore()
    opened(store, 1)
    stated(store, 2, 500)
    store.tell(paid(3, "T1", 500, (1, 500)))
    assert purged(store) is False
    assert [(one.cause, one.amount_minor) for one in store.work_items] == [(Cause.ACCOUNT_PURGED_BEFORE_POSTING, 500)]


def test_what_was_paid_beyond_the_stated_balance_keeps_an_account() -> None:
    store = MemoryStore()
    opened(store, 1)
    stated(store, 2, 300)
    store.tell(paid(3, "T1", 500, (1, 500)))
    echoed(store, 4, 500)
    assert purged(store) is False
    assert [(one.cause, one.amount_minor) for one in store.work_items] == [(Cause.ACCOUNT_PURGED_WITH_MONEY, 200)]


@pytest.mark.parametrize(("is_stated", "is_purged"), [(True, True), (False, False)])
def test_charges_keep_an_account_only_where_nothing_stated_counts(is_stated: bool, is_purged: bool) -> None:
    store = MemoryStore()
    store.policies["NORTH"] = BalancePolicy(is_stated)
    opened(store, 1)
    store.tell(dft(2, 1, money(K.CHARGE, 700, id="X1")))
    stated(store, 3, 0)
    assert purged(store) is is_purged


def test_a_stated_balance_keeps_an_account_whose_entries_are_even() -> None:
    store = MemoryStore()
    opened(store, 1)
    store.tell(dft(2, 1, money(K.CHARGE, 700, id="X1")))
    store.tell(dft(3, 1, money(K.ADJUSTMENT, 700, id="X2")))
    stated(store, 4, 700)
    assert purged(store) is False


def test_a_purge_is_decided_once_and_anew_when_it_is_asked_for_again() -> None:
    store = MemoryStore()
    opened(store, 1)
    store.tell(dft(2, 1, money(K.CHARGE, 500, id="X1")))
    store.tell(close(5, 1, meaning=M.PURGE_ACCOUNT), message_id=90)
    store.tell(dft(3, 1, money(K.ADJUSTMENT, 500, id="X2")))
    assert store.tell(close(5, 1, meaning=M.PURGE_ACCOUNT), message_id=90, reason=RunReason.REPLAY) == Applied(False)
    assert store.get(Noun.ACCOUNT, account(1)).value("purge", "purged") is False
    store.tell(close(8, 1, meaning=M.PURGE_ACCOUNT))
    assert store.get(Noun.ACCOUNT, account(1)).value("purge", "purged") is True


def test_an_account_of_somebody_else_is_not_closed() -> None:
    store = MemoryStore()
    opened(store, 1)
    store.tell(adt(M.ADD_PERSON, 1, 2))
    assert isinstance(store.tell(close(5, 1, 2)), PersonHold)


def test_an_account_that_was_moved_since_is_closed_by_what_named_its_former_owner_then() -> None:
    store = MemoryStore()
    store.tell(close(5, 1), message_id=90)
    store.tell(move_account(6, 1, 1, 2))
    assert store.tell(close(5, 1), message_id=90, reason=RunReason.REPLAY) == Applied(False)


def test_a_removed_person_is_inactive_and_comes_back_by_being_added_again() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADD_PERSON, 1, 1))
    store.tell(adt(M.REMOVE_PERSON, 5, 1))
    assert store.get(Noun.PATIENT, mrn(1)).value("activity", "active") is False
    store.tell(adt(M.ADD_PERSON, 4, 1))
    store.tell(adt(M.UPDATE_PERSON, 6, 1))
    assert store.get(Noun.PATIENT, mrn(1)).value("activity", "active") is False
    store.tell(adt(M.ADD_PERSON, 7, 1))
    assert store.get(Noun.PATIENT, mrn(1)).value("activity", "active") is True


def test_money_of_a_removed_person_is_told_once_with_all_accounts_merged_records_included() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(adt(M.ADMIT, 1, 2, 2))
    store.tell(merge(2, (1, 2)))
    store.tell(dft(3, 2, money(K.CHARGE, 700, id="X1"), person=1))
    store.tell(adt(M.UPDATE, 3, 1, 1, balances=(balance(3, 1, 300),)))
    store.tell(adt(M.REMOVE_PERSON, 5, 1))
    store.tell(adt(M.REMOVE_PERSON, 6, 1))
    (item,) = store.work_items
    assert (item.cause, item.amount_minor) == (Cause.PERSON_REMOVED_WITH_MONEY, 1000)


def test_a_removed_person_without_money_is_told_to_nobody() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(adt(M.REMOVE_PERSON, 5, 1))
    assert store.work_items == []


def test_the_record_of_a_visit_goes_and_its_money_stays() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(paid(2, "T1", 500, (1, 500)))
    store.tell(adt(M.REMOVE_VISIT, 5, 1, 1))
    assert store.get(Noun.ENCOUNTER, visit(1)).value("state", "state") == EncounterState.REMOVED
    assert store.balance(account(1), Book.RECEIVABLE, "patient") == -500
    assert [one.cause for one in store.work_items] == [Cause.DEPOSIT_ON_CANCELLED_VISIT]


@pytest.mark.parametrize("meaning", [M.REMOVE_VISIT, M.CANCEL_VISIT])
@pytest.mark.parametrize(("owed", "left"), [(800, []), (500, []), (300, [200])])
def test_of_a_payment_on_a_visit_that_goes_only_what_is_more_than_due_is_told(
    meaning: Meaning, owed: int, left: list[int]
) -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    stated(store, 2, owed)
    store.tell(paid(3, "T1", 500, (1, 500)))
    store.tell(adt(meaning, 5, 1, 1))
    assert [one.amount_minor for one in store.work_items] == left


def test_a_removal_that_names_no_visit_goes_to_a_person() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1))
    store.tell(adt(M.REMOVE_VISIT, 5, 1))
    assert [one.cause for one in store.work_items] == [Cause.VISIT_NOT_NAMED]
    assert store.get(Noun.ENCOUNTER, visit(1)).value("state", "state") == EncounterState.IN_PROGRESS


def test_the_deposit_of_a_cancelled_preadmission_stays_and_is_told() -> None:
    store = MemoryStore()
    store.tell(adt(M.PREADMIT, 1, 1, 1))
    store.tell(paid(2, "T1", 500, (1, 500)))
    store.tell(adt(M.CANCEL_PREADMIT, 5, 1, 1))
    assert [(one.cause, one.amount_minor) for one in store.work_items] == [(Cause.DEPOSIT_ON_CANCELLED_VISIT, 500)]
    assert store.balance(account(1), Book.RECEIVABLE, "patient") == -500


@pytest.mark.parametrize(
    ("listed", "said", "is_told"), [(1, 1, False), (1, 2, True), (None, 2, False), (1, None, False)]
)
def test_a_charge_for_which_somebody_else_answers_is_told(listed: int | None, said: int | None, is_told: bool) -> None:
    store = MemoryStore()
    payers = (Said((guarantor(listed),), named("Payer")),) if listed else ()
    store.tell(adt(M.ADMIT, 1, 1, 1, guarantors=payers))
    charge = money(K.CHARGE, 100, id="X1", guarantor=guarantor(said) if said else None)
    store.tell(dft(2, 1, charge))
    store.tell(dft(2, 1, charge))
    assert [one.cause for one in store.work_items] == ([Cause.GUARANTOR_OF_CHARGE_DIFFERS] if is_told else [])
