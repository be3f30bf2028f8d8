"""Restrictions outlive merges: the stricter statement stays until somebody says otherwise of the survivor."""

import pytest

from interface.healthpay24.record import AccountRecord, EncounterRecord, PatientRecord, build
from interface.ledger.entity import Entity
from interface.ledger.noun import Noun
from interface.ledger.reading import Meaning
from interface.message import MirrorState
from interface.row.mirror import Material, MirrorRow, Subject
from tests.ledger.memory import MemoryStore
from tests.ledger.saying import account, adt, merge, mrn, visit

M = Meaning


def protected(yes: bool | None) -> dict[str, dict[str, object]]:
    return {"privacy": {"protected": yes}}


def is_protected(store: MemoryStore) -> object:
    return store.get(Noun.PATIENT, mrn(1)).value("privacy", "protected")


@pytest.mark.parametrize(
    ("survivor_at", "survivor_says", "retired_at", "retired_says"),
    [(2, False, 1, True), (1, False, 2, True), (2, True, 1, False), (1, True, 2, False), (1, True, 2, None)],
)
def test_a_merge_keeps_the_restriction_of_either_whoever_spoke_last(
    survivor_at: int, survivor_says: bool, retired_at: int, retired_says: bool | None
) -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, survivor_at, 1, says=protected(survivor_says)))
    store.tell(adt(M.UPDATE, retired_at, 2, says=protected(retired_says)))
    store.tell(merge(5, (1, 2)))
    assert is_protected(store) is True


def test_what_is_said_of_the_survivor_after_the_merge_confirms_or_lifts_it() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, 1, says=protected(False)))
    store.tell(adt(M.UPDATE, 2, 2, says=protected(True)))
    store.tell(merge(5, (1, 2)))
    store.tell(adt(M.UPDATE, 6, 1, says=protected(False)))
    assert is_protected(store) is False


def test_two_without_a_restriction_have_none() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, 1, says=protected(False)))
    store.tell(adt(M.UPDATE, 2, 2, says=protected(False)))
    store.tell(merge(5, (1, 2)))
    assert not is_protected(store)


def test_a_restriction_known_of_the_retired_one_alone_comes_along() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, 1))
    store.tell(adt(M.UPDATE, 2, 2, says=protected(True)))
    store.tell(merge(5, (1, 2)))
    assert is_protected(store) is True


def recorded(store: MemoryStore, subject: Subject, row: Entity) -> object:
    mirror = MirrorRow(subject, row.id, 1, 0, MirrorState.NEW, 0, None, "", "")
    patient = store.get(Noun.PATIENT, mrn(1))
    return build(mirror, Material(entities={(one.noun, one.id): one for one in (row, patient)}), {})


def test_healthpay24_is_told_of_a_protected_patient() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 1, 1, says=protected(True)))
    told = recorded(store, Subject.PATIENT, store.get(Noun.PATIENT, mrn(1)))
    assert isinstance(told, PatientRecord)
    assert told.is_protected


@pytest.mark.parametrize(("is_confidential", "service"), [(True, ""), (False, "PSY")])
def test_the_service_of_a_confidential_visit_is_told_to_nobody(is_confidential: bool, service: str) -> None:
    store = MemoryStore()
    says = {"class": {"class": "inpatient", "service": "PSY"}, "privacy": {"confidential": is_confidential}}
    store.tell(adt(M.ADMIT, 1, 1, visit_number=1, visit_says=says))
    told = recorded(store, Subject.ENCOUNTER, store.get(Noun.ENCOUNTER, visit(1)))
    assert isinstance(told, EncounterRecord)
    assert (told.is_confidential, told.service) == (is_confidential, service)


def test_healthpay24_is_told_that_an_account_is_not_to_be_disclosed_to_an_insurer() -> None:
    store = MemoryStore()
    store.tell(adt(M.ADMIT, 1, 1, 1, account_says={"privacy": {"restricted": True}}))
    told = recorded(store, Subject.ACCOUNT, store.get(Noun.ACCOUNT, account(1)))
    assert isinstance(told, AccountRecord)
    assert told.is_restricted
