"""Money that the EHR reports: the journal, its keys, waiting for the account, replay."""

from dataclasses import replace

import pytest

from interface.ledger.apply import apply
from interface.ledger.journal import Book, EntryKind
from interface.ledger.noun import Noun
from interface.ledger.outcome import Applied, Cause, Caution, MissingAccount, PersonHold, Refusal, Unrestated
from interface.ledger.reading import Meaning, MoneyKind, Reading
from interface.message import RunReason
from tests.ledger.memory import MemoryStore, Told
from tests.ledger.saying import SECOND, account, adt, balance, dft, merge, money, visit

M, K = Meaning, MoneyKind


def opened(*numbers: int) -> MemoryStore:
    store = MemoryStore()
    for number in numbers or (1,):
        store.tell(adt(M.ADMIT, 1, number, number))
    return store


@pytest.mark.parametrize(
    ("kind", "receivable", "book"),
    [
        (K.CHARGE, 4000, Book.CHARGES),
        (K.CREDIT, -4000, Book.CHARGES),
        (K.PAYMENT, -4000, Book.PAYMENTS),
        (K.REVERSAL, 4000, Book.PAYMENTS),
        (K.REFUND, 4000, Book.PAYMENTS),
        (K.ADJUSTMENT, -4000, Book.ADJUSTMENTS),
    ],
)
def test_each_kind_has_its_effect_and_its_contra_book(kind: MoneyKind, receivable: int, book: Book) -> None:
    store = opened()
    assert store.tell(dft(2, 1, money(kind, 4000, id="X1", responsibility="patient"))) == Applied(True)
    assert store.balance(account(1), Book.RECEIVABLE, "patient") == receivable
    assert store.balance(account(1), book, "patient") == -receivable
    assert store.entries[0].kind == kind.value
    store.assert_journal_proven()


def test_money_before_its_account_waits_and_brings_no_account_into_being() -> None:
    store = MemoryStore()
    outcome = store.tell(dft(2, 1, money(K.CHARGE, 4000, id="C1")))
    assert outcome == MissingAccount(account(1), "FT1[1]")
    assert not store.saved[-1]
    workset = store.workset([reading := adt(M.ADMIT, 1, number=1)])
    assert workset.new_account_names() == []
    outcomes = store.run([Told(1, reading), Told(2, dft(2, 1, money(K.CHARGE, 4000, id="C1")))])
    assert outcomes[1] == Applied(True)


def test_batch_tells_which_accounts_and_visits_money_may_have_waited_for() -> None:
    store = MemoryStore()
    reading = adt(M.ADMIT, 1, number=1)
    workset = store.workset([reading])
    apply(reading, workset, Told(1, reading).stamp())
    assert workset.new_account_names() == ["|".join(account(1)), "|".join(visit(1))]


def test_money_that_names_a_visit_only_goes_to_the_visits_account() -> None:
    store = opened()
    by_visit = dft(2, None, money(K.CHARGE, 4000, id="C1", visit=visit(1)))
    assert store.tell(by_visit) == Applied(True)
    assert store.balance(account(1), Book.RECEIVABLE) == 4000
    unknown = dft(3, None, money(K.CHARGE, 4000, id="C2", visit=visit(9)))
    assert store.tell(unknown) == MissingAccount(visit(9), "FT1[1]")


def test_money_that_names_nothing_is_refused() -> None:
    outcome = opened().tell(dft(2, None, money(K.CHARGE, 4000, id="C1")))
    assert isinstance(outcome, Refusal)
    assert outcome.code is Cause.ACCOUNT_MISSING


def test_money_for_another_patients_account_is_held() -> None:
    store = opened(1, 2)
    outcome = store.tell(dft(2, 2, money(K.CHARGE, 4000, id="C1"), person=1))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.ACCOUNT_OF_ANOTHER_PATIENT


def test_transactions_of_a_message_are_booked_all_or_none() -> None:
    store = opened(1)
    good = money(K.CHARGE, 4000, id="C1")
    outcome = store.tell(dft(2, 1, good, money(K.CHARGE, 1, id="C2", account=account(9), place="FT1[2]")))
    assert outcome == MissingAccount(account(9), "FT1[2]")
    assert (store.entries, store.marks) == ([], {})


