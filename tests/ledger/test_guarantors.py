"""Guarantors are known by their numbers; one who only looks like somebody is for a person to judge."""

from typing import Any

import pytest

from interface.ledger.noun import Noun
from interface.ledger.outcome import Applied
from interface.ledger.reading import Meaning, Said
from interface.message import RunReason
from tests.ledger.memory import MemoryStore
from tests.ledger.saying import account, adt, guarantor, named

BORN = {"birth": {"birth_date": "1961-05-04"}}
HOME = {"address": {"line": "12 Elm Street", "postal_code": "53703"}}


def payer(number: int | None, **more: Any) -> Said:
    ids = (guarantor(number),) if number is not None else ()
    return Said(ids, named("Payer", "Paula") | BORN | HOME | more)


def tell(store: MemoryStore, at: int, *guarantors: Said, **stamp: Any) -> Applied:
    outcome = store.tell(adt(Meaning.UPDATE, at, 1, 1, guarantors=guarantors), **stamp)
    assert isinstance(outcome, Applied)
    return outcome


def items(store: MemoryStore) -> list[tuple[str, str]]:
    return [(item.subject, item.cause) for item in store.work_items]


def responsible(store: MemoryStore) -> list[str]:
    links = store.get(Noun.ACCOUNT, account(1)).value("guarantors", "guarantors")
    by_id = {known.entity_id: key[1].value for key, known in store.identifiers.items() if key[0] is Noun.GUARANTOR}
    return [by_id[link["guarantor"]] for link in links]


def test_guarantors_that_are_reordered_stay_who_they_are() -> None:
    store, other = MemoryStore(), Said((guarantor(2),), named("Other", "Otto"))
    tell(store, 1, payer(1), other)
    outcome = tell(store, 2, other, payer(1))
    assert (outcome.warnings, items(store), responsible(store)) == ((), [], ["G2", "G1"])
    assert store.get(Noun.GUARANTOR, guarantor(1)).value("name", "family") == "Payer"


def test_a_number_that_changes_is_another_guarantor_and_a_suggestion() -> None:
    store = MemoryStore()
    tell(store, 1, payer(1))
    outcome = tell(store, 2, payer(2))
    assert outcome.warnings == ("guarantor-renumbered guarantor[1]",)
    assert items(store) == [("channel:epic", "guarantor-renumbered")]
    assert responsible(store) == ["G2"]


@pytest.mark.parametrize(
    "unlike",
    [
        {"name": {"family": "Payer", "given": "Peter"}},
        {"birth": {"birth_date": "1990-01-01"}},
        {"birth": {"birth_date": None}, "address": {"line": "1 Oak Street", "postal_code": "53703"}},
    ],
    ids=["another name", "another birth date", "no birth date and another address"],
)
def test_another_person_under_another_number_is_no_suggestion(unlike: dict[str, Any]) -> None:
    store = MemoryStore()
    tell(store, 1, payer(1))
    assert tell(store, 2, payer(2, **unlike)).warnings == ()
    assert items(store) == []


def test_without_a_birth_date_the_same_name_and_address_look_alike_in_any_case() -> None:
    store = MemoryStore()
    tell(store, 1, payer(1, birth={"birth_date": None}))
    shouted = {
        "name": {"family": "PAYER", "given": "PAULA"},
        "address": {"line": "12 ELM  STREET", "postal_code": "53703"},
    }
    assert tell(store, 2, payer(2, **shouted)).warnings == ("guarantor-renumbered guarantor[1]",)


def test_a_guarantor_who_is_added_beside_the_one_before_is_no_suggestion() -> None:
    store = MemoryStore()
    tell(store, 1, payer(1))
    assert tell(store, 2, payer(1), payer(2)).warnings == ()


def test_a_guarantor_without_number_who_looks_like_a_known_one_is_a_suggestion_and_left_out() -> None:
    store = MemoryStore()
    tell(store, 1, payer(1))
    assert tell(store, 2, payer(None)).warnings == (
        "guarantor-without-number guarantor[1]",
        "guarantor-unnumbered guarantor",
    )
    assert items(store) == [("channel:epic", "guarantor-unnumbered")]
    assert responsible(store) == ["G1"]


def test_an_older_message_and_a_replay_suggest_nothing() -> None:
    store = MemoryStore()
    tell(store, 5, payer(1), message_id=1)
    tell(store, 3, payer(2), message_id=2)
    tell(store, 5, payer(None), message_id=1, reason=RunReason.REPLAY)
    assert items(store) == []
