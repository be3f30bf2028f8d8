"""Money that HealthPay24 takes and gives back, and the EHR's echo of it."""

from dataclasses import replace

import pytest

from interface.ledger.journal import Book, EntryKind
from interface.ledger.noun import Noun
from interface.ledger.outcome import Applied, Cause, MissingAccount, Outcome, PersonHold, Refusal
from interface.ledger.payment import Allocation, AllocationKind, Origin, Posting
from interface.ledger.reading import Meaning, MoneyKind, PaymentAllocation, Reading
from interface.message import PaymentState, PostingState, RunReason
from tests.ledger.memory import RECORDED_AT, MemoryStore, Told
from tests.ledger.saying import SECOND, account, adt, dft, merge, money, paid, visit

M, K = Meaning, MoneyKind


def opened(*numbers: int) -> MemoryStore:
    store = MemoryStore()
    for number in numbers or (1,):
        store.tell(adt(M.ADMIT, 1, number, number))
    return store


def refusal(outcome: Outcome) -> Cause:
    assert isinstance(outcome, Refusal)
    return outcome.code


def held(outcome: Outcome) -> Cause:
    assert isinstance(outcome, PersonHold)
    return outcome.code


def part(store: MemoryStore, number: int = 0) -> Allocation:
    return list(store.allocations.values())[number]


# ---------------------------------------------------------------- taking


def test_payment_is_booked_and_queued_for_posting() -> None:
    store = opened()
    assert store.tell(paid(2, "T1", 2500, (1, 2500))) == Applied(True)
    assert store.balance(account(1), Book.RECEIVABLE, "patient") == -2500
    assert store.balance(account(1), Book.COLLECTED, "patient") == 2500
    known = part(store)
    assert (known.posting, len(known.wire_id)) == (PostingState.PENDING, 12)
    row = store.get(Noun.ACCOUNT, account(1)).id
    assert store.saved[-1].postings == [Posting(known.id, known.payment_id, known.kind, row, "NORTH", 2500, "USD")]
    assert store.payments[known.payment_id].state is PaymentState.TAKEN
    store.assert_journal_proven()


def test_payment_over_several_accounts_has_a_part_and_a_wire_id_for_each() -> None:
    store = opened(1, 2)
    store.tell(paid(2, "T1", 5000, (1, 2000), (2, 3000)))
    assert [a.amount_minor for a in store.allocations.values()] == [2000, 3000]
    assert len({a.wire_id for a in store.allocations.values()}) == 2
    assert len(store.entries) == 1
    store.assert_journal_proven()


def test_account_may_be_named_by_its_public_id_and_visit() -> None:
    store = opened()
    public_id = store.get(Noun.ACCOUNT, account(1)).public_id
    reading = paid(2, "T1", 2500)
    assert reading.payment is not None
    named = replace(reading.payment, allocations=(PaymentAllocation(None, public_id, 2500, visit(1)),))
    assert store.tell(replace(reading, payment=named)) == Applied(True)
    assert part(store).visit_id == store.get(Noun.ENCOUNTER, visit(1)).id
    nobody = replace(named, transaction_id="T2", allocations=(PaymentAllocation(None, "ac_none", 2500),))
    assert refusal(store.tell(replace(reading, payment=nobody))) is Cause.ACCOUNT_UNKNOWN


@pytest.mark.parametrize(
    ("reading", "cause"),
    [
        (paid(2, "T1", 2500, (1, 2400)), Cause.ALLOCATION_SUM),
        (paid(2, "T1", 2500), Cause.ALLOCATION_SUM),
        (paid(2, "T1", 0, (1, 0)), Cause.AMOUNT_NOT_POSITIVE),
        (paid(2, "T1", 100, (1, 200), (1, -100)), Cause.AMOUNT_NOT_POSITIVE),
        (paid(2, "", 2500, (1, 2500)), Cause.PAYMENT_MISSING),
        (Reading(M.PAYMENT, SECOND), Cause.PAYMENT_MISSING),
        (paid(2, "T1", 2500, meaning=M.REFUND, original="T0"), Cause.PAYMENT_UNKNOWN),
    ],
)
def test_impossible_payment_is_refused(reading: Reading, cause: Cause) -> None:
    store = opened()
    assert refusal(store.tell(reading)) is cause
    assert not store.saved[-1]


def test_payment_for_an_unknown_account_waits() -> None:
    assert MemoryStore().tell(paid(2, "T1", 2500, (1, 2500))) == MissingAccount(account(1), "payment.allocation")


def test_payment_told_twice_counts_once() -> None:
    store = opened()
    store.tell(paid(2, "T1", 2500, (1, 2500)))
    assert store.tell(paid(3, "T1", 2500, (1, 2500))) == Applied(False)
    assert len(store.entries) == 1


@pytest.mark.parametrize(
    "other",
    [
        paid(3, "T1", 2600, (1, 2600)),
        paid(3, "T1", 2500, (2, 2500)),
        paid(3, "T1", 2500, (1, 2500), meaning=M.REFUND, original="T1"),
    ],
)
def test_transaction_id_with_anything_else_is_held(other: Reading) -> None:
    store = opened(1, 2)
    store.tell(paid(2, "T1", 2500, (1, 2500)))
    assert held(store.tell(other)) is Cause.TRANSACTION_REUSED


