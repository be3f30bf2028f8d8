"""Alternate visit numbers: aliases that lead to their visit, find none for a message, and are changed by A51."""

import pytest

from interface.ledger.noun import Noun
from interface.ledger.outcome import Applied, MissingAccount
from interface.ledger.reading import Meaning, MoneyKind, Reading, Renumber, Said
from tests.ledger.memory import MemoryStore
from tests.ledger.saying import account, adt, dft, money, mrn, named, regroup, visit

M = Meaning


def told(store: MemoryStore, number: int, alternate: str, *, at: int = 1, person: int = 1) -> None:
    said = adt(M.REGISTER, at, person, number)
    reading = Reading(
        M.REGISTER,
        said.event_at,
        facility="NORTH",
        patient=Said((mrn(person),), named()),
        account=Said((account(number),)),
        encounter=Said((visit(number),), aliases=(visit(alternate),)),
    )
    assert isinstance(store.tell(reading), Applied)


def changed(at: int, old: str, new: str, number: int = 1) -> Reading:
    change = Renumber(Noun.ENCOUNTER, visit(new), visit(old), mrn(1))
    said = Said((visit(number),), aliases=(visit(new),))
    return regroup(M.RENUMBER_ALTERNATE_VISIT, at, 1, encounter=said, renumbers=(change,))


def test_an_alternate_number_leads_to_its_visit() -> None:
    store = MemoryStore()
    told(store, 1, "A1")
    assert store.get(Noun.ENCOUNTER, visit("A1")).id == store.get(Noun.ENCOUNTER, visit(1)).id


def test_a_new_alternate_number_of_a_known_one_is_applied_without_a_warning() -> None:
    store = MemoryStore()
    told(store, 1, "A1")
    assert store.tell(changed(2, "A1", "A2")) == Applied(True)
    assert store.get(Noun.ENCOUNTER, visit("A2")).id == store.get(Noun.ENCOUNTER, visit(1)).id
    assert store.identifiers[Noun.ENCOUNTER, visit("A1")].retired_at is not None
    assert store.tell(changed(2, "A1", "A2")) == Applied(False)


def test_an_alternate_number_that_was_never_told_is_warned_of() -> None:
    store = MemoryStore()
    told(store, 1, "A1")
    assert store.tell(changed(2, "A7", "A2")) == Applied(True, ("old-number-unknown renumber[1]",))


def test_two_visits_that_share_an_alternate_number_stay_two() -> None:
    store = MemoryStore()
    told(store, 1, "A1")
    told(store, 2, "A1", at=2)
    assert store.get(Noun.ENCOUNTER, visit(1)).id != store.get(Noun.ENCOUNTER, visit(2)).id
    assert store.get(Noun.ENCOUNTER, visit("A1")).id == store.get(Noun.ENCOUNTER, visit(1)).id


@pytest.mark.parametrize("is_known", [True, False])
def test_money_that_waits_for_an_alternate_number_goes_on_once_it_is_told(is_known: bool) -> None:
    store = MemoryStore()
    if is_known:
        store.tell(adt(M.REGISTER, 1, 1, 1))
    waits = dft(2, None, money(MoneyKind.CHARGE, 100, id="C1", visit=visit("A1")))
    assert isinstance(store.tell(waits), MissingAccount)
    told(store, 1, "A1", at=3)
    assert isinstance(store.tell(waits), Applied)
