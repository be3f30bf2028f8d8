"""Gauges: how things stand at the moment of asking. Read from the store, not kept, so that none outlives what it tells of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Gauge:
    """One gauge as it is declared; units stand in the name."""

    name: str
    about: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One gauge's value under one set of labels, in the order in which the gauge declares them."""

    name: str
    value: float
    labels: tuple[str, ...] = ()


def _by_name(gauges: Iterable[Gauge]) -> dict[str, Gauge]:
    return {one.name: one for one in gauges}


GAUGES: Final = _by_name(
    (
        Gauge("ready", "1 while the engine can take messages and process them; /health/ready says why it cannot."),
        Gauge("health_checked_timestamp_seconds", "When these gauges were read."),
        Gauge("database_up", "1 while the database takes writes."),
        Gauge("part_up", "Living parts of a kind, of all engines on this database.", ("part", "state")),
        Gauge("part_beat_age_seconds", "Since the last sign of life of a part on this machine.", ("part",)),
        Gauge("channel_listening", "1 while the channel takes connections.", ("channel",)),
        Gauge("channel_connections", "Open connections of senders.", ("channel",)),
        Gauge(
            "channel_sender_clock_seconds",
            "By how much the sender's clock is ahead of ours, behind where negative; 0 within `sender_clock.tolerance_secs`.",
            ("channel",),
        ),
        Gauge("channel_messages", "Messages by the state in which they stand.", ("channel", "state")),
        Gauge("channel_last_arrival_timestamp_seconds", "When the channel's last message arrived.", ("channel",)),
        Gauge("channel_oldest_waiting_seconds", "Age of the oldest message that was not run yet.", ("channel",)),
        Gauge("oldest_unanswered_seconds", "Age of the oldest frame that has no answer yet."),
        Gauge("destination_deliveries", "Deliveries by the state in which they stand.", ("destination", "state")),
        Gauge("destination_oldest_queued_seconds", "Age of the oldest queued delivery.", ("destination",)),
        Gauge(
            "destination_unconfirmed_payments",
            "Payments that were acknowledged and not seen to be posted in time, so that a person was told.",
            ("destination",),
        ),
        Gauge(
            "destination_oldest_unconfirmed_seconds",
            "Since the oldest payment was acknowledged that is not seen to be posted, told to a person or not.",
            ("destination",),
        ),
        Gauge("destination_suspended", "1 while the destination does not answer and is probed.", ("destination",)),
        Gauge("destination_paused", "1 while a person keeps the destination from being sent to.", ("destination",)),
        Gauge("held_messages", "Held and failed messages by cause.", ("state", "kind", "cause")),
        Gauge("work_items_open", "What waits for a person."),
        Gauge("alerts_open", "Alerts that stand.", ("rule",)),
        Gauge("push_backlog_records", "Rows of the ledger that HealthPay24 is to be told of."),
        Gauge("push_oldest_seconds", "Age of the oldest change that HealthPay24 is to be told of."),
        Gauge("disk_free_bytes", "Room left on the disk of the home."),
        Gauge("certificate_days_left", "Days until a certificate ends; negative once it has.", ("owner", "role")),
        Gauge("backup_age_seconds", "Since the last backup was finished."),
    )
)