def test_money_that_the_ehr_took_is_booked_and_never_posted_back() -> None:
    store = opened()
    store.tell(paid(2, "T1", 2500, (1, 2500), origin=Origin.EHR))
    assert part(store).posting is None
    assert store.saved[-1].postings == []
    assert store.balance(account(1), Book.COLLECTED, "patient") == 2500


# ---------------------------------------------------------------- giving back


def test_void_takes_back_the_whole_payment() -> None:
    store = opened(1, 2)
    store.tell(paid(2, "T1", 5000, (1, 2000), (2, 3000)))
    assert store.tell(paid(3, "V1", 5000, meaning=M.VOID, original="T1")) == Applied(True)
    assert next(iter(store.payments.values())).state is PaymentState.VOIDED
    voids = [a for a in store.allocations.values() if a.kind is AllocationKind.VOID]
    assert [(a.reverses, a.amount_minor) for a in voids] == [(1, 2000), (2, 3000)]
    assert [posting.kind for posting in store.saved[-1].postings] == [AllocationKind.VOID] * 2
    assert store.entries[-1].reverses == store.entries[0].id
    assert store.balance(account(1), Book.RECEIVABLE, "patient") == 0
    store.assert_journal_proven()


@pytest.mark.parametrize("amount_minor", [2400, 2600])
def test_void_of_another_amount_is_refused(amount_minor: int) -> None:
    store = opened()
    store.tell(paid(2, "T1", 2500, (1, 2500)))
    assert refusal(store.tell(paid(3, "V1", amount_minor, meaning=M.VOID, original="T1"))) is Cause.VOID_NOT_WHOLE


def test_refunds_in_parts_never_exceed_what_was_taken() -> None:
    store = opened()
    store.tell(paid(2, "T1", 2500, (1, 2500)))
    assert store.tell(paid(3, "R1", 1000, meaning=M.REFUND, original="T1")) == Applied(True)
    assert next(iter(store.payments.values())).state is PaymentState.PARTLY_REFUNDED
    assert refusal(store.tell(paid(4, "R2", 1501, meaning=M.REFUND, original="T1"))) is Cause.MORE_THAN_TAKEN
    assert store.tell(paid(5, "R3", 1500, meaning=M.REFUND, original="T1")) == Applied(True)
    assert next(iter(store.payments.values())).state is PaymentState.REFUNDED
    assert refusal(store.tell(paid(6, "R4", 1, meaning=M.REFUND, original="T1"))) is Cause.MORE_THAN_TAKEN
    assert refusal(store.tell(paid(7, "V1", 2500, meaning=M.VOID, original="T1"))) is Cause.VOID_NOT_WHOLE
    store.assert_journal_proven()


def test_refund_of_one_account_never_exceeds_what_that_account_got() -> None:
    store = opened(1, 2)
    store.tell(paid(2, "T1", 5000, (1, 2000), (2, 3000)))
    too_much = paid(3, "R1", 2001, (1, 2001), meaning=M.REFUND, original="T1")
    assert refusal(store.tell(too_much)) is Cause.MORE_THAN_TAKEN
    assert store.tell(paid(4, "R2", 2000, (1, 2000), meaning=M.REFUND, original="T1")) == Applied(True)
    assert store.balance(account(1), Book.COLLECTED, "patient") == 0
    assert store.balance(account(2), Book.COLLECTED, "patient") == 3000


def test_refund_of_some_of_a_split_payment_must_say_from_where() -> None:
    store = opened(1, 2)
    store.tell(paid(2, "T1", 5000, (1, 2000), (2, 3000)))
    assert refusal(store.tell(paid(3, "R1", 1000, meaning=M.REFUND, original="T1"))) is Cause.REFUND_NOT_ALLOCATED
    assert store.tell(paid(3, "R1", 5000, meaning=M.REFUND, original="T1")) == Applied(True)


def test_refund_told_twice_counts_once() -> None:
    store = opened()
    store.tell(paid(2, "T1", 2500, (1, 2500)))
    store.tell(paid(3, "R1", 1000, meaning=M.REFUND, original="T1"))
    assert store.tell(paid(4, "R1", 1000, meaning=M.REFUND, original="T1")) == Applied(False)
    assert store.balance(account(1), Book.COLLECTED, "patient") == 1500


# ---------------------------------------------------------------- the echo


def echo(store: MemoryStore, kind: MoneyKind = K.PAYMENT, amount_minor: int = 2500, **more: str) -> Outcome:
    named = more or {"id": part(store).wire_id}
    return store.tell(dft(50, 1, money(kind, amount_minor, **named)))


