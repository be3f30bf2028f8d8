"""Running the engine: ids, locks, configuration versions, work items, audit trail, parts, records."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from interface.errors import ActRefusedError, StoreError
from interface.ledger.noun import Identifier
from interface.ledger.worklist import ItemAct, WorkItem
from interface.row.act import Act
from interface.store.store import SqlStore, open_store
from interface.view.audit import Audited, AuditFilter
from interface.view.configuration import Activation, How, Publishing
from interface.view.count import PartRow, PartState
from tests.made import MadeDatabase
from tests.store.given import START, HandClock


def test_ids_are_never_given_twice(opened: Callable[[], SqlStore]) -> None:
    stores = [opened(), opened()]
    given = [store.allocate("patient") for _ in range(1500) for store in stores]
    given += [opened().allocate("patient")]
    assert len(set(given)) == len(given)


def test_counters_are_apart(store: SqlStore) -> None:
    assert (store.allocate("patient"), store.allocate("account"), store.allocate("patient")) == (1, 1, 2)


def test_ids_are_given_to_any_thread(store: SqlStore) -> None:
    given: list[int] = []
    threads = [
        threading.Thread(target=lambda: given.extend(store.allocate("account") for _ in range(400))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == 1600


def test_wire_ids_fit_and_differ(store: SqlStore) -> None:
    ids = {store.wire_id("allocation", 12) for _ in range(50)}
    assert len(ids) == 50
    assert all(len(one) <= 12 and one.startswith(store.opened.wire_prefix) for one in ids)
    with pytest.raises(StoreError, match="wire-ids-exhausted"):
        store.wire_id("allocation", 5)


def test_a_copy_of_the_database_never_gives_an_id_of_the_original(
    sqlite_url: str, clock: HandClock, environ: dict[str, str], tmp_path: Path
) -> None:
    original = open_store(sqlite_url, clock, environ)
    given = [original.wire_id("allocation", 12)]
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as source, sqlite3.connect(tmp_path / "copy.db") as to:
        source.backup(to)
    original.renew_wire_ids()  # restarted after the backup was made
    given += [original.wire_id("allocation", 12) for _ in range(2_000)]
    clock.at += 60_000_000
    copy = open_store(f"sqlite:///{tmp_path / 'copy.db'}", clock, environ)
    copy.renew_wire_ids()
    given += [copy.wire_id("allocation", 12) for _ in range(2_000)]
    assert len(set(given)) == len(given)
    for store in (original, copy):
        store.close()


def test_a_clock_that_went_back_brings_no_old_prefix_back(opened: Callable[[], SqlStore], clock: HandClock) -> None:
    store = opened()
    first = store.wire_id("allocation", 12)
    clock.at -= 3_600_000_000
    store.renew_wire_ids()
    assert store.wire_id("allocation", 12) > first


def test_ids_and_turns_inside_a_turn_are_refused(store: SqlStore) -> None:
    store.allocate("patient")
    with store.turn("process"):
        for act in (lambda: store.allocate("patient"), lambda: store.wire_id("m", 20), store.check_writable):
            with pytest.raises(StoreError, match="turn-within-turn"):
                act()
    store.check_writable()


def test_a_lane_is_the_same_for_the_same_identifier(opened: Callable[[], SqlStore]) -> None:
    one = Identifier("north", "MR", "777001")
    lane = opened().lane_of(one)
    assert 0 <= lane < 1 << 63
    assert opened().lane_of(one) == lane
    assert opened().lane_of(one._replace(value="777002")) != lane


def test_public_ids_carry_their_kind(store: SqlStore) -> None:
    assert store.new_public_id("acc").startswith("acc_")
    assert store.new_public_id("acc") != store.new_public_id("acc")


def test_a_named_lock_is_held_by_one(opened: Callable[[], SqlStore]) -> None:
    first, second = opened(), opened()
    with first.exclusive("process") as is_held:
        assert is_held
        with second.exclusive("process") as is_held_too, second.exclusive("deliver") as is_other_held:
            assert (is_held_too, is_other_held) == (False, True)
    with second.exclusive("process") as is_held:
        assert is_held


def test_a_part_that_lost_its_lock_writes_no_more(made_postgres: MadeDatabase) -> None:
    url, environ = made_postgres.url, made_postgres.environ
    first, second = (open_store(url, HandClock(), environ) for _ in range(2))
    with first.exclusive("process"):
        with first.turn("process"):
            pass
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            mine = sa.text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
            connection.execute(mine)
        engine.dispose()
        while True:  # the server lets go of the lock a moment after it ended the session
            with second.exclusive("process") as is_held:
                if is_held:
                    break
        with pytest.raises(StoreError, match="lock-lost"), first.turn("process"):
            pass
        with first.turn("receive"):
            pass
    for store in (first, second):
        store.close()


def test_the_same_files_are_the_same_version(store: SqlStore, clock: HandClock) -> None:
    with store.snapshot() as reader:
        assert reader.active_config() is None
    with store.turn("publish") as turn:
        first = turn.keep_config({"channels/epic.yaml": "a: 1"}, "d1", clock.at)
        second = turn.keep_config({"channels/epic.yaml": "a: 2"}, "d2", clock.at)
        again = turn.keep_config({"channels/epic.yaml": "a: 1"}, "d1", clock.at)
        turn.activate_config(second, Publishing(clock.at, "kim"))
        turn.activate_config(again, Publishing(clock.at, "kim"))
    assert (again, second) == (first, first + 1)
    with store.snapshot() as reader:
        assert reader.active_config() == (first, {"channels/epic.yaml": "a: 1"})
        assert reader.config_files(second) == {"channels/epic.yaml": "a: 2"}


def test_what_was_active_is_listed_with_who_and_why(store: SqlStore, clock: HandClock) -> None:
    with store.turn("publish") as turn:
        assert turn.active_config_id() == 0
        first = turn.keep_config({"channels/epic.yaml": "a: 1"}, "d1", clock.at)
        second = turn.keep_config({"channels/epic.yaml": "a: 2"}, "d2", clock.at)
        turn.activate_config(first, Publishing(clock.at, "kim"))
        asked = Publishing(clock.at + 1, "lee", How.APPLY, "test", "as the site asked", "channel epic: a", first)
        turn.activate_config(second, asked)
        turn.activate_config(
            second, Publishing(clock.at + 2, "lee", environment="test")
        )  # active already: nothing happened
    with store.snapshot() as reader:
        assert reader.active_config_id() == second
        newest, oldest = reader.activations(10)
        assert reader.activations(1) == [newest]
    assert (oldest.config_id, oldest.actor, oldest.how) == (first, "kim", How.RUN)
    assert newest == Activation(
        newest.number, second, clock.at + 1, "lee", How.APPLY, "test", "as the site asked", "channel epic: a"
    )


def test_a_version_is_not_put_in_the_place_of_another_than_was_meant(store: SqlStore, clock: HandClock) -> None:
    with store.turn("publish") as turn:
        first = turn.keep_config({"channels/epic.yaml": "a: 1"}, "d1", clock.at)
        second = turn.keep_config({"channels/epic.yaml": "a: 2"}, "d2", clock.at)
        turn.activate_config(first, Publishing(clock.at, "kim"))
    with pytest.raises(ActRefusedError, match="version-moved"), store.turn("publish") as turn:
        turn.activate_config(second, Publishing(clock.at, "kim", instead_of=0))
    with store.snapshot() as reader:
        assert reader.active_config_id() == first


def test_more_of_the_same_counts_up_one_work_item(store: SqlStore, clock: HandClock) -> None:
    item = WorkItem("broken-mapping", "channel:epic", "path-wrong", (ItemAct.RELEASE,))
    with store.turn("process") as turn:
        turn.open_work_items([item, WorkItem("money", "account:acc_1", "repeat", (), 2500, "JPY")])
    clock.at += 5
    with store.turn("process") as turn:
        turn.open_work_items([item, item])
    with store.snapshot() as reader:
        counted, money = reader.work_items(only_open=True, beyond_id=0, limit=10)
        assert reader.work_items(only_open=True, beyond_id=counted.id, limit=10) == [money]
    assert (counted.count, counted.opened_at, counted.last_at, counted.acts) == (3, START, START + 5, ("release",))
    assert (counted.amount_minor, counted.currency) == (None, "")
    assert (money.amount_minor, money.currency) == (2500, "JPY")


def test_a_closed_work_item_tells_who_and_why_and_opens_anew(store: SqlStore) -> None:
    item = WorkItem("ambiguous-delivery", "delivery:1", "epic/dft:reply-timeout")
    with store.turn("process") as turn:
        turn.open_work_items([item])
        turn.close_work_items("ambiguous-delivery", "delivery:1", "the EHR has it", "kim")
        turn.open_work_items([item])
    with store.snapshot() as reader:
        closed, opened = reader.work_items(only_open=False, beyond_id=0, limit=10)
        told = reader.work_item(closed.id)
        assert reader.work_item(99) is None
    assert (bool(closed.closed_at), bool(opened.closed_at)) == (True, False)
    assert told is not None
    assert [(line.what, line.actor, line.text) for line in told.history] == [
        ("opened", "engine", ""),
        ("closed", "kim", "the EHR has it"),
    ]
    with store.turn("act") as turn:
        assert turn.close_work_item(opened.id, "done", "kim")
        assert not turn.close_work_item(opened.id, "done", "kim")


def test_a_part_beats(store: SqlStore) -> None:
    part = PartRow("listen", 4711, "host", PartState.RUNNING, START, START)
    later = PartRow("listen", 4711, "host", PartState.STOPPED, START, START + 9)
    other = PartRow("listen", 4712, "host", PartState.STANDING_BY, START + 1, START + 9)
    beat(store, part, later, other)
    with store.snapshot() as reader:
        assert reader.parts() == [later, other]


def test_a_part_that_has_been_silent_for_hours_is_forgotten(store: SqlStore) -> None:
    old = PartRow("listen", 4711, "host", PartState.RUNNING, START, START)
    new = PartRow("listen", 9, "other", PartState.RUNNING, START, START + 2 * 3_600_000_000)
    beat(store, old, new)
    with store.snapshot() as reader:
        assert reader.parts() == [new]


def beat(store: SqlStore, *parts: PartRow) -> None:
    for one in parts:
        with store.turn("beat") as turn:
            turn.beat(one)


def test_a_record_is_kept_once(store: SqlStore) -> None:
    with store.turn("record") as turn:
        turn.add_record("payment", "key-1", b"first")
        turn.add_record("account", "key-1", b"other")
    with store.snapshot() as reader:
        assert reader.record("payment", "key-1") == b"first"
        assert reader.record("account", "key-1") == b"other"
        assert reader.record("payment", "key-3") is None
    with pytest.raises(ActRefusedError, match="record-exists"), store.turn("record") as turn:
        turn.add_record("payment", "key-1", b"second")


def test_of_two_that_ask_under_one_key_at_once_only_one_goes_on(opened: Callable[[], SqlStore]) -> None:
    stores = [opened(), opened()]
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def take(store: SqlStore) -> None:
        together.wait()
        try:
            with store.turn("pay") as turn:
                if turn.record("payment", "key-1") is not None:
                    raise ActRefusedError("record-exists", "seen")
                turn.add_record("payment", "key-1", b"taken")
            outcomes.append("taken")
        except ActRefusedError:
            outcomes.append("refused")

    threads = [threading.Thread(target=take, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "taken"]


def test_the_audit_trail_keeps_what_was_said(store: SqlStore) -> None:
    with store.turn("act") as turn:
        turn.audit([Act("kim", "release", "message:7", "the ward called", {"count": 2})])
    with store.snapshot() as reader:
        (told,) = reader.audited_on(["message:7"])
        assert reader.audited_on(["message:8"]) == []
    assert told == Audited(told.id, START, "kim", "release", "message:7", "the ward called", {"count": 2})


def test_an_act_on_many_things_is_found_by_each_of_them(store: SqlStore) -> None:
    with store.turn("act") as turn:
        turn.audit(
            [
                Act("kim", "release", "messages:3..9", "", {"ids": [3, 9]}),
                Act("kim", "replay", "messages:5..20", "", {"total": 4}),
                Act("kim", "resend", "deliveries:3..9", "", {"ids": [3, 9]}),
            ]
        )
    with store.snapshot() as reader:
        found = {number: [one.verb for one in reader.audited_on([f"message:{number}"])] for number in (3, 7, 9, 21)}
        assert [one.verb for one in reader.audited_on(["delivery:9"])] == ["resend"]
    assert found == {3: ["release"], 7: ["replay"], 9: ["release", "replay"], 21: []}


def test_the_trail_is_read_by_page_actor_and_time(store: SqlStore, clock: HandClock) -> None:
    with store.turn("act") as turn:
        turn.audit([Act("kim", "look", "message:1"), Act("nora", "look", "message:2")])
    clock.at += 10
    with store.turn("act") as turn:
        turn.audit([Act("kim", "look", "message:3")])

    def subjects(wanted: AuditFilter) -> list[str]:
        with store.snapshot() as reader:
            return [one.subject for one in reader.audit_trail(wanted)]

    assert subjects(AuditFilter(actor="kim")) == ["message:1", "message:3"]
    assert subjects(AuditFilter(since=START + 1)) == ["message:3"]
    assert subjects(AuditFilter(newest_first=True, limit=2)) == ["message:3", "message:2"]
