"""Alerts: a condition with one start and one recovery, and what people were told of it. Times are UTC microseconds, 0 for none."""

from dataclasses import dataclass
from enum import StrEnum

KIND = "alert"  # of deliveries that carry one


class Rule(StrEnum):
    """What an alert can be about."""

    DESTINATION_SUSPENDED = "destination-suspended"
    QUEUE_OLD = "queue-old"
    CHANNEL_SILENT = "channel-silent"
    CHANNEL_CLOSED = "channel-closed"
    WAITING_OLD = "waiting-old"
    MAPPING_BROKEN = "mapping-broken"
    MESSAGES_FAILED = "messages-failed"
    PAYMENT_AMBIGUOUS = "payment-ambiguous"
    PAYMENT_UNCONFIRMED = "payment-unconfirmed"
    DISK_LOW = "disk-low"
    CERTIFICATE_ENDS = "certificate-ends"
    PART_DOWN = "part-down"
    PART_RESTARTS = "part-restarts"
    PART_STUCK = "part-stuck"
    KEY_GONE = "key-gone"
    DATABASE_AWAY = "database-away"
    CLOCK_SKEWED = "clock-skewed"
    SENDER_CLOCK = "sender-clock"
    BACKUP_OLD = "backup-old"


class TellingKind(StrEnum):
    """What is told."""

    START = "start"
    RECOVERY = "recovery"
    SUMMARY = "summary"  # of starts and recoveries that were too many to be told one by one
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that holds now. `subject` is a name of the configuration; `text` counts, `more` is the command that shows more."""

    rule: str
    subject: str
    text: str
    more: str
    since: int = 0  # where it is known to hold for longer than it was looked at


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. It begins when its condition is seen first and ends when that was gone for good; in between it may come and go."""

    rule: str
    subject: str
    text: str
    more: str
    began_at: int
    id: int = 0  # 0: not stored yet
    gone_at: int = 0  # since when the condition does not hold
    ended_at: int = 0
    start_told_at: int = 0
    end_told_at: int = 0
    times: int = 1  # how often the condition came


@dataclass(frozen=True, slots=True)
class Telling:
    """Something that people are told, and of which alerts."""

    kind: TellingKind
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class ToldRow:
    """A telling as it was stored. `alert_id` is 0 for what is about none or many."""

    id: int
    at: int
    kind: TellingKind
    alert_id: int
    text: str
