"""Which pictures of health are alerts, and which rules switch them off."""

from dataclasses import replace

import pytest

from interface.alarm import Rules
from interface.message import DeliveryState, HoldKind, MessageState
from interface.operate.conditions import Watched, conditions
from interface.operate.health import CertificateStanding, Health, Reason, Surroundings
from interface.operate.status import Status
from interface.row.mirror import MirrorCount
from interface.view.count import ChannelCount, DestinationCount, HeldCount, PartRow, PartState, PauseKind, PauseRow

SECOND = 1_000_000
HOUR = 3600 * SECOND
NOW = 1_790_000_000 * SECOND
CHANNEL = ChannelCount("epic", 10, 0, {MessageState.PROCESSED: 10}, last_arrival_at=NOW - 3 * HOUR)
DESTINATION = DestinationCount("epic/dft", {}, 0)
CERTIFICATE = CertificateStanding("epic", "certificate", "a.pem", "f00", NOW, days_left=20)
STATUS = Status(NOW, (CHANNEL,), (DESTINATION,), (), (), (), 0, MirrorCount(0, 0, {}), None)
WELL = Health(NOW, (), (), Surroundings("0.1.0", disk_free_bytes=9 * 10**9, certificates=(CERTIFICATE,)), STATUS)
WATCHED = Watched(NOW - 100 * HOUR, {"epic": 0.0})


def found(health: Health, rules: Rules | None = None, watched: Watched = WATCHED) -> list[tuple[str, str]]:
    return [(one.rule, one.subject) for one in conditions(health, rules or Rules(), watched)]


def channel(**changes: object) -> Health:
    return replace(WELL, status=replace(STATUS, channels=(replace(CHANNEL, **changes),)))


def destination(**changes: object) -> Health:
    return replace(WELL, status=replace(STATUS, destinations=(replace(DESTINATION, **changes),)))


def around(**changes: object) -> Health:
    return replace(WELL, surroundings=replace(WELL.surroundings, **changes))


def reason(code: str, place: str) -> Health:
    return replace(WELL, reasons=(Reason(code, place, "text"),))


WAITING = {MessageState.WAITING: 4}
ILL = [
    (destination(suspended_at=NOW - HOUR), ("destination-suspended", "epic/dft"), {"destination_suspended": False}),
    (
        destination(states={DeliveryState.QUEUED: 3}, oldest_queued_at=NOW - HOUR),
        ("queue-old", "epic/dft"),
        {"queue_older_minutes": 0},
    ),
    (
        destination(states={DeliveryState.AMBIGUOUS: 1}),
        ("payment-ambiguous", "epic/dft"),
        {"payment_ambiguous": False},
    ),
    (destination(unconfirmed=2), ("payment-unconfirmed", "epic/dft"), {"payment_unconfirmed": False}),
    (channel(states=WAITING, oldest_waiting_at=NOW - HOUR), ("waiting-old", "epic"), {"waiting_older_minutes": 0}),
    (channel(states={MessageState.FAILED: 1}), ("messages-failed", "epic"), {"messages_failed": False}),
    (
        replace(WELL, held=(HeldCount(MessageState.HELD, HoldKind.BROKEN_MAPPING, "code-unknown", 37),)),
        ("mapping-broken", "code-unknown"),
        {"mapping_broken": False},
    ),
    (around(disk_free_bytes=10**9), ("disk-low", "home"), {"disk_left_gigabytes": 0}),
    (
        around(certificates=(replace(CERTIFICATE, days_left=13),)),
        ("certificate-ends", "epic certificate"),
        {"certificate_days": 0},
    ),
    (
        around(certificates=(replace(CERTIFICATE, days_left=-2),)),
        ("certificate-ends", "epic certificate"),
        {"certificate_days": 0},
    ),
    (
        around(certificates=(replace(CERTIFICATE, code="tls-file-missing"),)),
        ("certificate-ends", "epic certificate"),
        {"certificate_days": 0},
    ),
    (around(has_key=False), ("key-gone", "master key"), {"key_gone": False}),
    (around(database_skew_micros=-9 * SECOND), ("clock-skewed", "database"), {"clock_skew_secs": 0}),
    (reason("process-down", "process"), ("part-down", "process"), {"part_down": False}),
    (reason("process-stuck", "process 7"), ("part-stuck", "process"), {"part_down": False}),
    (
        replace(WELL, concerns=(Reason("channel-closed", "lab", "text"),)),
        ("channel-closed", "lab"),
        {"channel_closed": False},
    ),
    (
        replace(WELL, concerns=(Reason("sender-clock", "epic", "text"),)),
        ("sender-clock", "epic"),
        {"sender_clock": False},
    ),
]


def test_a_well_engine_has_no_alert() -> None:
    assert found(WELL) == []


@pytest.mark.parametrize(
    ("health", "expected", "off"), ILL, ids=[f"{one[1][0]}-{number}" for number, one in enumerate(ILL)]
)
def test_what_is_wrong_is_an_alert_unless_its_rule_is_off(
    health: Health, expected: tuple[str, str], off: dict[str, object]
) -> None:
    assert found(health) == [expected]
    assert found(health, Rules.model_validate(off)) == []


def test_a_part_that_starts_again_and_again_is_told() -> None:
    rows = tuple(
        PartRow("process", pid, "node", PartState.RUNNING, NOW - pid * SECOND, NOW) for pid in (10, 60, 120, 400, 900)
    )
    assert found(replace(WELL, rows=rows)) == [("part-restarts", "process on node")]
    assert found(replace(WELL, rows=rows[1:])) == []


def test_a_channel_may_be_silent_for_as_long_as_it_says() -> None:
    assert found(WELL, watched=replace(WATCHED, silent_hours={"epic": 2.0})) == [("channel-silent", "epic")]
    assert found(WELL, watched=replace(WATCHED, silent_hours={"epic": 4.0})) == []


def test_a_channel_that_never_spoke_is_silent_since_we_look() -> None:
    quiet = channel(last_arrival_at=0)
    assert found(quiet, watched=Watched(NOW - HOUR, {"epic": 2.0})) == []
    assert found(quiet, watched=Watched(NOW - 3 * HOUR, {"epic": 2.0})) == [("channel-silent", "epic")]


def test_what_a_person_paused_is_no_alert() -> None:
    paused = PauseRow(PauseKind.CHANNEL, "epic", NOW, "nora", "epic")
    waiting = channel(states=WAITING, oldest_waiting_at=NOW - HOUR)
    assert waiting.status is not None
    assert found(replace(waiting, status=replace(waiting.status, pauses=(paused,)))) == []
    queued = destination(states={DeliveryState.QUEUED: 3}, oldest_queued_at=NOW - HOUR, paused_by="nora")
    assert found(queued) == []


def test_backups_are_asked_for_only_where_a_limit_is_set() -> None:
    rules = Rules(backup_older_days=1)
    assert found(WELL, rules) == [("backup-old", "database")]
    assert found(replace(WELL, last_backup_at=NOW - 2 * HOUR), rules) == []


def test_without_a_database_only_what_needs_none_is_judged() -> None:
    assert found(replace(around(disk_free_bytes=10**9), status=None)) == [("disk-low", "home")]