def test_same_key_amount_and_date_is_a_repeat() -> None:
    store = opened()
    store.tell(dft(2, 1, money(K.CHARGE, 4000, id="C1")))
    assert store.tell(dft(3, 1, money(K.CHARGE, 4000, id="C1"))) == Applied(False)
    assert len(store.entries) == 1


@pytest.mark.parametrize("other", [{"amount_minor": 4001}, {"occurred_on": "2025-03-05"}, {"currency": "CAD"}])
def test_same_key_with_anything_else_is_held(other: dict[str, object]) -> None:
    store = opened()
    said = money(K.CHARGE, 4000, id="C1")
    store.tell(dft(2, 1, said))
    outcome = store.tell(dft(3, 1, replace(said, **other)))  # type: ignore[arg-type]  # by parameter
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.MONEY_KEY_REUSED
    assert len(store.entries) == 1


@pytest.mark.parametrize("other", [{"id": "C2"}, {"type_code": "CD"}, {"sign": -1}])
def test_another_id_type_or_sign_is_another_transaction(other: dict[str, object]) -> None:
    store = opened()
    said = money(K.CHARGE, 4000, id="C1")
    store.tell(dft(2, 1, said))
    assert store.tell(dft(3, 1, replace(said, **other))) == Applied(True)  # type: ignore[arg-type]  # by parameter


def test_another_account_or_source_is_another_transaction() -> None:
    store = opened(1, 2)
    store.tell(dft(2, 1, money(K.CHARGE, 4000, id="C1"), person=1))
    assert store.tell(dft(3, 2, money(K.CHARGE, 4000, id="C1"), person=2)) == Applied(True)
    assert store.tell(dft(4, 1, money(K.CHARGE, 4000, id="C1"), person=1), source="lab") == Applied(True)


def test_repeat_is_recognised_across_a_merge_of_its_patient() -> None:
    store = opened(1, 2)
    store.tell(dft(2, 2, money(K.CHARGE, 4000, id="C1"), person=2))
    store.tell(merge(3, (1, 2)))
    assert store.tell(dft(4, 2, money(K.CHARGE, 4000, id="C1"), person=1)) == Applied(False)


def test_suspected_repeat_without_an_id_is_held_not_dropped() -> None:
    store = opened()
    said = money(K.CHARGE, 4000, code="99213")
    assert store.tell(dft(2, 1, said)) == Applied(True)
    outcome = store.tell(dft(3, 1, said))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.SUSPECTED_REPEAT
    assert (outcome.work_item.amount_minor, outcome.work_item.currency) == (4000, "USD")


@pytest.mark.parametrize("other", [{"code": "99214"}, {"occurred_on": "2025-03-05"}, {"amount_minor": 1}])
def test_without_an_id_anything_different_is_no_suspicion(other: dict[str, object]) -> None:
    store = opened()
    said = money(K.CHARGE, 4000, code="99213")
    store.tell(dft(2, 1, said))
    assert store.tell(dft(3, 1, replace(said, **other))) == Applied(True)  # type: ignore[arg-type]  # by parameter


def test_alike_transactions_of_one_message_are_each_booked() -> None:
    store = opened()
    said = money(K.CHARGE, 4000, code="99213")
    assert store.tell(dft(2, 1, said, said)) == Applied(True)
    assert store.balance(account(1), Book.RECEIVABLE) == 8000


def test_same_message_applied_twice_books_once_with_or_without_ids() -> None:
    store = opened()
    said = dft(2, 1, money(K.CHARGE, 4000, code="99213"), money(K.CHARGE, 500, id="C2"))
    store.tell(said, message_id=70)
    assert store.tell(said, message_id=70) == Applied(False)
    assert len(store.entries) == 2


def test_amount_of_zero_is_noted_and_not_booked() -> None:
    store = opened()
    assert store.tell(dft(2, 1, money(K.CHARGE, 0, id="C1"))) == Applied(True, ("amount-zero FT1[1]",))
    assert store.entries == []


# ---------------------------------------------------------------- replay


def test_replay_of_money_changes_nothing() -> None:
    store = opened()
    said = dft(2, 1, money(K.CHARGE, 4000, code="99213"), money(K.CHARGE, 500, id="C2"))
    store.tell(said, message_id=70)
    assert store.tell(said, message_id=70, reason=RunReason.REPLAY) == Applied(False)
    assert not store.saved[-1]


