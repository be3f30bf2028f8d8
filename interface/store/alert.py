"""Alerts and what was told of them."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from interface.store import schema_operation as t
from interface.store.dialect import within
from interface.store.tx import Tx
from interface.view.alert import Alert, TellingKind, ToldRow

_A = t.alert.c
_T = t.alert_telling.c
_COLUMNS = (
    "rule",
    "subject",
    "text",
    "more",
    "began_at",
    "gone_at",
    "ended_at",
    "start_told_at",
    "end_told_at",
    "times",
)
_STANDING = sa.select(t.alert).where(t.UNTOLD).order_by(_A.id)
_LATEST = sa.select(t.alert).order_by(_A.id.desc()).limit(sa.bindparam("amount"))
_NEW = sa.insert(t.alert).returning(_A.id, sort_by_parameter_order=True)
_CHANGE = (
    sa.update(t.alert)
    .where(_A.id == sa.bindparam("row"))
    .values({name: sa.bindparam(f"new_{name}") for name in _COLUMNS})
)
_FORGET = sa.delete(t.alert).where(within(_A.id, "ids"))
_FORGET_ENDED = sa.delete(t.alert).where(_A.ended_at > 0, _A.ended_at < sa.bindparam("before"), _A.end_told_at > 0)
_FORGET_TOLD = sa.delete(t.alert_telling).where(_T.at < sa.bindparam("before"))
_TOLD = sa.insert(t.alert_telling).returning(_T.id, sort_by_parameter_order=True)
_SINCE = sa.select(t.alert_telling).where(_T.at > sa.bindparam("since")).order_by(_T.id)
_LAST = sa.select(t.alert_telling).order_by(_T.id.desc()).limit(sa.bindparam("amount"))
_OPEN_COUNT = sa.select(_A.rule, sa.func.count().label("amount")).where(t.UNTOLD, _A.ended_at == 0).group_by(_A.rule)


def standing(tx: Tx) -> list[Alert]:
    """Alerts that did not end, or whose end was not told."""
    return [_alert(row) for row in tx.read(_STANDING)]


def latest(tx: Tx, limit: int) -> list[Alert]:
    """The newest alerts, newest first."""
    return [_alert(row) for row in tx.read(_LATEST, amount=limit)]


def _alert(row: sa.Row[tuple[object, ...]]) -> Alert:
    return Alert(**row._mapping)


def keep(tx: Tx, alerts: Sequence[Alert]) -> list[Alert]:
    """Write alerts as they stand; new ones get their ids. Same order."""
    fresh = [_row(one) for one in alerts if not one.id]
    ids = iter([row.id for row in tx.connection.execute(_NEW, fresh)] if fresh else [])
    changes = [
        {"row": one.id, **{f"new_{name}": value for name, value in _row(one).items()}} for one in alerts if one.id
    ]
    tx.write(_CHANGE, changes)
    return [one if one.id else Alert(**{**_row(one), "id": next(ids)}) for one in alerts]


def _row(alert: Alert) -> dict[str, object]:
    return {name: getattr(alert, name) for name in _COLUMNS}


def forget(tx: Tx, ids: Iterable[int]) -> None:
    """Remove alerts that nobody was told of."""
    tx.write_in(_FORGET, "ids", list(ids))


def forget_told(tx: Tx, before: int) -> None:
    """Remove alerts that ended, and tellings that were made, before a time."""
    tx.write(_FORGET_ENDED, [{"before": before}])
    tx.write(_FORGET_TOLD, [{"before": before}])


def note_told(tx: Tx, told: Sequence[ToldRow]) -> list[int]:
    """Note what is told; gives the ids, in the same order."""
    rows = [{"at": one.at, "kind": str(one.kind), "alert_id": one.alert_id, "text": one.text} for one in told]
    return [row.id for row in tx.connection.execute(_TOLD, rows)] if rows else []


def told_since(tx: Tx, since: int) -> list[ToldRow]:
    """What was told after a time, oldest first."""
    return [_told(row) for row in tx.read(_SINCE, since=since)]


def last_told(tx: Tx, limit: int) -> list[ToldRow]:
    """The newest tellings, newest first."""
    return [_told(row) for row in tx.read(_LAST, amount=limit)]


def _told(row: sa.Row[tuple[object, ...]]) -> ToldRow:
    return ToldRow(row.id, row.at, TellingKind(row.kind), row.alert_id, row.text)


def open_alerts(tx: Tx) -> dict[str, int]:
    """How many alerts stand, by rule."""
    return {row.rule: row.amount for row in tx.read(_OPEN_COUNT)}
