"""Work items: what waits for a person. One open item for each kind, subject, cause and message; more of the same only count up."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from interface.ledger.worklist import WorkItem
from interface.store import schema_operation as t
from interface.store.dialect import PerDialect, within
from interface.store.tx import Tx
from interface.store.vault import scope_of
from interface.view.work import WorkItemEvent, WorkItemRow

_ITEM = t.work_item.c


def _open_or_count(insert: type[sqlite.Insert] | type[postgresql.Insert]) -> sa.Insert:
    statement = insert(t.work_item)
    upsert: sa.Insert = statement.on_conflict_do_update(
        index_elements=["kind", "subject", "cause", "message_id"],
        index_where=t.OPEN,
        set_={"times": _ITEM.times + 1, "last_at": statement.excluded.last_at},
    )
    return upsert


_OPEN = PerDialect(_open_or_count(sqlite.Insert), _open_or_count(postgresql.Insert))
_OPEN_ABOUT = sa.select(_ITEM.id).where(
    _ITEM.kind == sa.bindparam("of_kind"), _ITEM.subject == sa.bindparam("about"), t.OPEN
)
_CLOSE = sa.update(t.work_item).where(_ITEM.id == sa.bindparam("row"), t.OPEN).values(closed_at=sa.bindparam("at"))
_CLOSE_ALL = (
    sa.update(t.work_item)
    .where(within(_ITEM.id, "ids"), t.OPEN)
    .values(closed_at=sa.bindparam("at"))
    .returning(_ITEM.id)
)
_EVENT = sa.insert(t.work_item_event)
_EVENTS = (
    sa.select(t.work_item_event)
    .where(t.work_item_event.c.item_id == sa.bindparam("row"))
    .order_by(t.work_item_event.c.id)
)
_PAGE = sa.select(t.work_item).where(_ITEM.id > sa.bindparam("beyond")).order_by(_ITEM.id).limit(sa.bindparam("amount"))
_OPEN_PAGE = _PAGE.where(t.OPEN)
_OPEN_COUNT = sa.select(sa.func.count()).select_from(t.work_item).where(t.OPEN)
_ONE = sa.select(t.work_item).where(_ITEM.id == sa.bindparam("row"))


def open_items(tx: Tx, items: Sequence[WorkItem]) -> None:
    """Open work items, or count up the open ones of the same kind, subject, cause and message."""
    rows = [
        {
            "kind": str(item.kind),
            "subject": item.subject,
            "cause": item.cause,
            "times": 1,
            "amount_minor": item.amount_minor,
            "currency": item.currency or None,
            "message_id": item.message_id,
            "acts": orjson.dumps([str(act) for act in item.acts]).decode(),
            "opened_at": tx.now,
            "last_at": tx.now,
        }
        for item in items
    ]
    tx.write(_OPEN, rows)


def close_items(tx: Tx, kind: str, subject: str, how: str, actor: str) -> int:
    """Close what is open of a kind about a subject; gives how many were."""
    found = [row.id for row in tx.read(_OPEN_ABOUT, of_kind=kind, about=subject)]
    return len(close_open_items(tx, found, how, actor))


def close_item(tx: Tx, item_id: int, how: str, actor: str) -> bool:
    """Close one; False where it is not open."""
    if not tx.write(_CLOSE, [{"row": item_id, "at": tx.now}]):
        return False
    tx.write(_EVENT, [_closed(tx, item_id, how, actor)])
    return True


def close_open_items(tx: Tx, ids: Sequence[int], how: str, actor: str) -> set[int]:
    """Close these; gives the ids of those that were open."""
    closed = {row.id for row in tx.read_in(_CLOSE_ALL, "ids", ids, at=tx.now)}
    tx.write(_EVENT, [_closed(tx, number, how, actor) for number in sorted(closed)])
    return closed


def _closed(tx: Tx, item_id: int, how: str, actor: str) -> dict[str, Any]:
    said = tx.vault.seal(how.encode(), scope_of("work_item_event", item_id))
    return {"item_id": item_id, "at": tx.now, "actor": actor, "what": "closed", "sealed": said}


def work_items(tx: Tx, *, only_open: bool, beyond_id: int, limit: int) -> list[WorkItemRow]:
    """One page in the order of ids."""
    found = tx.read(_OPEN_PAGE if only_open else _PAGE, beyond=beyond_id, amount=limit)
    return [_row(row) for row in found]


def open_count(tx: Tx) -> int:
    """How many are open."""
    return int(tx.read(_OPEN_COUNT)[0][0])


def work_item(tx: Tx, item_id: int) -> WorkItemRow | None:
    """One item with its history."""
    row = tx.first(_ONE, row=item_id)
    return None if row is None else _row(row, tuple(_history(tx, row)))


def _row(row: sa.Row[Any], history: tuple[WorkItemEvent, ...] = ()) -> WorkItemRow:
    return WorkItemRow(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        cause=row.cause,
        count=row.times,
        amount_minor=row.amount_minor,
        currency=row.currency or "",
        message_id=row.message_id,
        acts=tuple(orjson.loads(row.acts)),
        opened_at=row.opened_at,
        last_at=row.last_at,
        closed_at=row.closed_at or 0,
        history=history,
    )


def _history(tx: Tx, row: sa.Row[Any]) -> Iterable[WorkItemEvent]:
    # A broken mapping may open one item a hundred thousand times: that is a count, not a hundred thousand lines.
    yield WorkItemEvent(row.opened_at, "engine", "opened", "")
    if row.times > 1:
        yield WorkItemEvent(row.last_at, "engine", "again", f"{row.times} times by now")
    for event in tx.read(_EVENTS, row=row.id):
        said = tx.vault.open(event.sealed, scope_of("work_item_event", row.id)).decode() if event.sealed else ""
        yield WorkItemEvent(event.at, event.actor, event.what, said)
