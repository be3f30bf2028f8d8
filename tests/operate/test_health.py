"""Whether the engine is well, on both databases: what keeps it from being ready, and what the gauges say."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from interface.errors import StoreError, StoreUnavailableError
from interface.operate.act import By
from interface.operate.backup import backup
from interface.operate.health import Health, Surroundings, health
from interface.operate.health_json import health_json
from interface.operate.measure import readings
from interface.operate.status import Known
from interface.row.backup import BackupPace
from interface.view.count import Ear, PartRow, PartState, Vitals
from tests.operate.copies import Take, silent
from tests.operate.desk import BROKEN, UNUSABLE, Desk

HERE = "this-machine"
SECOND = 1_000_000
OPEN = Ear("epic", "127.0.0.1:2575", is_open=True, connections=3)
AROUND = Surroundings("0.1.0", config_id=1, disk_free_bytes=5_000_000_000)


def beat(desk: Desk, name: str, *, ago_secs: float = 0, **changes: object) -> None:
    """A part of this machine that beat some time ago."""
    at = desk.clock.now() - int(ago_secs * SECOND)
    vitals = Vitals(ears=(OPEN,)) if name == "listen" else Vitals(worked_at=at)
    row = replace(PartRow(name, 7, HERE, PartState.RUNNING, at, at, vitals), **changes)
    with desk.store.turn("beat") as turn:
        turn.beat(row)


def look(desk: Desk, around: Surroundings = AROUND, known: Known = Known(("epic",))) -> Health:  # noqa: B008 - a constant
    return health(desk.store, desk.clock, known, around, stuck_secs=60, host=HERE)


def codes(found: Health) -> list[str]:
    return [reason.code for reason in found.reasons]


def gauge(found: Health, name: str, *labels: str) -> float:
    (value,) = (one.value for one in readings(found) if one.name == name and one.labels == labels)
    return value


@pytest.fixture
def well(desk: Desk) -> Iterator[Desk]:
    beat(desk, "listen")
    beat(desk, "process")
    yield desk


def test_an_engine_whose_parts_beat_is_ready(well: Desk) -> None:
    assert look(well).is_ready


def test_a_channel_over_fhir_has_no_listener_that_could_be_closed(well: Desk) -> None:
    assert look(well, known=Known(("epic", "web"), over_fhir=("web",))).concerns == ()


def test_an_engine_whose_channels_are_all_over_fhir_is_ready(well: Desk) -> None:
    beat(well, "listen", vitals=Vitals())
    found = look(well, known=Known(("web",), over_fhir=("web",)))
    assert (found.is_ready, found.concerns) == (True, ())


def test_no_engine_is_not_ready(desk: Desk) -> None:
    assert codes(look(desk)) == ["listen-down", "process-down"]


def test_a_part_that_stopped_beating_is_down(well: Desk) -> None:
    beat(well, "process", ago_secs=11)
    found = look(well)
    assert codes(found) == ["process-down"]
    assert [one.name for one in found.lost] == ["process"]
    assert [one for one in readings(found) if one.name == "part_up" and "process" in one.labels] == []


def test_a_part_that_was_stopped_on_purpose_is_not_lost(well: Desk) -> None:
    beat(well, "process", state=PartState.STOPPED)
    assert look(well).lost == ()


def test_an_older_process_that_was_followed_by_another_is_not_lost(well: Desk) -> None:
    beat(well, "process", ago_secs=300, pid=6)
    assert look(well).lost == ()


def test_a_part_that_beats_and_does_not_come_round_is_stuck(well: Desk) -> None:
    beat(well, "process", vitals=Vitals(worked_at=well.clock.now() - 61 * SECOND))
    assert codes(look(well)) == ["process-stuck"]


def test_an_intake_that_does_not_come_round_is_stuck(well: Desk) -> None:
    beat(well, "listen", vitals=Vitals(ears=(OPEN,), worked_at=well.clock.now() - 61 * SECOND))
    assert codes(look(well)) == ["listen-stuck"]


def test_another_machine_may_process_but_not_listen_for_this_one(desk: Desk) -> None:
    beat(desk, "listen", host="another")
    beat(desk, "process", host="another")
    assert codes(look(desk)) == ["listen-down"]


def test_one_closed_channel_is_a_concern_and_all_of_them_a_reason(well: Desk) -> None:
    closed = replace(OPEN, channel="lab", is_open=False)
    beat(well, "listen", vitals=Vitals(ears=(OPEN, closed)))
    found = look(well, known=Known(("epic", "lab")))
    assert found.is_ready
    assert [one.place for one in found.concerns] == ["lab"]
    beat(well, "listen", vitals=Vitals(ears=(closed,)))
    assert codes(look(well)) == ["all-closed"]


def test_a_key_that_is_gone_is_told_while_everything_still_runs(well: Desk) -> None:
    assert codes(look(well, replace(AROUND, has_key=False))) == ["key-missing"]


def test_a_database_that_takes_nothing_is_the_reason(well: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise StoreUnavailableError("database-unavailable", "no room is left", place="database")

    monkeypatch.setattr(well.store, "check_writable", refuse)
    found = look(well)
    assert codes(found) == ["database-unavailable"]
    assert {one.name for one in readings(found)} == {
        "ready",
        "database_up",
        "disk_free_bytes",
        "health_checked_timestamp_seconds",
    }
    assert health_json(found)["ready"] is False


def test_only_a_database_of_its_own_has_a_clock_of_its_own(well: Desk) -> None:
    is_sqlite = well.store.opened.engine.dialect.name == "sqlite"
    with well.store.snapshot() as reader:
        assert (reader.database_now() is None) == is_sqlite


def test_what_waits_for_its_answer_is_aged(well: Desk) -> None:
    since = well.clock.now() - 4 * SECOND
    beat(well, "listen", vitals=Vitals(ears=(OPEN,), oldest_unanswered_at=since))
    assert gauge(look(well), "oldest_unanswered_seconds") == pytest.approx(4, abs=0.01)


def test_held_and_failed_messages_are_counted_by_cause(well: Desk) -> None:
    well.hear(("7001", BROKEN), ("7002", BROKEN), ("7003", UNUSABLE))
    found = look(well)
    assert [(one.state, one.kind, one.cause, one.count) for one in found.held] == [
        ("held", "broken-mapping", "target-unknown", 2),
        ("failed", "", "event-unusable", 1),
    ]
    assert gauge(found, "held_messages", "held", "broken-mapping", "target-unknown") == 2
    assert gauge(found, "work_items_open") == 2


def test_connections_are_those_that_the_listening_part_tells_of(well: Desk) -> None:
    assert gauge(look(well), "channel_connections", "epic") == 3


def test_a_finished_backup_is_remembered(well: Desk, take: Take) -> None:
    assert look(well).last_backup_at == 0
    take()
    assert 0 < look(well).last_backup_at < well.clock.now()


def test_a_backup_that_failed_does_not_count(well: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_arguments: object) -> None:
        raise StoreError("backup-not-written", "no room")

    monkeypatch.setattr(well.store, "backup", fail)
    with pytest.raises(StoreError):
        backup(well.store, By("nora"), tmp_path / "x", BackupPace(), silent)
    assert look(well).last_backup_at == 0
