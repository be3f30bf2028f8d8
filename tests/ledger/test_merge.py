"""Merges: aliases that resolve transitively, repeats without effect, contradictions for a person."""

import pytest

from interface.ledger.noun import Noun
from interface.ledger.outcome import Applied, Cause, PersonHold, Refusal
from interface.ledger.reading import Meaning, MoneyKind, Reading
from interface.message import RunReason
from tests.ledger.memory import MemoryStore, Told
from tests.ledger.saying import SECOND, account, adt, dft, merge, money, mrn, named, phone

M = Meaning


def known(store: MemoryStore, *people: int) -> None:
    for person in people:
        store.tell(adt(M.ADMIT, 1, person, person, says=named(f"Tester{person}")))


def test_retired_identifier_leads_to_the_survivor_from_then_on() -> None:
    store = MemoryStore()
    known(store, 1, 2)
    assert store.tell(merge(5, (1, 2))) == Applied(True)
    store.tell(adt(M.UPDATE, 6, person=2, says=phone("6")))
    assert store.get(Noun.PATIENT, mrn(2)).id == store.get(Noun.PATIENT, mrn(1)).id
    assert store.get(Noun.PATIENT, mrn(1)).value("phone", "phone") == "6"
    assert store.identifiers[Noun.PATIENT, mrn(2)].retired_at == 5 * SECOND


def test_of_what_was_said_of_both_the_newer_stays_and_the_message_itself_is_newest() -> None:
    store = MemoryStore()
    store.tell(adt(M.UPDATE, 3, 1, says=named("Newer") | phone("3")))
    store.tell(adt(M.UPDATE, 2, 2, says=named("Older") | {"email": {"email": "tester@example.org"}}))
    store.tell(merge(5, (1, 2), says=phone("5")))
    survivor = store.get(Noun.PATIENT, mrn(1))
    told = [survivor.value(group, name) for group, name in (("name", "family"), ("email", "email"), ("phone", "phone"))]
    assert told == ["Newer", "tester@example.org", "5"]


def test_message_about_the_retired_patient_changes_nothing_when_it_comes_again() -> None:
    store = MemoryStore()
    known(store, 1, 2)
    store.tell(adt(M.UPDATE, 3, 2, says=phone("3")), message_id=90)
    store.tell(merge(5, (1, 2)))
    assert store.tell(adt(M.UPDATE, 3, 2, says=phone("3")), message_id=90, reason=RunReason.REPLAY) == Applied(False)
    assert store.tell(adt(M.UPDATE, 3, 2, says=phone("3")), message_id=91) == Applied(False)


def test_accounts_of_the_retired_patient_are_the_survivors() -> None:
    store = MemoryStore()
    known(store, 1, 2)
    store.tell(merge(5, (1, 2)))
    assert isinstance(store.tell(dft(6, 2, money(MoneyKind.CHARGE, 100, id="C1"), person=1)), Applied)
    assert isinstance(store.tell(adt(M.UPDATE, 7, person=1, number=2)), Applied)


def test_unknown_retired_identifier_becomes_an_alias_that_later_arrivals_follow() -> None:
    store = MemoryStore()
    known(store, 1)
    assert store.tell(merge(5, (1, 2))) == Applied(True, ("retired-unknown merge[1]",))
    store.tell(adt(M.ADMIT, 6, person=2, number=2, says=phone("6")))
    assert store.get(Noun.PATIENT, mrn(1)).value("phone", "phone") == "6"


def test_unknown_survivor_is_the_retired_patient_under_a_new_number() -> None:
    store = MemoryStore()
    known(store, 2)
    assert store.tell(merge(5, (1, 2), says=phone("5"))) == Applied(True, ("survivor-unknown merge[1]",))
    survivor = store.get(Noun.PATIENT, mrn(2))
    assert survivor.id == store.get(Noun.PATIENT, mrn(1)).id
    assert (survivor.value("name", "family"), survivor.value("phone", "phone")) == ("Tester2", "5")


def test_both_unknown_creates_survivor_and_alias() -> None:
    store = MemoryStore()
    outcome = store.tell(merge(5, (1, 2)))
    assert outcome == Applied(True, ("survivor-unknown merge[1]", "retired-unknown merge[1]"))
    assert store.get(Noun.PATIENT, mrn(1)).id == store.get(Noun.PATIENT, mrn(2)).id


def test_repeated_merge_is_no_change() -> None:
    store = MemoryStore()
    known(store, 1, 2)
    store.tell(merge(5, (1, 2)))
    assert store.tell(merge(9, (1, 2))) == Applied(False)
    assert not store.saved[-1]


