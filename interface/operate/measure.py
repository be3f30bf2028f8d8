"""The gauges of one picture of health."""

from collections import Counter
from collections.abc import Iterator

from interface.message import DeliveryState, MessageState
from interface.observe.gauge import Reading
from interface.operate.health import SECOND, Health
from interface.operate.status import Status
from interface.view.alert import Rule

MOST_CAUSES = 200  # further ones are counted together


def readings(health: Health) -> list[Reading]:
    """All that can be said; without a database only that there is none."""
    found = [
        Reading("ready", health.is_ready),
        Reading("health_checked_timestamp_seconds", health.at / SECOND),
        Reading("database_up", health.status is not None),
        *_surroundings(health),
    ]
    if health.status is not None:
        found += [*_parts(health), *_channels(health.status), *_destinations(health.status), *_waiting(health)]
    return found


def _surroundings(health: Health) -> Iterator[Reading]:
    around = health.surroundings
    if around.disk_free_bytes is not None:
        yield Reading("disk_free_bytes", around.disk_free_bytes)
    least: dict[tuple[str, str], int] = {}
    for one in around.certificates:
        if not one.code:
            place = (one.owner, one.role)
            least[place] = min(one.days_left, least.get(place, one.days_left))
    for place, days in least.items():
        yield Reading("certificate_days_left", days, place)


def _parts(health: Health) -> Iterator[Reading]:
    for (name, state), amount in Counter((part.name, str(part.state)) for part in health.parts).items():
        yield Reading("part_up", amount, (name, state))
    beats: dict[str, int] = {}
    for part in health.parts:
        beats[part.name] = max(part.beat_at, beats.get(part.name, 0))
    for name, beat_at in beats.items():
        yield Reading("part_beat_age_seconds", _age(beat_at, health.at), (name,))
    for ear in health.ears:
        yield Reading("channel_listening", ear.is_open, (ear.channel,))
        yield Reading("channel_connections", ear.connections, (ear.channel,))
        yield Reading("channel_sender_clock_seconds", ear.sender_off_by / SECOND, (ear.channel,))
    yield Reading("oldest_unanswered_seconds", _age(health.oldest_unanswered_at, health.at))


def _channels(counts: Status) -> Iterator[Reading]:
    for one in counts.channels:
        for state in MessageState:
            yield Reading("channel_messages", one.states.get(state, 0), (one.channel, state))
        yield Reading("channel_oldest_waiting_seconds", _age(one.oldest_waiting_at, counts.at), (one.channel,))
        if one.last_arrival_at:
            yield Reading("channel_last_arrival_timestamp_seconds", one.last_arrival_at / SECOND, (one.channel,))


def _destinations(counts: Status) -> Iterator[Reading]:
    for one in counts.destinations:
        place = (one.destination,)
        for state in DeliveryState:
            yield Reading("destination_deliveries", one.states.get(state, 0), (*place, state))
        yield Reading("destination_oldest_queued_seconds", _age(one.oldest_queued_at, counts.at), place)
        yield Reading("destination_unconfirmed_payments", one.unconfirmed, place)
        yield Reading("destination_oldest_unconfirmed_seconds", _age(one.oldest_unconfirmed_at, counts.at), place)
        yield Reading("destination_suspended", bool(one.suspended_at), place)
        yield Reading("destination_paused", bool(one.paused_by), place)


def _waiting(health: Health) -> Iterator[Reading]:
    assert health.status is not None, "asked by the caller"
    for one in health.held[:MOST_CAUSES]:
        yield Reading("held_messages", one.count, (one.state, one.kind, one.cause))
    rest = Counter[tuple[str, str]]()
    for one in health.held[MOST_CAUSES:]:
        rest[one.state, one.kind] += one.count
    for (state, kind), amount in rest.items():
        yield Reading("held_messages", amount, (state, kind, "other"))
    yield Reading("work_items_open", health.status.open_work_items)
    yield Reading("push_backlog_records", health.status.mirror.due)
    yield Reading("push_oldest_seconds", _age(health.status.mirror.oldest_due_at, health.at))
    for rule in Rule:
        yield Reading("alerts_open", health.open_alerts.get(rule, 0), (rule,))
    if health.last_backup_at:
        yield Reading("backup_age_seconds", _age(health.last_backup_at, health.at))


def _age(since: int, now: int) -> float:
    return max(0, now - since) / SECOND if since else 0.0
