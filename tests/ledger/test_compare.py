"""Two ledgers are compared by identifiers; differences name row and group, never a value."""

from collections.abc import Callable

import pytest

from interface.ledger.compare import Difference, compare
from interface.ledger.reading import Meaning, MoneyKind, Said
from tests.ledger.memory import MemoryStore
from tests.ledger.saying import adt, balance, dft, guarantor, merge, money, named, paid, phone

M, K = Meaning, MoneyKind
Change = Callable[[MemoryStore], object]


def ledger(*changes: Change, first_person: int = 1) -> MemoryStore:
    """The same story, with row ids that depend on who came first."""
    store = MemoryStore()
    payer = Said((guarantor(1),), named("Payer"))
    for person in (first_person, 3 - first_person):
        store.tell(adt(M.ADMIT, 1, person, person, guarantors=(payer,)))
    for change in changes:
        change(store)
    return store


def differences(*changes: Change) -> list[tuple[str, str]]:
    return [(d.noun, d.group) for d in compare(ledger().image(), ledger(*changes).image())]


def test_same_story_with_other_row_ids_is_the_same_ledger() -> None:
    assert compare(ledger().image(), ledger(first_person=2).image()) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda s: s.tell(adt(M.UPDATE, 5, says=phone("5"))), {("patient", "phone")}),
        (lambda s: s.tell(adt(M.UPDATE, 5, says=named("Other"))), {("patient", "name")}),
        (lambda s: s.tell(adt(M.DISCHARGE, 5, 1, 1)), {("encounter", "ended"), ("encounter", "state")}),
        (lambda s: s.tell(adt(M.ADMIT, 5, 3)), {("patient", "row")}),
        (
            lambda s: s.tell(merge(5, (1, 2))),
            {
                ("patient", "links"),
                ("patient", "identifiers"),
                ("patient", "merged"),
                ("account", "links"),
                ("encounter", "links"),
            },
        ),
        (
            lambda s: s.tell(adt(M.UPDATE, 5, 1, 1, guarantors=(Said((guarantor(2),)),))),
            {("guarantor", "row"), ("account", "guarantors")},
        ),
        (
            lambda s: s.tell(adt(M.UPDATE, 5, 1, 2 * 10, visit_number=1)),
            {("account", "row"), ("encounter", "links"), ("encounter", "link"), ("encounter", "owners")},
        ),
        (lambda s: s.tell(dft(5, 1, money(K.CHARGE, 100, id="C1"))), {("account", "entries"), ("account", "balances")}),
        (lambda s: s.tell(adt(M.UPDATE, 5, 1, 1, balances=(balance(5, 1, 7),))), {("account", "observations")}),
        (
            lambda s: s.tell(paid(5, "T1", 9, (1, 9))),
            {("account", "entries"), ("account", "balances"), ("payment", "payment")},
        ),
    ],
)
def test_every_kind_of_change_is_found_and_nothing_else(change: Change, found: set[tuple[str, str]]) -> None:
    assert set(differences(change)) == found


def test_difference_names_the_row_by_its_public_id() -> None:
    changed = ledger(lambda s: s.tell(adt(M.UPDATE, 5, says=phone("5"))))
    assert compare(ledger().image(), changed.image()) == [Difference("patient", "pt_000001", "phone")]
