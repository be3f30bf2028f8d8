"""What changes in the ledger reaches HealthPay24: in order, once for each change, and past every way in which it can fail."""

from dataclasses import replace

import pytest

from interface.errors import ActRefusedError, UnansweredError, WireError
from interface.healthpay24.protocol import Done, Pending, Put, Rejected, Unknown
from interface.ledger.due import BalancePolicy
from interface.message import MirrorState
from interface.operate.act import By
from interface.operate.pause import pause, resume
from interface.operate.push import push_all, push_rejected, push_rows
from interface.row.mirror import Subject
from interface.view.count import PauseKind
from tests.healthpay24.far_side import (
    LOOKUP_SECS,
    FarSide,
    apply,
    pass_time,
    payment,
    public_id,
    stage,
    stated,
    to_tell,
)
from tests.pipeline.spoken import SECOND, Feed, merge, update

DESK = By("desk", "asked by phone")
UNREACHABLE = WireError("peer-unreachable", "no connection could be made", place="healthpay24")
LOST = UnansweredError("no-answer", "no answer came in time", place="healthpay24")


@pytest.fixture
def far_side(feed: Feed) -> FarSide:
    return FarSide(feed)


def states(feed: Feed) -> dict[MirrorState, int]:
    with feed.store.snapshot() as reader:
        return dict(reader.mirror_count().states)


