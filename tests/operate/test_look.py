"""Looking: found by what people know, in full, and audited before anything is shown."""

import pytest

from interface.errors import ActRefusedError
from interface.operate import look
from interface.operate.account import account, accounts, payment
from interface.operate.status import status
from interface.operate.worklist import close, item, worklist
from interface.view.message import MessageFilter
from tests.operate.desk import BROKEN, BY, Desk, Till
from tests.pipeline.spoken import CHANNEL, DESTINATION, update


def test_a_list_is_audited_with_the_names_of_its_filters_not_their_values(desk: Desk) -> None:
    desk.hear(("ada", update("ada")))
    rows = list(look.messages(desk.store, BY, MessageFilter(patient="ada")))
    assert len(rows) == 1
    with desk.store.snapshot() as reader:
        (entry,) = reader.audited_on(["messages"])
    assert entry.details == {"by": ["patient"]}


def test_the_audit_entry_is_there_before_the_first_row(desk: Desk) -> None:
    desk.hear(("ada", update("ada")))
    look.messages(desk.store, BY, MessageFilter())  # nothing was drawn from it
    assert desk.trail("messages") == ["nora: list"]


def test_pages_join_without_gap_or_repeat(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "_PAGE", 3)
    ids = desk.hear(*((f"p{number}", update(f"p{number}")) for number in range(8)))
    assert [row.id for row in look.messages(desk.store, BY, MessageFilter())] == ids
    newest = look.messages(desk.store, BY, MessageFilter(newest_first=True), limit=5)
    assert [row.id for row in newest] == ids[:2:-1]


def test_one_message_tells_its_runs_its_bytes_and_what_it_waits_for(desk: Desk) -> None:
    (held,) = desk.hear(("ada", BROKEN))
    found = look.message(desk.store, BY, held)
    assert found.raw is not None and found.raw.startswith(b"MSH|")
    assert [(run.cause, run.place) for run in found.story.runs] == [("target-unknown", "epic.yaml:7")]
    assert desk.trail(f"message:{held}") == ["nora: look"]


def test_a_look_at_what_is_not_there_is_refused_and_stays_in_the_trail(desk: Desk) -> None:
    with pytest.raises(ActRefusedError, match="not-found"):
        look.message(desk.store, BY, 5)
    assert desk.trail("message:5") == ["nora: look"]


def test_a_payload_is_shown_once_it_is_frozen(desk: Desk) -> None:
    till = Till.open(desk)
    till.pay("TX1")
    (story,) = till.deliveries()
    assert look.payload(desk.store, BY, story.id).payload is None
    sent = till.send("AA")
    assert look.payload(desk.store, BY, story.id).payload == sent


def test_an_account_is_found_by_number_and_by_public_id(desk: Desk) -> None:
    till = Till.open(desk)
    till.pay("TX1", cents=700)
    till.send("AA")
    line = account(desk.store, BY, "A0")
    assert (line.paid_minor, line.posted_minor, line.charges_minor) == (700, 700, 0)
    assert account(desk.store, BY, line.story.account.public_id).story.account.id == line.story.account.id
    assert desk.trail(f"account:{line.story.account.public_id}") == ["nora: look", "nora: look"]
    assert [one.story.account.id for one in accounts(desk.store, BY)] == [line.story.account.id]


def test_an_account_that_is_not_there_is_told_without_its_number(desk: Desk) -> None:
    with pytest.raises(ActRefusedError, match="not-found") as refused:
        account(desk.store, BY, "H-SECRET")
    assert "H-SECRET" not in refused.value.sentence()


def test_a_payment_is_found_by_every_number_it_has(desk: Desk) -> None:
    till = Till.open(desk)
    till.pay("TX1")
    by_transaction = payment(desk.store, BY, "TX1")
    wire = by_transaction.allocations[0].wire_id
    assert payment(desk.store, BY, wire) == by_transaction
    assert payment(desk.store, BY, by_transaction.payment.public_id) == by_transaction


def test_status_adds_up(desk: Desk) -> None:
    till = Till.open(desk)
    desk.hear(("eve", BROKEN))
    till.pay("TX1")
    till.lose()
    found = status(desk.store, desk.clock)
    for count in found.channels:
        assert count.received == count.duplicates + sum(count.states.values())
    (destination,) = found.destinations
    assert destination.destination == DESTINATION
    assert destination.states["ambiguous"] == 1
    assert found.open_work_items == 2
    assert found.alive == ()


def test_a_work_item_is_closed_with_a_reason_that_stays_in_its_history(desk: Desk) -> None:
    desk.hear(("ada", BROKEN), ("ben", BROKEN))
    (row,) = worklist(desk.store)
    assert (row.subject, row.count) == (f"channel:{CHANNEL}", 2)
    close(desk.store, BY, row.id)
    assert worklist(desk.store) == []
    assert worklist(desk.store, with_closed=True)[0].closed_at
    assert item(desk.store, row.id).history[-1].text == BY.reason
    with pytest.raises(ActRefusedError, match="already-closed"):
        close(desk.store, BY, row.id)
