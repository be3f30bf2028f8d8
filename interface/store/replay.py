"""Requested replays: which messages are to run again, and how far that is."""

from collections.abc import Iterable, Sequence

import orjson
import sqlalchemy as sa

from interface.ledger.outcome import Unrestated, summed
from interface.store import schema_message as t
from interface.store.dialect import within
from interface.store.tx import Tx
from interface.view.work import FAILURES_SHOWN, NO_FAILURE, NotReplayed, ReplayRow

_NEW = sa.insert(t.replay).returning(t.replay.c.id)
_NEW_MESSAGES = sa.insert(t.replay_message)
_KEPT = sa.select(t.body.c.message_id).where(within(t.body.c.message_id, "ids"))
_PLACES = sa.select(t.message.c.order_id, t.message.c.id).where(within(t.message.c.id, "ids"))
_GROWN = sa.update(t.replay).where(t.replay.c.id == sa.bindparam("row")).values(total=sa.bindparam("total"))
_ONE = sa.select(t.replay).where(t.replay.c.id == sa.bindparam("row"))
_DONE = sa.select(sa.func.count()).where(
    t.replay_message.c.replay_id == sa.bindparam("row"), t.replay_message.c.done == 1
)
_FAILED = sa.and_(t.run.c.cause_id.is_not(None), t.name.c.text.not_in(NO_FAILURE))
_RUNS = sa.outerjoin(t.run, t.name, t.name.c.id == t.run.c.cause_id)
_OUTCOMES = (
    sa.select(
        sa.func.coalesce(sa.func.sum(t.run.c.changed), 0).label("changed"),
        sa.func.coalesce(sa.func.sum(sa.case((_FAILED, 1), else_=0)), 0).label("failed"),
    )
    .select_from(_RUNS)
    .where(t.run.c.replay_id == sa.bindparam("row"))
)
_FAILURES = (
    sa.select(t.run.c.message_id, t.name.c.text.label("cause"), t.run.c.place, t.run.c.text)
    .select_from(_RUNS)
    .where(t.run.c.replay_id == sa.bindparam("row"), _FAILED)
    .order_by(t.run.c.id)
    .limit(FAILURES_SHOWN)
)
_UNRESTATED = sa.select(t.run.c.unrestated).where(
    t.run.c.replay_id == sa.bindparam("row"), t.run.c.unrestated.is_not(None)
)


def in_order(tx: Tx, ids: Iterable[int]) -> list[int]:
    """These messages in the order in which they came; an amended one stands at its original's place."""
    places = [(row.order_id, row.id) for row in tx.read_in(_PLACES, "ids", sorted(set(ids)))]
    return [number for _order, number in sorted(places)]


def request(tx: Tx, ids: Sequence[int], actor: str, *, force_money: bool) -> int:
    """Ask for stored messages to be run again in the order given; gives the request's id."""
    row = {"requested_at": tx.now, "actor": actor, "force_money": int(force_money), "total": 0}
    number = int(tx.connection.execute(_NEW, row).scalar_one())
    extend(tx, number, ids)
    return number


def extend(tx: Tx, replay_id: int, ids: Sequence[int]) -> None:
    """Add messages at the end of a request."""
    kept = {row.message_id for row in tx.read_in(_KEPT, "ids", ids)}  # what was purged since it was chosen cannot run
    ids = [number for number in ids if number in kept]
    row = tx.first(_ONE, row=replay_id)
    assert row is not None, "whoever extends a request has made it"
    rows = [
        {"replay_id": replay_id, "place": place, "message_id": number, "done": 0}
        for place, number in enumerate(ids, start=row.total)
    ]
    tx.write(_NEW_MESSAGES, rows)
    tx.write(_GROWN, [{"row": replay_id, "total": row.total + len(rows)}])


def progress(tx: Tx, replay_id: int) -> ReplayRow | None:
    """How far a request is; None where there is no such request."""
    row = tx.first(_ONE, row=replay_id)
    if row is None:
        return None
    done, outcomes = tx.first(_DONE, row=replay_id), tx.first(_OUTCOMES, row=replay_id)
    assert done is not None and outcomes is not None, "an aggregate always has a row"
    unrestated = [orjson.loads(run.unrestated) for run in tx.read(_UNRESTATED, row=replay_id)]
    return ReplayRow(
        id=row.id,
        requested_at=row.requested_at,
        actor=row.actor,
        force_money=bool(row.force_money),
        total=row.total,
        done=done[0],
        changed=outcomes.changed,
        failed=outcomes.failed,
        failures=tuple(
            NotReplayed(run.message_id, run.cause, run.place or "", run.text or "")
            for run in tx.read(_FAILURES, row=replay_id)
        ),
        unrestated_messages=len(unrestated),
        unrestated=summed(Unrestated(**one) for listed in unrestated for one in listed),
    )
