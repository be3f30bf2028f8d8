"""The alert stage: what holds now is followed, and what is to be told is queued for every way of telling, all in one commit."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from interface.hl7.header import CONTROL_ID_LENGTH
from interface.observe.alert import AlertBegan, AlertEnded
from interface.observe.emit import emit
from interface.pipeline.alert import HOUR, SECOND, AlertPolicy, Past, follow, tell
from interface.ports import Clock, Store, Turn
from interface.row.delivery import DeliveryWanted
from interface.view.alert import KIND, Alert, Condition, Telling, TellingKind, ToldRow

LOCK = "alert"  # whoever holds it judges and tells


class AlertStage:
    """`ways` are the destinations that every telling goes to; `origin` names this installation in what is told."""

    def __init__(self, store: Store, clock: Clock, policy: AlertPolicy, ways: Sequence[str], origin: str) -> None:
        self._store = store
        self._clock = clock
        self._policy = policy
        self._ways = tuple(ways)
        self._origin = origin

    def run(self, holding: Iterable[Condition]) -> bool:
        """Follow what holds now; gives whether something is to be sent."""
        now = self._clock.now()
        with self._store.snapshot() as reader:
            before = reader.standing_alerts()
            told = reader.told_since(now - max(HOUR, int(self._policy.summary_secs * SECOND)))
        after = follow(before, holding, now, self._policy)
        tellings = tell(after, now, _past(told, now), self._policy)
        changed = _changed(before, after, tellings)
        forgotten = {one.id for one in before} - {one.id for one in after}
        if not (changed or forgotten):
            return False
        control_ids = self._control_ids(len(tellings))
        with self._store.turn(LOCK) as turn:
            turn.forget_alerts(forgotten)
            turn.forget_told(now - self._policy.keep_days * 24 * HOUR)
            kept = {_place(one): one for one in turn.keep_alerts(changed)}
            self._queue(turn, [_numbered(telling, kept) for telling in tellings], control_ids, now)
        _emit(tellings)
        return bool(tellings and self._ways)

    def try_out(self) -> list[tuple[str, int]]:
        """Queue a trial for each way; gives the ways and their deliveries."""
        now, control_ids = self._clock.now(), self._control_ids(1)
        with self._store.turn("trial") as turn:
            ids = self._queue(turn, [Telling(TellingKind.TRIAL, ())], control_ids, now)
        return list(zip(self._ways, ids, strict=True))

    def _control_ids(self, tellings: int) -> list[str]:
        # Before the turn: reserving one may need a turn of its own.
        return [self._store.wire_id("message", CONTROL_ID_LENGTH) for _ in range(tellings * len(self._ways))]

    def _queue(self, turn: Turn, tellings: Sequence[Telling], control_ids: Sequence[str], now: int) -> list[int]:
        rows = [ToldRow(0, now, one.kind, _only(one), _headline(one)) for one in tellings]
        numbers = turn.note_told(rows)
        names = iter(control_ids)
        wanted = [
            DeliveryWanted(
                destination=way,
                kind=KIND,
                subject=f"{KIND}:{number}",
                order_key=_only(telling),  # a recovery never overtakes its start
                due_at=now,
                config_id=0,
                payload=payload(telling, number, self._origin, now),
                control_id=next(names),
            )
            for telling, number in zip(tellings, numbers, strict=True)
            for way in self._ways
        ]
        return turn.enqueue(wanted)


def _past(told: Iterable[ToldRow], now: int) -> Past:
    rows = list(told)
    counted = (TellingKind.START, TellingKind.RECOVERY)
    singles = sum(one.kind in counted and one.at > now - HOUR for one in rows)
    return Past(singles, max((one.at for one in rows if one.kind is TellingKind.SUMMARY), default=0))


def _place(alert: Alert) -> tuple[str, str]:
    return alert.rule, alert.subject


def _changed(before: Iterable[Alert], after: Iterable[Alert], tellings: Iterable[Telling]) -> list[Alert]:
    known = {one.id: one for one in before}
    latest = {_place(one): one for one in after}
    latest |= {_place(one): one for telling in tellings for one in telling.alerts}
    return [one for one in latest.values() if known.get(one.id) != one]


def _numbered(telling: Telling, kept: dict[tuple[str, str], Alert]) -> Telling:
    numbers = {place: one.id for place, one in kept.items()}
    alerts = tuple(one if one.id else _with_id(one, numbers[_place(one)]) for one in telling.alerts)
    return Telling(telling.kind, alerts)


def _with_id(alert: Alert, number: int) -> Alert:
    return Alert(**{name: getattr(alert, name) for name in Alert.__slots__} | {"id": number})


def _only(telling: Telling) -> int:
    return telling.alerts[0].id if len(telling.alerts) == 1 else 0


def _emit(tellings: Iterable[Telling]) -> None:
    for telling in tellings:
        for one in telling.alerts:
            if telling.kind is TellingKind.RECOVERY or one.end_told_at:
                emit(AlertEnded(one.rule, one.subject))
            else:
                emit(AlertBegan(one.rule, one.subject, one.text))


def _headline(telling: Telling) -> str:
    match telling.kind:
        case TellingKind.TRIAL:
            return "a trial: nothing is wrong"
        case TellingKind.SUMMARY:
            ended = sum(bool(one.end_told_at) for one in telling.alerts)
            return f"{len(telling.alerts) - ended} alerts began, {ended} ended"
        case TellingKind.START | TellingKind.RECOVERY:
            (one,) = telling.alerts
            return f"{one.rule}: {one.subject}: {one.text}"


def payload(telling: Telling, number: int, origin: str, now: int) -> bytes:
    """What is told, as JSON: ids, names of the configuration and counts. Mail is written from it, webhooks get it as it is."""
    content: dict[str, Any] = {
        "id": f"{origin}:{number}",  # the same for every way and every repeat
        "kind": telling.kind,
        "origin": origin,
        "at": _iso(now),
        "text": _headline(telling),
        "alerts": [
            {
                "alert": one.id,
                "rule": one.rule,
                "subject": one.subject,
                "state": "ended" if one.end_told_at else "standing",
                "text": one.text,
                "more": one.more,
                "began_at": _iso(one.began_at),
                "ended_at": _iso(one.ended_at) if one.ended_at else None,
                "times": one.times,
            }
            for one in telling.alerts
        ],
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2)


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / SECOND, UTC).isoformat(timespec="seconds")
