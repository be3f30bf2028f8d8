"""The audit trail, read: by thing, by person, and everything of a patient."""

import pytest

from interface.errors import ActRefusedError
from interface.operate import look
from interface.operate.account import account, accounts
from interface.operate.act import By
from interface.operate.audit import trail
from interface.operate.pause import pause
from interface.operate.push import push_rows
from interface.operate.worklist import close, worklist
from interface.view.audit import AuditFilter
from interface.view.count import PauseKind
from interface.view.message import MessageFilter
from tests.operate.desk import BY, Desk, Till
from tests.pipeline.spoken import update

EVERYTHING = AuditFilter()
AUDITOR = By("olga")


def told(desk: Desk, wanted: AuditFilter = EVERYTHING, **chosen: str) -> list[str]:
    return [f"{one.actor}: {one.verb} {one.subject}" for one in trail(desk.store, AUDITOR, wanted, **chosen)]


def test_everything_of_a_patient_is_found_and_nothing_of_others(desk: Desk) -> None:
    desk.hear(("ada", update("ada", "A1")), ("ben", update("ben", "B1")))
    public_id = account(desk.store, BY, "A1").story.account.public_id
    account(desk.store, BY, "B1")
    patient = pause(desk.store, BY, PauseKind.PATIENT, "ada")
    expected = [f"nora: look account:{public_id}", f"nora: pause patient:{patient}"]
    assert told(desk, patient="ada") == expected
    assert told(desk, patient="ada") == [*expected, f"olga: audit patient:{patient}"]


def test_the_look_at_the_trail_stands_in_the_trail(desk: Desk) -> None:
    assert told(desk, AuditFilter(actor="nora")) == []
    assert told(desk) == ["olga: audit audit"]


def test_filters_add_up(desk: Desk) -> None:
    (ada,) = desk.hear(("ada", update("ada")))
    look.message(desk.store, BY, ada)
    look.message(desk.store, By("kim"), ada)
    assert told(desk, AuditFilter(actor="kim"), subject=f"message:{ada}") == [f"kim: look message:{ada}"]
    assert told(desk, AuditFilter(since=desk.clock.now() + 1)) == []


def test_pages_join_without_gap_or_repeat(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (ada,) = desk.hear(("ada", update("ada")))
    for number in range(5):
        look.message(desk.store, By(f"user{number}"), ada)
    monkeypatch.setattr("interface.operate.audit._PAGE", 2)
    found = told(desk, AuditFilter(newest_first=True))
    assert [line[:5] for line in found] == [f"user{number}" for number in (4, 3, 2, 1, 0)]


def test_an_unknown_patient_is_not_repeated(desk: Desk) -> None:
    with pytest.raises(ActRefusedError, match="not-found") as refused:
        told(desk, patient="MRN-SECRET")
    assert "MRN-SECRET" not in refused.value.sentence()


def test_whoever_saw_the_patient_in_a_list_is_found(desk: Desk) -> None:
    (ada, ben) = desk.hear(("ada", update("ada", "A1")), ("ben", update("ben", "B1")))
    list(look.messages(desk.store, By("kim"), MessageFilter()))
    list(look.messages(desk.store, By("lee"), MessageFilter(patient="ben")))
    names = [line.story.account.public_id for line in accounts(desk.store, By("mia"))]
    expected = [f"kim: list messages:{ada}..{ben}", f"mia: list accounts:{names[0]}..{names[1]}"]
    assert told(desk, patient="ada") == expected


def test_acts_on_money_rows_and_items_of_a_patient_are_found(desk: Desk) -> None:
    till = Till.open(desk)
    till.pay("TX1")
    till.lose()
    (story,) = till.deliveries()
    held = desk.story("A0")
    (item,) = worklist(desk.store)
    kim = By("kim", "a look")
    look.message(desk.store, kim, held.payments[0].message_id)
    push_rows(desk.store, kim, [held.account.public_id])
    close(desk.store, kim, item.id)
    look.payload(desk.store, kim, story.id)
    assert told(desk, AuditFilter(actor="kim"), patient="0") == [
        f"kim: look message:{held.payments[0].message_id}",
        f"kim: push rows:{held.account.public_id}",
        f"kim: close work item:{item.id}",
        f"kim: look delivery:{story.id}",
    ]
