"""Looks of many askers share commits; each is in the audit trail before its asker sees anything, or the asker is told no."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from interface.errors import StoreError
from interface.operate.act import By
from interface.operate.noting import Notes
from interface.store.turn import SqlTurn
from interface.view.audit import AuditFilter
from tests.engine.processes import wait_until
from tests.operate.desk import Desk

ASKERS = 8


def at_once(work: Callable[[int], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(ASKERS)]
    for one in threads:
        one.start()
    return threads


def test_looks_that_come_while_a_commit_is_under_way_are_kept_by_the_next_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes, turn, may_go, turns = Notes(desk.store), desk.store.turn, threading.Event(), list[str]()

    @contextmanager
    def held(purpose: str) -> Iterator[SqlTurn]:
        turns.append(purpose)
        assert may_go.wait(60)
        with turn(purpose) as opened:
            yield opened

    monkeypatch.setattr(desk.store, "turn", held)
    asking = at_once(lambda number: notes.note(By("nora"), "look", f"patient:{number}", {"ids": [number]}))
    wait_until(lambda: bool(turns) and notes.waiting == ASKERS - 1, "one writes, and all others have asked")
    may_go.set()
    for one in asking:
        one.join(60)
    with desk.store.snapshot() as reader:
        kept = reader.audit_trail(AuditFilter(actor="nora", limit=100))
    assert sorted(one.subject for one in kept) == [f"patient:{number}" for number in range(ASKERS)]
    assert all(one.details == {"ids": [int(one.subject.partition(":")[2])]} for one in kept)
    assert len(turns) == 2


def test_who_cannot_be_noted_is_told_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    notes, refused = Notes(desk.store), list[int]()

    def away(_purpose: str) -> None:
        raise StoreError("database-gone", "away for the test", place="here", advice="none")

    monkeypatch.setattr(desk.store, "turn", away)

    def look(number: int) -> None:
        with pytest.raises(StoreError):
            notes.note(By("nora"), "look", f"patient:{number}")
        refused.append(number)

    for one in at_once(look):
        one.join(60)
    assert sorted(refused) == list(range(ASKERS))
