"""Numbers that come back, and whose money a patient's is, as the store finds it on both databases."""

from dataclasses import replace

from interface.ledger.change import LedgerChanges, Retirement
from interface.ledger.journal import Balance, Book, Observation
from interface.ledger.noun import Noun
from interface.store.store import SqlStore
from tests.store.given import MR, START, account, allocation, entry, named, patient, payment, received
from tests.store.test_ledger import load, registered, save


def test_a_retired_identifier_names_its_row_again(store: SqlStore) -> None:
    registered(store)
    save(store, LedgerChanges(retirements=[Retirement(Noun.PATIENT, MR, START + 3)]))
    save(store, LedgerChanges(retirements=[Retirement(Noun.PATIENT, MR, None)]))
    (known,) = load(store, identifiers={(Noun.PATIENT, MR)}).identifiers
    assert (known.entity_id, known.retired_at) == (1, None)
    save(store, LedgerChanges(retirements=[Retirement(Noun.PATIENT, MR, START + 9)]))
    (known,) = load(store, identifiers={(Noun.PATIENT, MR)}).identifiers
    assert known.retired_at == START + 9


def test_money_of_a_patient_is_on_all_accounts_merged_patients_and_accounts_included(store: SqlStore) -> None:
    registered(store)
    (message,) = received(store, 1)
    other = MR._replace(value="777002")
    save(
        store,
        LedgerChanges(
            created=[
                patient(2),
                account(2, 2, survivor_id=1),
                account(3, 2),
                account(4, 3),
                patient(3),
            ],
            identifiers=[named(Noun.PATIENT, other, 2)],
            changed=[replace(patient(), survivor_id=2)],
            balance_deltas=[Balance(n, Book.RECEIVABLE, "patient", "USD", n * 100) for n in (1, 2, 3, 4)],
            observations=[Observation(n, n, "USD", START, 1, 1) for n in (1, 4)],
            entries=[entry(1, message, account_id=3)],
            payments=[payment(message)],
            allocations=[replace(allocation(), account_id=3)],
        ),
    )
    found = load(store, money_of={(Noun.PATIENT, other)})
    assert sorted(one.account_id for one in found.balances) == [1, 2, 3]
    assert [one.account_id for one in found.observations] == [1]
    assert [one.account_id for one in found.allocations] == [3]
    assert [one.id for one in found.payments] == [1]
