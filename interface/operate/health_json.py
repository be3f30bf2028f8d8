"""A picture of health as one JSON object: the same for the HTTP face and the command line."""

from datetime import UTC, datetime
from typing import Any

from interface.message import DeliveryState, MessageState
from interface.operate.health import SECOND, Health, Reason
from interface.operate.status import Status
from interface.view.count import ChannelCount, DestinationCount

MOST_CAUSES = 50


def readiness_json(health: Health) -> dict[str, Any]:
    """Ready or not, and why not: all that a load balancer's operator wants."""
    return {"ready": health.is_ready, "at": _iso(health.at), "reasons": [_reason(one) for one in health.reasons]}


def health_json(health: Health) -> dict[str, Any]:
    """All facts. Times are ISO 8601 in UTC, ages in seconds; null where something is not known."""
    around, counts = health.surroundings, health.status
    found = readiness_json(health) | {
        "concerns": [_reason(one) for one in health.concerns],
        "version": around.version,
        "configuration": around.config_id or None,
        "disk_free_bytes": around.disk_free_bytes,
        "key_present": around.has_key,
        "database_clock_ahead_secs": None
        if around.database_skew_micros is None
        else round(around.database_skew_micros / SECOND, 3),
        "certificates": [
            {"owner": one.owner, "role": one.role, "file": one.path}
            | ({"error": one.code} if one.code else {"ends": _iso(one.ends_at), "days_left": one.days_left})
            for one in around.certificates
        ],
    }
    return found if counts is None else found | _counts(health, counts)


def _counts(health: Health, counts: Status) -> dict[str, Any]:
    ears = {ear.channel: ear for ear in health.ears}
    return {
        "last_backup": _iso(health.last_backup_at),
        "parts": [
            {
                "name": part.name,
                "host": part.host,
                "pid": part.pid,
                "state": part.state,
                "since": _iso(part.started_at),
                "beat_secs_ago": _age(part.beat_at, health.at),
            }
            for part in health.parts
        ],
        "lost_parts": [{"name": one.name, "pid": one.pid, "last_beat": _iso(one.beat_at)} for one in health.lost],
        "channels": {
            one.channel: _channel(one, counts)
            | (
                {"listening": ear.is_open, "at": ear.place, "connections": ear.connections}
                | {"sender_clock_secs": ear.sender_off_by / SECOND}
                if ear
                else {}
            )
            for one in counts.channels
            for ear in (ears.get(one.channel),)
        },
        "oldest_unanswered_secs": _age(health.oldest_unanswered_at, health.at),
        "oldest_waiting_secs": max(
            (_age(one.oldest_waiting_at, counts.at) or 0 for one in counts.channels), default=None
        ),
        "destinations": {one.destination: _destination(one, counts) for one in counts.destinations},
        "held": [
            {"state": one.state, "kind": one.kind or None, "cause": one.cause, "messages": one.count}
            for one in health.held[:MOST_CAUSES]
        ],
        "alerts": dict(health.open_alerts),
        "work_items": counts.open_work_items,
        "healthpay24": {
            "to_tell": counts.mirror.due,
            "oldest_secs": _age(counts.mirror.oldest_due_at, counts.at),
        },
        "sends_nothing_since_restore": bool(counts.restored and counts.restored.is_standing),
    }


def _channel(one: ChannelCount, counts: Status) -> dict[str, Any]:
    return {
        "received": one.received,
        "waiting": one.states.get(MessageState.WAITING, 0),
        "held": one.states.get(MessageState.HELD, 0),
        "failed": one.states.get(MessageState.FAILED, 0),
        "last_arrival": _iso(one.last_arrival_at),
        "oldest_waiting_secs": _age(one.oldest_waiting_at, counts.at),
    }


def _destination(one: DestinationCount, counts: Status) -> dict[str, Any]:
    return {
        "queued": one.states.get(DeliveryState.QUEUED, 0),
        "ambiguous": one.states.get(DeliveryState.AMBIGUOUS, 0),
        "rejected": one.states.get(DeliveryState.REJECTED, 0),
        "oldest_queued_secs": _age(one.oldest_queued_at, counts.at),
        "suspended_since": _iso(one.suspended_at),
        "paused": bool(one.paused_by),
    }


def _reason(one: Reason) -> dict[str, str]:
    return {"code": one.code, "place": one.place, "text": one.text, "advice": one.advice}


def _iso(at: int) -> str | None:
    return datetime.fromtimestamp(at / SECOND, UTC).isoformat(timespec="milliseconds") if at else None


def _age(since: int, now: int) -> float | None:
    return round(max(0, now - since) / SECOND, 1) if since else None
