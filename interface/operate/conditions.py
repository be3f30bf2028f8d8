"""Which conditions of one picture of health are alerts. Names, ids and counts only; each names the command that shows more."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from interface.alarm import Rules
from interface.message import DeliveryState, HoldKind, MessageState
from interface.operate.health import SECOND, Health
from interface.operate.status import Status
from interface.view.alert import Condition, Rule

RESTARTS_WITHIN_MICROS = 600 * SECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Watched:
    """What a picture of health does not say: since when we look, and how long each channel may be silent (hours)."""

    since: int
    silent_hours: Mapping[str, float]


def conditions(health: Health, rules: Rules, watched: Watched) -> list[Condition]:
    """Everything that holds now and is to be an alert."""
    found = [*_surroundings(health, rules), *_parts(health, rules)]
    if health.status is not None:
        found += [
            *_destinations(health.status, rules),
            *_channels(health, health.status, rules, watched),
            *_messages(health.status, rules, health),
            *_backup(health, rules, watched),
        ]
    return found


def _surroundings(health: Health, rules: Rules) -> Iterator[Condition]:
    around = health.surroundings
    free = around.disk_free_bytes
    if free is not None and free < rules.disk_left_gigabytes * 1e9:
        yield Condition(Rule.DISK_LOW, "home", f"{free / 1e9:.1f} GB left", "hp24 health")
    for one in around.certificates:
        if rules.certificate_days and one.code:
            yield Condition(
                Rule.CERTIFICATE_ENDS, f"{one.owner} {one.role}", f"cannot be used: {one.code}", "hp24 status"
            )
        elif rules.certificate_days and one.days_left < rules.certificate_days:
            text = "has ended" if one.days_left < 0 else f"ends in {one.days_left} days"
            yield Condition(Rule.CERTIFICATE_ENDS, f"{one.owner} {one.role}", text, "hp24 status")
    if rules.key_gone and not around.has_key:
        yield Condition(Rule.KEY_GONE, "master key", "it is not where the engine read it", "hp24 health")
    skew_secs = abs(around.database_skew_micros or 0) / SECOND
    if rules.clock_skew_secs and skew_secs > rules.clock_skew_secs:
        yield Condition(Rule.CLOCK_SKEWED, "database", f"its clock and ours differ by {skew_secs:.0f} s", "hp24 health")


def _parts(health: Health, rules: Rules) -> Iterator[Condition]:
    if rules.part_down:
        for reason in health.reasons:
            if reason.code in ("listen-down", "process-down"):
                yield Condition(Rule.PART_DOWN, reason.place, reason.text, "hp24 health")
            elif reason.code in ("listen-stuck", "process-stuck"):
                yield Condition(Rule.PART_STUCK, reason.code.removesuffix("-stuck"), reason.text, "hp24 health")
    if rules.part_restarts:
        lately = [part for part in health.rows if health.at - part.started_at <= RESTARTS_WITHIN_MICROS]
        for (name, host), starts in Counter((part.name, part.host) for part in lately).items():
            if starts > rules.part_restarts:
                text = f"started {starts} times within ten minutes"
                yield Condition(Rule.PART_RESTARTS, f"{name} on {host}", text, "hp24 health")


def _destinations(counts: Status, rules: Rules) -> Iterator[Condition]:
    for one in counts.destinations:
        more = f"hp24 status; hp24 worklist; hp24 resume destination {one.destination}"
        queued = one.states.get(DeliveryState.QUEUED, 0)
        age = counts.at - one.oldest_queued_at if one.oldest_queued_at and queued else 0
        if rules.destination_suspended and one.suspended_at:
            text = f"does not answer; {_many(queued, 'delivery', 'deliveries')} queued"
            yield Condition(Rule.DESTINATION_SUSPENDED, one.destination, text, more, one.suspended_at)
        if rules.queue_older_minutes and age > rules.queue_older_minutes * MINUTE and not one.paused_by:
            text = f"{_many(queued, 'delivery', 'deliveries')} queued, the oldest for {age // MINUTE} minutes"
            yield Condition(Rule.QUEUE_OLD, one.destination, text, more)
        ambiguous = one.states.get(DeliveryState.AMBIGUOUS, 0)
        if rules.payment_ambiguous and ambiguous:
            text = f"{_many(ambiguous, 'delivery', 'deliveries')} that it may have taken"
            yield Condition(Rule.PAYMENT_AMBIGUOUS, one.destination, text, "hp24 worklist")
        if rules.payment_unconfirmed and one.unconfirmed:
            text = f"{_many(one.unconfirmed, 'payment', 'payments')} acknowledged and not seen to be posted in time"
            yield Condition(Rule.PAYMENT_UNCONFIRMED, one.destination, text, "hp24 worklist; hp24 status")


def _channels(health: Health, counts: Status, rules: Rules, watched: Watched) -> Iterator[Condition]:
    for concern in health.concerns:
        if rules.channel_closed and concern.code == "channel-closed":
            yield Condition(Rule.CHANNEL_CLOSED, concern.place, concern.text, "hp24 health")
        if rules.sender_clock and concern.code == "sender-clock":
            yield Condition(Rule.SENDER_CLOCK, concern.place, concern.text, "hp24 health")
    for one in counts.channels:
        hours = watched.silent_hours.get(one.channel, 0.0)
        silent = counts.at - (one.last_arrival_at or watched.since)
        if hours and silent > hours * HOUR:
            text = f"no message for {silent / HOUR:.1f} hours"
            yield Condition(Rule.CHANNEL_SILENT, one.channel, text, f"hp24 messages --channel {one.channel}")
        age = counts.at - one.oldest_waiting_at if one.oldest_waiting_at else 0
        paused = {pause.subject for pause in counts.pauses}
        if rules.waiting_older_minutes and age > rules.waiting_older_minutes * MINUTE and one.channel not in paused:
            waiting = one.states.get(MessageState.WAITING, 0)
            text = f"{_many(waiting)} not run yet, the oldest for {age // MINUTE} minutes"
            yield Condition(
                Rule.WAITING_OLD, one.channel, text, f"hp24 messages --channel {one.channel} --state waiting"
            )


def _messages(counts: Status, rules: Rules, health: Health) -> Iterator[Condition]:
    for one in counts.channels:
        failed = one.states.get(MessageState.FAILED, 0)
        if rules.messages_failed and failed:
            more = f"hp24 messages --channel {one.channel} --state failed; hp24 worklist"
            yield Condition(Rule.MESSAGES_FAILED, one.channel, f"{_many(failed)} failed", more)
    for held in health.held:
        if rules.mapping_broken and held.kind == HoldKind.BROKEN_MAPPING:
            text = f"{_many(held.count)} held"
            yield Condition(Rule.MAPPING_BROKEN, held.cause, text, "hp24 worklist; hp24 release --cause " + held.cause)


def _backup(health: Health, rules: Rules, watched: Watched) -> Iterator[Condition]:
    limit = rules.backup_older_days * 24 * HOUR
    age = health.at - (health.last_backup_at or watched.since)
    if limit and age > limit:
        text = f"the last one is {age / HOUR / 24:.1f} days old" if health.last_backup_at else "there is none"
        yield Condition(Rule.BACKUP_OLD, "database", text, "hp24 backup FILE")


def _many(number: int, one: str = "message", more: str = "messages") -> str:
    return f"{number} {one if number == 1 else more}"