@pytest.mark.parametrize("by", ["wire id", "wire id in FT1-30", "authorisation", "transaction id"])
def test_agreeing_echo_confirms_and_books_nothing(by: str) -> None:
    store = opened()
    store.tell(paid(2, "T1", 2500, (1, 2500), authorization="TX8F2K1"))
    named = {
        "wire id": {"id": part(store).wire_id},
        "wire id in FT1-30": {"id": "E1", "reference": part(store).wire_id},
        "authorisation": {"id": "E1", "reference": "TX8F2K1"},
        "transaction id": {"id": "E1", "reference": "T1"},
    }
    assert echo(store, **named[by]) == Applied(True)
    assert len(store.entries) == 1
    known = part(store)
    assert (known.confirmed_at, known.posting) == (50 * SECOND, PostingState.POSTED)
    assert known.echo_message_id == 3
    assert known.posted_at == RECORDED_AT + 3, "when we learnt it, not what the EHR's clock says"
    assert echo(store, **named[by]) == Applied(False)


def test_echo_on_the_surviving_patients_account_confirms() -> None:
    store = opened(1, 2)
    store.tell(paid(2, "T1", 2500, (2, 2500)))
    store.tell(merge(3, (1, 2)))
    assert store.tell(dft(4, 2, money(K.PAYMENT, 2500, id=part(store).wire_id), person=1)) == Applied(True)
    assert part(store).confirmed_at == 4 * SECOND


def test_echoes_of_a_split_payment_confirm_each_part() -> None:
    store = opened(1, 2)
    store.tell(paid(2, "T1", 5000, (1, 2500), (2, 2500), authorization="TX8F2K1"))
    store.tell(dft(3, 2, money(K.PAYMENT, 2500, id="E2", reference="TX8F2K1"), person=2))
    assert [a.confirmed_at for a in store.allocations.values()] == [None, 3 * SECOND]
    store.tell(dft(4, 1, money(K.PAYMENT, 2500, id="E1", reference="TX8F2K1"), person=1))
    assert [a.confirmed_at for a in store.allocations.values()] == [4 * SECOND, 3 * SECOND]
    assert len(store.entries) == 1


def test_echo_in_the_same_batch_as_its_payment_confirms() -> None:
    store = opened()
    store.run([Told(10, paid(2, "T1", 2500, (1, 2500))), Told(11, dft(3, 1, money(K.PAYMENT, 2500, reference="T1")))])
    assert part(store).confirmed_at == 3 * SECOND
    assert len(store.entries) == 1


@pytest.mark.parametrize("amount_minor", [2499, 2501])
def test_echo_of_another_amount_is_for_a_person(amount_minor: int) -> None:
    store = opened()
    store.tell(paid(2, "T1", 2500, (1, 2500)))
    assert held(echo(store, amount_minor=amount_minor)) is Cause.ECHO_DIFFERS
    assert len(store.entries) == 1


def test_echo_of_our_wire_id_on_another_account_is_for_a_person() -> None:
    store = opened(1, 2)
    store.tell(paid(2, "T1", 2500, (2, 2500)))
    assert held(echo(store)) is Cause.ECHO_DIFFERS


def test_same_check_number_on_another_account_is_no_echo() -> None:
    store = opened(1, 2)
    store.tell(paid(2, "T1", 2500, (2, 2500), authorization="1001"))
    assert echo(store, id="E1", reference="1001") == Applied(True)
    assert part(store).confirmed_at is None
    assert store.balance(account(1), Book.PAYMENTS) == 2500


def test_negated_echo_is_the_ehrs_reversal_booked_once_and_told_to_a_person() -> None:
    store = opened()
    store.tell(paid(2, "T1", 2500, (1, 2500)))
    assert echo(store) == Applied(True)
    assert echo(store, K.REVERSAL) == Applied(True)
    assert store.entries[-1].kind is EntryKind.REVERSAL
    assert store.entries[-1].reverses == store.entries[0].id
    assert store.balance(account(1), Book.RECEIVABLE, "patient") == 0
    (item,) = store.work_items
    assert (item.cause, item.currency) == (Cause.PAYMENT_REVERSED_BY_EHR, "USD")
    assert echo(store, K.REVERSAL) == Applied(False)
    store.assert_journal_proven()


def test_replayed_reversal_of_ours_changes_nothing() -> None:
    store = opened()
    store.tell(paid(2, "T1", 2500, (1, 2500)))
    said = dft(50, 1, money(K.REVERSAL, 2500, id=part(store).wire_id))
    store.tell(said, message_id=90)
    assert store.tell(said, message_id=90, reason=RunReason.REPLAY) == Applied(False)
    assert not store.saved[-1]


def test_echo_of_our_refund_confirms_the_refund() -> None:
    store = opened()
    store.tell(paid(2, "T1", 2500, (1, 2500)))
    store.tell(paid(3, "R1", 1000, meaning=M.REFUND, original="T1"))
    assert echo(store, K.REFUND, 1000, id=part(store, 1).wire_id) == Applied(True)
    assert part(store, 1).confirmed_at == 50 * SECOND
    assert len(store.entries) == 2


def test_ehrs_own_payment_is_booked_as_its_own() -> None:
    store = opened()
    store.tell(paid(2, "T1", 2500, (1, 2500)))
    assert echo(store, id="E77") == Applied(True)
    assert store.balance(account(1), Book.PAYMENTS) == 2500
