"""Everything about one message: its arrivals, runs, incidents, what it waits for; and its bytes."""

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from interface.message import HoldKind, MessageState, RunReason
from interface.store import member, purged, search
from interface.store import schema_message as t
from interface.store.compress import expand
from interface.store.lane import older_in_lanes
from interface.store.tx import Tx
from interface.store.vault import scope_of
from interface.view.message import ArrivalRow, IncidentRow, MessageFilter, MessageRow, MessageStory, RunRow

_MOST_NAMESAKES = 20
_TAKEN = tuple(state for state in MessageState if state not in (MessageState.REFUSED, MessageState.INCOMPLETE))
_ONE = sa.select(t.message).where(t.message.c.id == sa.bindparam("row"))
_ARRIVALS = sa.select(t.arrival).where(t.arrival.c.message_id == sa.bindparam("row")).order_by(t.arrival.c.id)
_RUNS = sa.select(t.run).where(t.run.c.message_id == sa.bindparam("row")).order_by(t.run.c.id)
_INCIDENTS = sa.select(t.incident).where(t.incident.c.message_id == sa.bindparam("row")).order_by(t.incident.c.id)
_AMENDED = sa.select(t.message.c.id).where(t.message.c.original_id == sa.bindparam("row")).order_by(t.message.c.id)
_BODY = (
    sa.select(t.body.c.sealed, t.message.c.digest)
    .join(t.message, t.message.c.id == t.body.c.message_id)
    .where(t.body.c.message_id == sa.bindparam("row"))
)


def message(tx: Tx, message_id: int) -> MessageStory | None:
    """One message in full, without its bytes."""
    found = tx.first(_ONE, row=message_id)
    if found is None:
        return None
    (row,) = search.rows(tx, [found])
    members, repeats = member.members(tx, message_id)
    return MessageStory(
        row=row,
        arrivals=tuple(
            ArrivalRow(one.arrived_at, one.peer, row.answer if one.answer is None else one.answer, one.actor or "")
            for one in tx.read(_ARRIVALS, row=message_id)
        ),
        runs=tuple(run_rows(tx, tx.read(_RUNS, row=message_id))),
        incidents=tuple(IncidentRow(one.at, one.code, one.place) for one in tx.read(_INCIDENTS, row=message_id)),
        amended_by=tuple(one.id for one in tx.read(_AMENDED, row=message_id)),
        behind=tuple(older_in_lanes(tx, message_id)),
        purged=purged.of_message(tx, message_id),
        members=members,
        repeats=repeats,
        namesakes=_namesakes(tx, row),
    )


def _namesakes(tx: Tx, row: MessageRow) -> tuple[int, ...]:
    """Others of the same sender with the same control id, that somebody has custody of: its counter began anew, or is not one."""
    if not row.control_id:
        return ()
    wanted = MessageFilter(control_id=row.control_id, channel=row.channel, states=_TAKEN, limit=_MOST_NAMESAKES)
    return tuple(one.id for one in search.messages(tx, wanted) if one.id != row.id and one.sender == row.sender)


def run_rows(tx: Tx, rows: Sequence[sa.Row[Any]]) -> list[RunRow]:
    """Runs as people see them."""
    causes = tx.texts({row.cause_id for row in rows})
    return [_run(row, causes) for row in rows]


def _run(row: sa.Row[Any], causes: dict[int | None, str]) -> RunRow:
    return RunRow(
        id=row.id,
        message_id=row.message_id,
        reason=RunReason(row.reason),
        config_id=row.config_id,
        state=MessageState(row.state),
        hold=HoldKind(row.hold) if row.hold else None,
        cause=causes[row.cause_id],
        place=row.place or "",
        text=row.text or "",
        changed=bool(row.changed),
        warnings=tuple(orjson.loads(row.warnings)) if row.warnings else (),
        started_at=row.started_at,
        ended_at=row.ended_at,
        replay_id=row.replay_id,
    )


def body(tx: Tx, message_id: int) -> bytes | None:
    """The stored bytes; None where there is no such message or its bytes were removed."""
    row = tx.first(_BODY, row=message_id)
    return None if row is None else expand(tx.vault.open(row.sealed, scope_of("body", row.digest)))
