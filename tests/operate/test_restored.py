"""A restored store sends nothing that its earlier life may have sent, nothing at all until a person says so, and no id twice."""

from pathlib import Path

import pytest

from interface.errors import ActRefusedError
from interface.healthpay24.push import PushPace, PushStage
from interface.ledger.reading import Meaning, PaymentAllocation, PaymentSaid, Reading
from interface.message import DeliveryState
from interface.operate.act import By
from interface.operate.backup import backup, resume_after_restore
from interface.operate.posting import Verdict, resolve
from interface.row.backup import BackupPace
from interface.row.delivery import DestinationState
from interface.store.store import SqlStore
from tests.healthpay24.far_side import FarSide
from tests.operate.copies import Copies, Take, deliver_stage, resume, silent, till_at
from tests.operate.desk import BY, Desk, Till
from tests.pipeline.spoken import DESTINATION, HandClock

# ------------------------------------------------------------ nothing is sent


def test_what_was_queued_or_being_sent_is_ambiguous_with_an_item_each(desk: Desk, take: Take, copies: Copies) -> None:
    till = Till.open(desk, accounts=2)
    till.pay("TX1", "A0", 500)
    till.pay("TX2", "A1", 700)
    delivery = till.stage.next_due()
    assert delivery is not None and till.stage.begin(delivery) is not None
    other = copies.restored(desk, take())
    assert till_at(other).states() == [DeliveryState.AMBIGUOUS] * 2
    assert [till_at(other).postings(name) for name in ("A0", "A1")] == [["ambiguous"], ["ambiguous"]]
    with other.store.snapshot() as reader:
        items = reader.work_items(only_open=True, beyond_id=0, limit=10)
        (counts,) = reader.destination_counts()
    assert [(one.subject, one.cause, one.amount_minor) for one in items] == [
        ("delivery:1", "restored", 500),
        ("delivery:2", "restored", 700),
    ]
    assert {state: number for state, number in counts.states.items() if number} == {DeliveryState.AMBIGUOUS: 2}


def test_payments_that_were_sent_after_the_backup_are_not_sent_again(desk: Desk, take: Take, copies: Copies) -> None:
    till = Till.open(desk, accounts=20)
    for number in range(20):
        till.pay(f"TX{number}", f"A{number}")
    file = take()
    for _ in range(20):
        till.send()
    other = copies.restored(desk, file)
    other.run()
    resume(other)
    assert deliver_stage(other).next_due() is None
    assert len(other.open_items()) == 20


def test_a_payment_that_was_stored_and_not_yet_run_is_not_sent_again_either(
    desk: Desk, take: Take, copies: Copies
) -> None:
    till = Till.open(desk)
    said = payment_said(desk, "TX1")
    desk.receive(Reading(Meaning.PAYMENT, said.taken_at, payment=said))
    file = take()
    desk.run()
    till.send()
    other = copies.restored(desk, file)
    resume(other)
    other.run()
    assert deliver_stage(other).next_due() is None
    assert other.open_items() == ["ambiguous-delivery delivery:1"]


def payment_said(desk: Desk, name: str) -> PaymentSaid:
    share = PaymentAllocation(None, desk.story("A0").account.public_id, 500)
    return PaymentSaid(name, 500, "USD", (share,), "visa", last4="4242", taken_at=desk.clock.now())


def test_a_payment_that_is_taken_after_the_restore_waits_and_then_goes_out(
    desk: Desk, take: Take, copies: Copies
) -> None:
    Till.open(desk)
    other = copies.restored(desk, take())
    till_at(other).pay("TX9")
    assert till_at(other).states() == [DeliveryState.QUEUED]
    assert deliver_stage(other).next_due() is None
    resume(other)
    assert till_at(other).send() and till_at(other).states() == [DeliveryState.DELIVERED]


def test_what_a_person_finds_not_posted_goes_out_once_sending_is_resumed(
    desk: Desk, take: Take, copies: Copies
) -> None:
    till = Till.open(desk)
    till.pay("TX1")
    other = copies.restored(desk, take())
    resolve(other.store, other.clock, BY, 1, Verdict.NOT_POSTED)
    assert deliver_stage(other).next_due() is None
    resume(other)
    till_at(other).send()
    assert (till_at(other).postings(), other.open_items()) == (["posted"], [])


def test_a_silent_destination_is_not_probed(desk: Desk, take: Take, copies: Copies) -> None:
    Till.open(desk)
    with desk.store.turn("test") as turn:
        turn.set_destination_state(DestinationState(DESTINATION, suspended_at=1, next_probe_at=1))
    other = copies.restored(desk, take())
    assert not deliver_stage(other).look().is_probe_due
    resume(other)
    assert deliver_stage(other).look().is_probe_due


def test_healthpay24_is_told_nothing_before_sending_is_resumed(desk: Desk, take: Take, copies: Copies) -> None:
    Till.open(desk)
    other = copies.restored(desk, take())
    far_side = FarSide(other)
    push = PushStage(other.store, far_side, other.clock, PushPace())
    assert (push.run().told, far_side.told) == (0, [])
    resume(other)
    assert push.run().told > 0


def test_sending_is_resumed_once_and_with_a_reason(desk: Desk, take: Take, copies: Copies) -> None:
    with pytest.raises(ActRefusedError, match="not-restored"):
        resume(desk)
    other = copies.restored(desk, take())
    with pytest.raises(ActRefusedError, match="reason-missing"):
        resume_after_restore(other.store, By("nora"))
    resume(other)
    with pytest.raises(ActRefusedError, match="not-restored"):
        resume(other)


# ------------------------------------------------------------ ids


def wire_ids(store: SqlStore, clock: HandClock, count: int = 1500) -> set[str]:
    """Ids as an engine that takes over now gives them."""
    store.renew_wire_ids()
    return {store.wire_id("wire", 12) for _ in range(count)}


def test_copies_of_one_backup_and_the_original_share_no_wire_id_within_a_minute(
    desk: Desk, take: Take, copies: Copies
) -> None:
    desk.store.renew_wire_ids()
    file = take()
    first, second = copies.restored(desk, file), copies.restored(desk, file)
    given = [wire_ids(one.store, desk.clock) for one in (desk, first, second)]
    assert len(set.union(*given)) == sum(map(len, given))


def test_a_copy_of_a_copy_has_ids_of_its_own(desk: Desk, take: Take, copies: Copies, tmp_path: Path) -> None:
    first = copies.restored(desk, take())
    backup(first.store, By("nora"), tmp_path / "again.hp24", BackupPace(), silent)
    second = copies.restored(first, tmp_path / "again.hp24")
    assert wire_ids(first.store, desk.clock).isdisjoint(wire_ids(second.store, desk.clock))


def test_a_restore_begins_a_minute_that_the_original_had_not_begun(desk: Desk, take: Take, copies: Copies) -> None:
    desk.store.renew_wire_ids()
    before = desk.store.wire_id("wire", 12)[:5]
    other = copies.restored(desk, take())
    assert other.store.wire_id("wire", 12)[:5] > before
