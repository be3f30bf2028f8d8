"""What a patient owes: stated balances with payments in flight, entries, and never gross charges."""

import pytest

from interface.ledger.due import Due, due_of_entries, due_stated
from interface.ledger.journal import Observation
from interface.ledger.noun import Noun
from interface.ledger.payment import Allocation, AllocationKind
from interface.ledger.reading import Meaning, MoneyKind
from interface.message import PostingState
from tests.ledger.memory import MemoryStore
from tests.ledger.saying import HOUR, account, adt, dft, money, paid

LAG = 24 * HOUR
NOON = 1000 * HOUR


def stated(amount_minor: int, as_of: int = NOON, currency: str = "USD") -> Observation:
    return Observation(1, amount_minor, currency, as_of, 1, 1)


def allocation(
    amount_minor: int = 2500,
    kind: AllocationKind = AllocationKind.PAYMENT,
    *,
    accepted_at: int | None = None,
    confirmed_at: int | None = None,
    posting: PostingState | None = PostingState.PENDING,
    made_at: int = NOON - 48 * HOUR,
    currency: str = "USD",
) -> Allocation:
    return Allocation(
        id=1,
        payment_id=1,
        kind=kind,
        reverses=None,
        transaction_id="T1",
        account_id=1,
        visit_id=None,
        amount_minor=amount_minor,
        currency=currency,
        made_at=made_at,
        wire_id="P1",
        reference="",
        posting=posting,
        accepted_at=accepted_at,
        confirmed_at=confirmed_at,
    )


def due(observation: Observation | None, *allocations: Allocation) -> Due:
    stated_of = [observation] if observation is not None else []
    return due_stated(stated_of, allocations, currency="USD", posting_lag_micros=LAG)


@pytest.mark.parametrize(
    ("paid_part", "amount_minor", "is_estimated"),
    [
        (allocation(), 7500, False),
        (allocation(confirmed_at=NOON), 10_000, False),
        (allocation(confirmed_at=NOON + 1), 7500, False),
        (allocation(accepted_at=NOON - LAG), 10_000, True),
        (allocation(accepted_at=NOON - LAG + 1), 7500, False),
        (allocation(accepted_at=NOON - 2 * LAG, confirmed_at=NOON + 1), 7500, False),
        (allocation(posting=PostingState.REJECTED), 7500, False),
        (allocation(posting=PostingState.WITHDRAWN), 7500, False),
        (allocation(posting=None, made_at=NOON - LAG), 10_000, True),
        (allocation(posting=None, made_at=NOON), 7500, False),
        (allocation(currency="CAD"), 10_000, False),
        (allocation(10_500), 0, False),
    ],
)
def test_stated_balance_less_what_it_does_not_contain(
    paid_part: Allocation, amount_minor: int, is_estimated: bool
) -> None:
    owed = due(stated(10_000), paid_part)
    assert (owed.amount_minor, owed.is_estimated, owed.as_of) == (amount_minor, is_estimated, NOON)


def test_refund_in_flight_adds_to_what_is_owed() -> None:
    refund = allocation(1000, AllocationKind.REFUND)
    owed = due(stated(10_000), allocation(), refund)
    assert (owed.amount_minor, owed.in_flight_minor) == (8500, 1500)


def test_void_in_flight_cancels_its_payment_in_flight() -> None:
    assert due(stated(10_000), allocation(), allocation(kind=AllocationKind.VOID)).amount_minor == 10_000


def test_stated_credit_owes_nothing() -> None:
    owed = due(stated(-300))
    assert (owed.amount_minor, owed.credit_minor) == (0, 300)


def test_nothing_stated_is_nothing_owed_and_a_deposit_is_a_credit() -> None:
    owed = due(None, allocation())
    assert (owed.amount_minor, owed.credit_minor, owed.as_of) == (0, 2500, None)


def test_balance_stated_in_another_currency_says_nothing() -> None:
    assert due(stated(10_000, currency="CAD")).amount_minor == 0


@pytest.mark.parametrize("policy", ["stated", "entries"])
def test_charges_with_coverage_pending_are_not_owed(policy: str) -> None:
    store = MemoryStore()
    store.tell(adt(Meaning.ADMIT, 1, number=1))
    store.tell(dft(2, 1, money(MoneyKind.CHARGE, 1_000_000, id="C1")))
    row = store.get(Noun.ACCOUNT, account(1)).id
    owed = (
        due(store.observations.get(row)) if policy == "stated" else due_of_entries(store.all_balances(), currency="USD")
    )
    assert owed == Due(0, 0, "USD")


def test_entries_count_what_the_patient_is_responsible_for_less_all_payments() -> None:
    store = MemoryStore()
    store.tell(adt(Meaning.ADMIT, 1, number=1))
    store.tell(
        dft(
            2,
            1,
            money(MoneyKind.CHARGE, 9000, id="C1", responsibility="insurance"),
            money(MoneyKind.CHARGE, 4000, id="C2", responsibility="patient"),
            money(MoneyKind.ADJUSTMENT, 500, id="A1", responsibility="patient"),
            money(MoneyKind.PAYMENT, 300, id="P1", responsibility="patient"),
        )
    )
    store.tell(paid(3, "T1", 1200, (1, 1200)))
    assert due_of_entries(store.all_balances(), currency="USD") == Due(2000, 0, "USD")
    store.tell(paid(4, "T2", 2600, (1, 2600)))
    assert due_of_entries(store.all_balances(), currency="USD") == Due(0, 600, "USD")