def test_a_new_account_is_told_after_its_patient_and_before_its_balance(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1", "A1"))
    stage(feed, far_side).run()
    assert [subject for subject, _put in far_side.told] == [Subject.PATIENT, Subject.ACCOUNT, Subject.BALANCE]
    patient = far_side.patient(far_side.names(Subject.PATIENT)[0])
    account = far_side.account(public_id(feed, "A1"))
    assert patient is not None and account is not None
    assert (patient.record.family, patient.record.identifiers[0].value) == ("Tester", "1")
    assert account.record.patient == patient.record.public_id


def test_owners_come_first_also_where_each_round_takes_one_row(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1", "A1"), update("2", "A2"))
    pushing = stage(feed, far_side, batch=1)
    while pushing.run().taken:
        pass
    assert to_tell(feed) == 0
    assert states(feed) == {}
    assert len(far_side.told) == 6


def test_a_repeat_tells_nothing(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1", "A1"))
    pushing = stage(feed, far_side)
    pushing.run()
    told = len(far_side.told)
    apply(feed, update("1", "A1", at=2 * SECOND))
    assert pushing.run().told == 0
    assert len(far_side.told) == told


def test_two_changes_before_a_round_are_told_once_with_the_last_value(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1", family="First"), update("1", family="Second", at=2 * SECOND))
    stage(feed, far_side).run()
    assert [put.record.family for _subject, put in far_side.told] == ["Second"]


def test_a_value_that_comes_back_is_told_again(feed: Feed, far_side: FarSide) -> None:
    pushing = stage(feed, far_side)
    for at, family in enumerate(("First", "Second", "First"), start=1):
        apply(feed, update("1", family=family, at=at * SECOND))
        pushing.run()
    seen = far_side.patient(far_side.names(Subject.PATIENT)[0])
    assert seen is not None and seen.record.family == "First"
    assert len({put.key for _subject, put in far_side.told}) == 3


def test_a_stated_balance_less_a_payment_in_flight_is_what_healthpay24_shows(feed: Feed, far_side: FarSide) -> None:
    apply(feed, stated("A1", 10_000))
    pushing = stage(feed, far_side)
    pushing.run()
    account = public_id(feed, "A1")
    assert far_side.balances([account])[account].record.amount_minor == 10_000
    apply(feed, payment(account, 4_000, "TX1"))
    pushing.run()
    record = far_side.balances([account])[account].record
    assert (record.amount_minor, record.in_flight_minor) == (6_000, 4_000)


def test_a_merge_tells_the_retired_patient_and_moves_its_accounts(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1", "A1"), update("2", "A2"))
    pushing = stage(feed, far_side)
    pushing.run()
    keeper = far_side.account(public_id(feed, "A1"))
    before = far_side.account(public_id(feed, "A2"))
    apply(feed, merge("1", "2", at=3 * SECOND))
    pushing.run()
    after = far_side.account(public_id(feed, "A2"))
    assert keeper is not None and before is not None and after is not None
    retired = far_side.patient(before.record.patient)
    assert retired is not None and retired.record.merged_into == keeper.record.patient
    assert after.record.patient == keeper.record.patient


def test_an_unreachable_healthpay24_loses_nothing(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1", "A1"))
    pushing = stage(feed, far_side)
    far_side.script[Subject.PATIENT] = [UNREACHABLE]
    failed = pushing.run()
    assert (failed.failure, failed.taken, to_tell(feed)) == (UNREACHABLE, 0, 3)
    assert pushing.run().told == 3
    assert to_tell(feed) == 0


def test_a_lost_answer_is_looked_up_and_nothing_is_told_twice(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1"))
    pushing = stage(feed, far_side)
    far_side.script[Subject.PATIENT], far_side.is_lossy = [LOST], True
    assert pushing.run().failure is LOST
    assert states(feed) == {MirrorState.UNKNOWN: 1}
    assert pushing.run().taken == 0  # not before its time
    pass_time(feed, LOOKUP_SECS)
    assert pushing.run().told == 0
    assert (states(feed), to_tell(feed), len(far_side.told)) == ({}, 0, 1)
    assert far_side.asked == [far_side.told[0][1].key]


def test_what_never_arrived_is_told_again_under_its_key(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1"))
    pushing = stage(feed, far_side)
    far_side.script[Subject.PATIENT] = [LOST]
    pushing.run()
    pass_time(feed, LOOKUP_SECS)
    pushing.run()
    assert len({put.key for _subject, put in far_side.told}) == 1
    assert len(far_side.told) == 2
    assert far_side.patient(far_side.names(Subject.PATIENT)[0]) is not None


def test_a_change_after_a_lost_answer_is_told_once_the_first_is_settled(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1", family="First"))
    pushing = stage(feed, far_side)
    far_side.script[Subject.PATIENT], far_side.is_lossy = [LOST], True
    pushing.run()
    apply(feed, update("1", family="Second", at=2 * SECOND))
    pass_time(feed, LOOKUP_SECS)
    pushing.run()
    assert far_side.asked == [far_side.told[0][1].key]
    assert [put.record.family for _subject, put in far_side.told] == ["First", "Second"]
    assert to_tell(feed) == 0


def test_what_is_pending_is_asked_again_with_growing_waits(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1"))
    pushing = stage(feed, far_side)
    far_side.script[Subject.PATIENT] = [Pending("REQ1")]
    far_side.lookups = [Pending("REQ1"), Unknown("REQ1"), Done("P1")]
    pushing.run()
    for wait in (LOOKUP_SECS, 2 * LOOKUP_SECS, 4 * LOOKUP_SECS):
        assert states(feed) == {MirrorState.PENDING: 1}
        pass_time(feed, wait)
        pushing.run()
    assert (states(feed), to_tell(feed)) == ({}, 0)


def test_a_change_while_healthpay24_is_told_is_told_too(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1", family="First"))
    pushing = stage(feed, far_side)
    far_side.meanwhile = [lambda: apply(feed, update("1", family="Second", at=2 * SECOND))]
    pushing.run()
    assert to_tell(feed) == 1
    pushing.run()
    assert [one.record.family for _subject, one in far_side.told] == ["First", "Second"]


def test_a_rejected_row_goes_to_a_person_and_is_told_again_when_it_changes(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1", family="First"))
    pushing = stage(feed, far_side)
    far_side.script[Subject.PATIENT] = [Rejected("name-too-long", "the family name is too long")]
    pushing.run()
    with feed.store.snapshot() as reader:
        (item,) = reader.work_items(only_open=True, beyond_id=0, limit=10)
    assert (item.kind, item.cause, item.acts) == ("rejected-record", "name-too-long", ("push",))
    assert item.subject == f"patient:{far_side.names(Subject.PATIENT)[0]}"
    assert (states(feed), to_tell(feed)) == ({MirrorState.REJECTED: 1}, 0)
    apply(feed, update("1", family="Other", at=2 * SECOND))
    pushing.run()
    with feed.store.snapshot() as reader:
        assert reader.work_items(only_open=True, beyond_id=0, limit=10) == []
    assert states(feed) == {}


def test_what_names_a_rejected_row_waits_for_it(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1", "A1"))
    pushing = stage(feed, far_side)
    far_side.script[Subject.PATIENT] = [Rejected("name-too-long", "the family name is too long")]
    pushing.run()
    assert [subject for subject, _put in far_side.told] == [Subject.PATIENT]
    with feed.store.snapshot() as reader:
        assert len(reader.work_items(only_open=True, beyond_id=0, limit=10)) == 1
    push_rejected(feed.store, DESK)
    pass_time(feed, LOOKUP_SECS)
    pushing.run()
    assert (states(feed), to_tell(feed)) == ({}, 0)


def test_a_person_can_have_a_row_told_again(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1", "A1"), update("2", "A2"))
    pushing = stage(feed, far_side)
    pushing.run()
    far_side.told.clear()
    assert push_rows(feed.store, DESK, [public_id(feed, "A1")]) == 2
    pushing.run()
    assert [subject for subject, _put in far_side.told] == [Subject.ACCOUNT, Subject.BALANCE]
    assert push_all(feed.store, DESK) == 6
    assert pushing.run().told == 6


def test_pushing_what_does_not_exist_is_refused(feed: Feed, far_side: FarSide) -> None:
    with pytest.raises(ActRefusedError, match="not-found"):
        push_rows(feed.store, DESK, ["ac_nothing"])
    with pytest.raises(ActRefusedError, match="nothing-chosen"):
        push_rejected(feed.store, DESK)
    with pytest.raises(ActRefusedError, match="reason-missing"):
        push_all(feed.store, By("desk"))


def test_a_paused_healthpay24_is_told_nothing_until_it_goes_on(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1"))
    pushing = stage(feed, far_side)
    pause(feed.store, DESK, PauseKind.DESTINATION, "healthpay24", ["healthpay24"])
    assert pushing.run().taken == 0
    resume(feed.store, DESK, PauseKind.DESTINATION, "healthpay24")
    assert pushing.run().told == 1


def test_another_rule_of_reckoning_tells_the_facilitys_balances_anew(feed: Feed, far_side: FarSide) -> None:
    apply(feed, stated("A1", 10_000))
    pushing = stage(feed, far_side)
    pushing.run()
    assert pushing.adopt({"NORTH": BalancePolicy()}) == 0
    assert pushing.adopt({"NORTH": BalancePolicy(is_stated=False)}) == 1
    pushing.run()
    account = public_id(feed, "A1")
    assert far_side.balances([account])[account].record.amount_minor == 0
    assert far_side.told[-1][0] is Subject.BALANCE


def test_the_embedded_one_holds_nothing_whose_owner_it_does_not_know(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1", "A1"))
    stage(feed, far_side).run()
    (told,) = [put for subject, put in far_side.told if subject is Subject.ACCOUNT]
    (answer,) = far_side.put_accounts([Put(replace(told.record, patient="pt_stranger"), "k1")])
    assert isinstance(answer, Rejected) and answer.code == "owner-unknown"


def test_putting_again_under_one_key_is_a_repeat(feed: Feed, far_side: FarSide) -> None:
    apply(feed, update("1"))
    stage(feed, far_side).run()
    (put,) = [put for _subject, put in far_side.told]
    (again,) = far_side.put_patients([put])
    assert again == Done(put.record.public_id, is_repeat=True)
