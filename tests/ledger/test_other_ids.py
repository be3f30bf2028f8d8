"""Identifiers that are no keys: each record's own list, and after a merge those of both."""

import pytest

from interface.ledger.noun import Noun
from interface.ledger.outcome import Applied
from interface.ledger.reading import Meaning
from interface.message import RunReason
from tests.ledger.memory import MemoryStore
from tests.ledger.saying import adt, listed, merge, mrn, renumber

M = Meaning


def shown(store: MemoryStore, person: int) -> tuple[set[str], set[str]]:
    """The values of a patient's own other numbers, and of those of records merged into it."""
    patient = store.get(Noun.PATIENT, mrn(person))
    own, former = patient.value("others", "other_ids") or (), patient.value("former", "former_ids") or ()
    return {one["value"] for one in own}, {one["value"] for one in former}


@pytest.mark.parametrize(("survivor_at", "retired_at"), [(2, 3), (3, 2)])
def test_a_merge_keeps_the_numbers_of_both(survivor_at: int, retired_at: int) -> None:
    store = MemoryStore()
    for at, person, number in sorted([(survivor_at, 1, "E1"), (retired_at, 2, "E2")]):
        store.tell(adt(M.UPDATE, at, person, says=listed(number)))
    store.tell(merge(5, (1, 2)))
    assert shown(store, 1) == ({"E1"}, {"E2"})


@pytest.mark.parametrize("at", [4, 6])
def test_what_is_listed_under_the_retired_number_is_no_list_of_the_survivor(at: int) -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 2, 1, says=listed("E1")))
    store.tell(adt(M.UPDATE, 3, 2, says=listed("E2")))
    store.tell(merge(5, (1, 2)))
    store.tell(adt(M.UPDATE, at, 2, says=listed("E2", "E3")))
    assert shown(store, 1) == ({"E1"}, {"E2", "E3"})


def test_an_older_list_under_the_retired_number_changes_nothing() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 3, 2, says=listed("E2")))
    store.tell(merge(5, (1, 2)))
    assert store.tell(adt(M.UPDATE, 2, 2, says=listed("E0"))) == Applied(False)
    assert shown(store, 1) == (set(), {"E2"})


def test_the_survivors_own_list_stays_a_snapshot() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 2, 1, says=listed("E1")))
    store.tell(adt(M.UPDATE, 3, 2, says=listed("E2")))
    store.tell(merge(5, (1, 2)))
    store.tell(adt(M.UPDATE, 6, 1, says=listed("E9")))
    assert shown(store, 1) == ({"E9"}, {"E2"})


def test_a_chain_of_merges_keeps_the_numbers_of_all() -> None:
    store = MemoryStore()
    for person in (1, 2, 3):
        store.tell(adt(M.UPDATE, 2, person, says=listed(f"E{person}")))
    store.tell(merge(5, (2, 3)))
    store.tell(merge(6, (1, 2)))
    store.tell(adt(M.UPDATE, 7, 3, says=listed("E4")))
    assert shown(store, 1) == ({"E1"}, {"E2", "E4"})


def test_a_list_that_is_told_again_after_the_merge_changes_nothing() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 2, 1, says=listed("E1")), message_id=90)
    store.tell(adt(M.UPDATE, 3, 2, says=listed("E2")), message_id=91)
    store.tell(merge(5, (1, 2)), message_id=92)
    for number, told in ((91, adt(M.UPDATE, 3, 2, says=listed("E2"))), (92, merge(5, (1, 2)))):
        assert store.tell(told, message_id=number, reason=RunReason.REPLAY) == Applied(False)
    assert shown(store, 1) == ({"E1"}, {"E2"})


def test_a_new_number_is_the_same_record_with_the_same_list() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 2, 1, says=listed("E1")))
    store.tell(renumber(3, Noun.PATIENT, 1, 2))
    store.tell(adt(M.UPDATE, 4, 1, says=listed("E4")))
    assert shown(store, 2) == ({"E4"}, set())
