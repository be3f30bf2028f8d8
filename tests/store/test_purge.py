"""What a purge takes and what it never takes."""

from collections import Counter
from dataclasses import replace

import pytest
import sqlalchemy as sa

from interface.ledger.change import LedgerChanges
from interface.message import DeliveryState, MessageState
from interface.pipeline.purge import PurgeStage, preview
from interface.row.act import Act
from interface.row.delivery import Outcome
from interface.row.message import PLACES, Membership
from interface.row.purge import DAY_MICROS, Rule, Why
from interface.store.schema import METADATA
from interface.store.store import SqlStore
from interface.view.delivery import DeliveryFilter
from interface.view.message import MessageFilter
from tests.store.given import START, HandClock, finish, intake, patient, receive, run, wanted
from tests.store.purging import KEEPING, NOW, OLD, PACE, RULES, SETTLED, Case, bodies, cases, make, purge


def test_nothing_goes_that_is_still_needed_and_all_else_goes(store: SqlStore, clock: HandClock) -> None:
    sealed = store.seal(LedgerChanges(created=[patient()]))
    with store.turn("process") as turn:
        turn.save(sealed, 1)
    made = cases(1)
    accounts: list[int] = []
    newer = [number for number, case in enumerate(made) if case.has == "newer run" and case.state in SETTLED]
    ids = {number: make(store, number, case, accounts) for number, case in enumerate(made) if number not in newer}
    store.take_baseline("code")
    ids |= {number: make(store, number, made[number], accounts) for number in newer}
    before = bodies(store)
    clock.at = NOW
    expected = {ids[number] for number, case in enumerate(made) if case.goes}
    foreseen = preview(store, clock, KEEPING)
    report = purge(store, clock)
    gone = before - bodies(store)
    assert {made[number] for number in ids if ids[number] in gone ^ expected} == set()
    told = {one.rule: one.rows for one in report.rules}
    wanted_counts = Counter(RULES[case.state] for case in made if case.goes)
    assert {rule: told[rule] for rule in set(RULES.values())} == dict(wanted_counts)
    assert {one.rule: one.rows for one in foreseen.rules if one.rule in RULES.values()} == dict(wanted_counts)
    assert purge(store, clock).rows == 0, "a second run finds nothing more"


@pytest.mark.parametrize(
    ("has", "why"),
    [
        ("item", Why.WORK_ITEM), ("lane", Why.LANE), ("replay", Why.REPLAY), ("copy", Why.COPY),
        ("unposted", Why.UNPOSTED), ("answer", Why.UNDELIVERED), ("recent run", Why.RECENT), ("newer run", Why.PROOF),
    ],
)  # fmt: skip
def test_a_preview_tells_why_something_stays(store: SqlStore, clock: HandClock, has: str, why: Why) -> None:
    sealed = store.seal(LedgerChanges(created=[patient()]))
    with store.turn("process") as turn:
        turn.save(sealed, 1)
    if has != "newer run":
        make(store, 1, Case(MessageState.PROCESSED, True, has), [])
    store.take_baseline("code")
    if has == "newer run":
        make(store, 1, Case(MessageState.PROCESSED, True, has), [])
    clock.at = NOW
    assert preview(store, clock, KEEPING).rules[0].kept == {why: 1}


def processed(store: SqlStore, count: int) -> list[int]:
    """Old messages that nothing needs any more."""
    ids = [make(store, number, Case(MessageState.PROCESSED, True, ""), []) for number in range(1, count + 1)]
    store.take_baseline("code")
    return ids


def heard_since(store: SqlStore, days: int) -> int:
    """A message that came and ran so many days later: the newest run is never purged."""
    at = START + days * DAY_MICROS
    (found,) = receive(store, intake(5_000, arrived_at=at))
    finish(store, replace(run(found.message_id), started_at=at, ended_at=at))
    return found.message_id