def test_replay_never_restates_money_unless_forced() -> None:
    store = opened()
    store.tell(dft(2, 1, money(K.CHARGE, 4000, id="C1")), message_id=70)
    mapped_anew = dft(2, 1, money(K.CHARGE, 40, id="C1"), money(K.CHARGE, 7, id="C2", place="FT1[2]"))
    outcome = store.tell(mapped_anew, message_id=70, reason=RunReason.REPLAY, config_id=2)
    note = Caution.MONEY_NOT_RESTATED
    left = (Unrestated("USD", 4000, 40), Unrestated("USD", 0, 7))
    assert outcome == Applied(False, (f"{note} FT1[1]", f"{note} FT1[2]"), left)
    assert not store.saved[-1]


def test_replay_whose_mapping_finds_another_key_does_not_book_twice() -> None:
    store = opened()
    store.tell(dft(2, 1, money(K.CHARGE, 4000, id="C1")), message_id=70)
    rekeyed = dft(2, 1, money(K.CHARGE, 4000, id="OTHER", sign=-1))
    store.tell(rekeyed, message_id=70, reason=RunReason.REPLAY, config_id=2)
    assert len(store.entries) == 1


def test_forced_replay_takes_back_and_books_anew() -> None:
    store = opened()
    store.tell(dft(2, 1, money(K.CHARGE, 4000, id="C1"), money(K.CHARGE, 9, id="C9")), message_id=70)
    mapped_anew = dft(2, 1, money(K.CHARGE, 40, id="C1"))
    forced = {"reason": RunReason.REPLAY, "config_id": 2, "force_money": True}
    assert store.tell(mapped_anew, message_id=70, **forced) == Applied(True)
    assert store.balance(account(1), Book.RECEIVABLE) == 40
    assert [entry.kind for entry in store.entries].count(EntryKind.CORRECTION) == 2
    store.assert_journal_proven()
    assert store.tell(mapped_anew, message_id=70, **forced) == Applied(False)
    assert store.tell(mapped_anew, message_id=71) == Applied(False)  # the new key is the one that repeats are known by


def test_replay_of_money_that_was_never_booked_books_it() -> None:
    store = opened()
    said = dft(2, 1, money(K.CHARGE, 4000, id="C1"))
    assert store.tell(said, message_id=70, reason=RunReason.REPLAY) == Applied(True)


# ---------------------------------------------------------------- account updates


def test_bar_opens_an_account_and_states_its_balance() -> None:
    store = MemoryStore()
    reading = adt(M.BALANCE, 5, number=1, balances=(balance(5, 1, 12_500),))
    assert store.tell(replace(reading, encounter=None)) == Applied(True)
    seen = store.observations[store.get(Noun.ACCOUNT, account(1)).id]
    assert (seen.amount_minor, seen.as_of) == (12_500, 5 * SECOND)
    assert store.find(Noun.ENCOUNTER, visit(1)) is None


def test_stated_balance_of_an_unknown_account_waits() -> None:
    outcome = MemoryStore().tell(Reading(M.BALANCE, SECOND, balances=(balance(1, 1, 100),)))
    assert outcome == MissingAccount(account(1), "balance[1]")


def test_older_stated_balance_is_noted_and_ignored() -> None:
    store = opened()
    store.tell(adt(M.UPDATE, 5, 1, 1, balances=(balance(5, 1, 100),)))
    outcome = store.tell(adt(M.UPDATE, 6, 1, 1, balances=(balance(4, 1, 900),)))
    assert outcome == Applied(False, (f"{Caution.BALANCE_OUTDATED} balance[1]",))
    assert next(iter(store.observations.values())).amount_minor == 100


def test_repeated_balance_moves_its_as_of() -> None:
    store = opened()
    store.tell(adt(M.UPDATE, 5, 1, 1, balances=(balance(5, 1, 100),)))
    assert store.tell(adt(M.UPDATE, 9, 1, 1, balances=(balance(9, 1, 100),))) == Applied(False)
    assert next(iter(store.observations.values())).as_of == 9 * SECOND
