"""Requested replays: which messages are to run again, and how far that is."""

from collections.abc import Sequence

import sqlalchemy as sa

from interface.store import schema_message as t
from interface.store.tx import Tx
from interface.view.work import ReplayRow

_NEW = sa.insert(t.replay).returning(t.replay.c.id)
_NEW_MESSAGES = sa.insert(t.replay_message)
_ONE = sa.select(t.replay).where(t.replay.c.id == sa.bindparam("row"))
_DONE = sa.select(sa.func.count()).where(
    t.replay_message.c.replay_id == sa.bindparam("row"), t.replay_message.c.done == 1
)
_FAILED = sa.and_(t.run.c.cause_id.is_not(None), t.name.c.text != "filtered")
_OUTCOMES = (
    sa.select(
        sa.func.coalesce(sa.func.sum(t.run.c.changed), 0).label("changed"),
        sa.func.coalesce(sa.func.sum(sa.case((_FAILED, 1), else_=0)), 0).label("failed"),
    )
    .outerjoin(t.name, t.name.c.id == t.run.c.cause_id)
    .where(t.run.c.replay_id == sa.bindparam("row"))
)


def request(tx: Tx, ids: Sequence[int], actor: str, *, force_money: bool) -> int:
    """Ask for stored messages to be run again; gives the request's id."""
    wanted = sorted(set(ids))
    row = {"requested_at": tx.now, "actor": actor, "force_money": int(force_money), "total": len(wanted)}
    number = int(tx.connection.execute(_NEW, row).scalar_one())
    tx.write(_NEW_MESSAGES, [{"replay_id": number, "message_id": one, "done": 0} for one in wanted])
    return number


def progress(tx: Tx, replay_id: int) -> ReplayRow | None:
    """How far a request is; None where there is no such request."""
    row = tx.first(_ONE, row=replay_id)
    if row is None:
        return None
    done, outcomes = tx.first(_DONE, row=replay_id), tx.first(_OUTCOMES, row=replay_id)
    assert done is not None and outcomes is not None, "an aggregate always has a row"
    return ReplayRow(
        id=row.id,
        requested_at=row.requested_at,
        actor=row.actor,
        force_money=bool(row.force_money),
        total=row.total,
        done=done[0],
        changed=outcomes.changed,
        failed=outcomes.failed,
    )