def test_chain_of_merges_resolves_to_its_end() -> None:
    store = MemoryStore()
    known(store, 1, 2, 3)
    store.tell(merge(5, (2, 1)))
    store.tell(merge(6, (3, 2)))
    assert len({store.get(Noun.PATIENT, mrn(n)).id for n in (1, 2, 3)}) == 1
    assert store.tell(merge(7, (3, 1))) == Applied(False)
    assert store.tell(merge(8, (2, 1))) == Applied(False)


def test_merge_into_a_retired_survivor_follows_it() -> None:
    store = MemoryStore()
    known(store, 1, 2, 3)
    store.tell(merge(5, (2, 1)))
    store.tell(merge(6, (1, 3)))
    assert store.get(Noun.PATIENT, mrn(3)).id == store.get(Noun.PATIENT, mrn(2)).id


@pytest.mark.parametrize(
    "story",
    [
        [(1, 2), (2, 1)],
        [(2, 1), (3, 2), (1, 3)],
        [(2, 1), (3, 2), (1, 2)],
    ],
)
def test_reversed_merge_is_held_and_nothing_loops(story: list[tuple[int, int]]) -> None:
    store = MemoryStore()
    known(store, 1, 2, 3)
    for at, pair in enumerate(story[:-1], start=5):
        assert isinstance(store.tell(merge(at, pair)), Applied)
    outcome = store.tell(merge(9, story[-1]))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.MERGE_LOOP
    assert not store.saved[-1]


def test_retired_patient_merged_elsewhere_is_held() -> None:
    store = MemoryStore()
    known(store, 1, 2, 3)
    store.tell(merge(5, (1, 2)))
    outcome = store.tell(merge(6, (3, 2)))
    assert isinstance(outcome, PersonHold)
    assert outcome.code is Cause.MERGED_ELSEWHERE


def test_merge_into_itself_is_noted() -> None:
    store = MemoryStore()
    known(store, 1)
    assert store.tell(merge(5, (1, 1))) == Applied(False, ("merge-into-itself merge[1]",))


def test_several_groups_succeed_together_or_not_at_all() -> None:
    store = MemoryStore()
    known(store, 1, 2, 3, 4)
    store.tell(merge(5, (2, 1)))
    outcome = store.tell(merge(6, (3, 4), (1, 2)))
    assert isinstance(outcome, PersonHold)
    assert outcome.place == "merge[2]"
    assert store.get(Noun.PATIENT, mrn(3)).id != store.get(Noun.PATIENT, mrn(4)).id
    assert store.tell(merge(7, (3, 4), (3, 2))) == Applied(True)
    assert len({store.get(Noun.PATIENT, mrn(n)).id for n in (1, 2, 3, 4)}) == 1


def test_merge_that_names_nobody_is_refused() -> None:
    assert isinstance(MemoryStore().tell(Reading(M.MERGE_PATIENT, SECOND)), Refusal)


def test_merge_within_a_batch_holds_for_the_messages_behind_it() -> None:
    store = MemoryStore()
    story = [adt(M.ADMIT, 1, 1, 1), adt(M.ADMIT, 1, 2, 2), merge(2, (1, 2)), adt(M.UPDATE, 3, 1, 2)]
    outcomes = store.run([Told(number, reading) for number, reading in enumerate(story, start=1)])
    assert all(isinstance(outcome, Applied) for outcome in outcomes)
    owner = store.get(Noun.ACCOUNT, account(2)).patient_id
    assert owner is not None


def test_lanes_of_a_merge_are_both_patients() -> None:
    store = MemoryStore()
    known(store, 1)
    reading = merge(5, (1, 2))
    expected = tuple(sorted((store.lane_of(mrn(1)), store.lane_of(mrn(2)))))
    assert store.workset([reading]).lanes(reading) == expected


def test_lane_follows_account_visit_and_alias_to_the_patient() -> None:
    store = MemoryStore()
    known(store, 1, 2)
    store.tell(merge(5, (1, 2)))
    by_account = dft(6, 1, money(MoneyKind.CHARGE, 100), person=None)
    by_alias = adt(M.UPDATE, 7, person=2)
    workset = store.workset([by_account, by_alias])
    assert workset.lanes(by_account) == (store.lane_of(mrn(1)),)
    assert workset.lanes(by_alias) == (store.lane_of(mrn(1)),)


def test_lane_of_an_unknown_patient_is_the_one_the_row_will_get() -> None:
    store = MemoryStore()
    reading = adt(M.ADMIT, 1, 7, 7)
    before = store.workset([reading]).lanes(reading)
    store.tell(reading)
    assert before == (store.get(Noun.PATIENT, mrn(7)).lane,)


def test_message_for_another_patients_account_has_the_lanes_of_both() -> None:
    store = MemoryStore()
    known(store, 1, 2)
    reading = adt(M.UPDATE, 2, 1, 2)
    expected = tuple(sorted((store.lane_of(mrn(1)), store.lane_of(mrn(2)))))
    assert store.workset([reading]).lanes(reading) == expected