def test_each_step_is_an_act_with_what_it_took(store: SqlStore, clock: HandClock) -> None:
    ids = processed(store, 20)
    clock.at = NOW
    purge(store, clock)
    with store.snapshot() as reader:
        acts = [one for one in reader.audited_on([f"message:{ids[0]}"]) if one.details["rule"] == "processed-bodies"]
        every = [one for number in ids for one in reader.audited_on([f"message:{number}"])]
    (act,) = acts
    assert (act.actor, act.verb, act.reason) == ("engine", "purge", "kept for 100 days")
    assert act.details["rows"] == len(act.details["ids"]) <= PACE.step_rows
    assert act.details["bytes"] > 0
    assert {number for one in every for number in one.details["ids"]} >= set(ids)


def test_counts_of_what_came_stay_as_they_were(store: SqlStore, clock: HandClock) -> None:
    ids = processed(store, 5)
    receive(store, intake(1))  # a repeat
    heard_since(store, 250)
    clock.at = NOW
    purge(store, clock)
    with store.snapshot() as reader:
        (counted,) = reader.channel_counts()
        assert reader.count_messages(MessageFilter()) == 6
    assert (counted.received, counted.duplicates, counted.states[MessageState.PROCESSED]) == (7, 1, 6)
    assert (counted.purged_bodies, counted.forgotten) == (len(ids), 0)
    clock.at = START + 260 * DAY_MICROS
    purge(store, clock)
    with store.snapshot() as reader:
        (counted,) = reader.channel_counts()
        assert reader.count_messages(MessageFilter()) == len(reader.messages(MessageFilter())) == 1
    assert (counted.received, counted.duplicates, counted.states[MessageState.PROCESSED]) == (7, 1, 6)
    assert (counted.purged_bodies, counted.forgotten) == (5, 5)


def test_a_repeat_is_recognised_as_long_as_the_row_is_kept(store: SqlStore, clock: HandClock) -> None:
    (first,) = processed(store, 1)
    heard_since(store, 390)
    clock.at = NOW
    purge(store, clock)
    (again,) = receive(store, intake(1, arrived_at=NOW))
    assert (again.message_id, again.is_duplicate, again.answer) == (first, True, "AA")
    clock.at = START + 200 * DAY_MICROS
    purge(store, clock)
    with store.snapshot() as reader:
        assert reader.message(first) is not None, "it came again lately"
    clock.at = START + 400 * DAY_MICROS
    purge(store, clock)
    with store.snapshot() as reader:
        assert reader.message(first) is None
        gone = reader.forgotten(first)
        assert reader.forgotten(first + 99) is None
    assert gone is not None and gone.rule == "messages"
    (anew,) = receive(store, intake(1, arrived_at=clock.at))
    assert not anew.is_duplicate


def test_what_a_message_was_found_by_goes_with_its_row(store: SqlStore, clock: HandClock) -> None:
    processed(store, 3)
    clock.at = START + 400 * DAY_MICROS
    young = heard_since(store, 400)
    purge(store, clock)
    with store.snapshot() as reader:
        keys = reader.transaction.connection.execute(sa.select(METADATA.tables["search_key"].c.message_id))
        assert set(keys.scalars()) == {young}


def test_a_batch_is_kept_as_long_as_a_message_that_it_brought(store: SqlStore, clock: HandClock) -> None:
    (batch,) = receive(store, intake(1, message_type="BHS"))
    (member,) = receive(store, intake(2, member=Membership(batch.message_id, 1, PLACES + 1)))
    finish(store, run(batch.message_id), run(member.message_id))
    store.take_baseline("code")
    clock.at = START + 400 * DAY_MICROS
    heard_since(store, 400)
    purge(store, clock)
    with store.snapshot() as reader:
        kept = [reader.message(one.message_id) is not None for one in (batch, member)]
    assert kept == [True, False]
    purge(store, clock)
    with store.snapshot() as reader:
        assert reader.message(batch.message_id) is None


def test_a_refused_message_whose_bytes_went_runs_anew_when_it_comes_again(store: SqlStore, clock: HandClock) -> None:
    message_id = make(store, 1, Case(MessageState.REFUSED, True, ""), [])
    clock.at = NOW
    purge(store, clock)
    assert message_id not in bodies(store)
    (again,) = receive(store, intake(1, arrived_at=NOW))
    assert (again.message_id, again.state) == (message_id, MessageState.WAITING)
    with store.snapshot() as reader:
        assert [one.id for one in reader.waiting(10)] == [message_id]
        (row,) = reader.messages(MessageFilter())
    assert not row.is_purged


def test_the_payload_of_a_settled_delivery_goes_and_the_delivery_stays(store: SqlStore, clock: HandClock) -> None:
    sealed = store.seal(LedgerChanges(created=[patient()]))
    with store.turn("process") as turn:
        turn.save(sealed, 1)
    for number, has in enumerate(("posted", "unposted", "payment item")):
        make(store, number, Case(MessageState.PROCESSED, True, has), [])
        with store.turn("send") as turn:
            (delivery,) = turn.enqueue([wanted(f"allocation:{number + 1}", payload=b"MSH|")])
            turn.begin_attempt(delivery, b"MSH|", f"W{number}", OLD)
            turn.end_attempt(delivery, Outcome(DeliveryState.DELIVERED, OLD, "AA", reply=b"MSA|AA"))
    clock.at = NOW
    purge(store, clock)
    with store.snapshot() as reader:
        kept = [reader.payload(number) is not None for number in (1, 2, 3)]
        gone = reader.purged_payload(1)
        assert [len(one.attempts) for one in reader.deliveries(DeliveryFilter())] == [0, 1, 1]
    assert kept == [False, True, True]
    assert gone is not None and gone.rule == "deliveries"


def test_old_links_of_the_audit_chain_go_with_their_rows_and_the_rest_is_proven(
    store: SqlStore, clock: HandClock
) -> None:
    for day in (0, 1, 120):
        clock.at = START + day * DAY_MICROS
        with store.turn("act") as turn:
            turn.audit([Act("kim", "look", "message:1")])
        store.seal_audit()
    clock.at = NOW
    report = purge(store, clock)
    store.seal_audit()
    with store.snapshot() as reader:
        proof = reader.prove_audit(None)
        verbs = [one.verb for one in reader.audited_on(["message:1"])]
    assert (report.rules[-1].rule, report.rules[-1].rows) == (Rule.AUDIT, 2)
    assert (proof.found, proof.seals, verbs) == ((), 2, ["look"])


def test_the_newest_seal_stays_however_old(store: SqlStore, clock: HandClock) -> None:
    with store.turn("act") as turn:
        turn.audit([Act("kim", "look", "message:1")])
    store.seal_audit()
    clock.at = NOW
    assert purge(store, clock).rules[-1].rows == 0
    with store.snapshot() as reader:
        assert reader.prove_audit(None).found == ()


def test_a_purge_that_is_told_to_stop_ends_after_its_step(store: SqlStore, clock: HandClock) -> None:
    ids = processed(store, 20)
    clock.at = NOW
    report = PurgeStage(store, clock, KEEPING, PACE, "engine", lambda _secs: True).run()
    assert (report.is_whole, 0 < report.rows <= PACE.step_rows) == (False, True)
    assert len(bodies(store)) == len(ids) - report.rows


def test_numbers_of_runs_go_on_after_all_old_ones_went(store: SqlStore, clock: HandClock) -> None:
    processed(store, 3)
    with store.snapshot() as reader:
        base = reader.baseline()
    clock.at = NOW
    purge(store, clock)
    make(store, 9, Case(MessageState.PROCESSED, False, ""), [])
    assert base is not None
    with store.snapshot() as reader:
        (new,) = reader.runs(base.beyond_run, 10)
    assert new.id > base.beyond_run
