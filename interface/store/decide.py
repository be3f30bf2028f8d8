"""What people (and an account that appears) decide about messages: release, skip, hold, pause.

Each act raises the epoch, so that a batch that was read before starts over, moves messages, and lets those that waited
behind them run. The epoch comes first: on PostgreSQL its row is what acts and processing wait for each other on.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from interface.errors import ActRefusedError
from interface.message import HoldKind, MessageState, move
from interface.store import lane, member, pause, settled, suspension
from interface.store import schema_message as t
from interface.store.counter import raise_epoch
from interface.store.dialect import within
from interface.store.run import AWAITED_KIND, settle_answers
from interface.store.tx import Tx
from interface.view.count import PauseKind

_M = t.message.c
_STATES = sa.select(_M.id, _M.source_id, _M.state, _M.parked).where(within(_M.id, "ids"))
_MOVE = (
    sa.update(t.message)
    .where(within(_M.id, "ids"))
    .values(
        state=sa.bindparam("to"),
        hold=sa.bindparam("why"),
        cause_id=sa.bindparam("cause"),
        parked=sa.bindparam("parks"),
        awaited_key=None,
        due_at=None,
    )
)
_AWAITING = sa.select(_M.id).where(within(_M.awaited_key, "awaited_keys"), _M.state == MessageState.HELD.value)
_OVERDUE = (
    sa.select(_M.id)
    .where(_M.due_at.is_not(None), _M.due_at <= sa.bindparam("now"), _M.state == MessageState.HELD.value)
    .order_by(_M.due_at)
    .limit(sa.bindparam("amount"))
)
_NOT_DUE = sa.update(t.message).where(within(_M.id, "ids")).values(due_at=None)


def release(tx: Tx, ids: Sequence[int]) -> None:
    """Let held, failed or filtered messages wait again, and those behind them as far as nothing else holds them back.

    One that still stands behind another of its lanes stays parked. A batch does not: to take it apart applies nothing, and each of
    its messages waits for what stands before it.
    """
    raise_epoch(tx)
    lanes = lane.lanes_of(tx, ids)
    batches = member.batches(tx, lanes)
    lane.leave(tx, batches)
    free = [number for number in ids if number not in lanes or number in batches]
    _move(tx, free, MessageState.WAITING)
    _move(tx, member.unopened(tx, ids, MessageState.FILTERED), MessageState.WAITING, parks=True)
    _move(tx, [number for number in lanes if number not in batches], MessageState.WAITING, parks=True)
    lane.advance(tx, {one for held in lanes.values() for one in held})


def skip(tx: Tx, ids: Sequence[int], cause: str) -> None:
    """Set held or failed messages aside for good (filtered) and let go what waited behind them."""
    raise_epoch(tx)
    _move(tx, [*ids, *member.unopened(tx, ids, MessageState.WAITING)], MessageState.FILTERED, cause=cause)
    lanes = lane.lanes_of(tx, ids)
    lane.leave(tx, ids)
    lane.advance(tx, {one for held in lanes.values() for one in held})


def give_up(tx: Tx, ids: Sequence[int], code: str, cause: str) -> list[int]:
    """Refuse waiting messages whose senders' time is up, and let go what waited behind them; gives those that were refused.

    What is settled meanwhile stays as it is settled.
    """
    raise_epoch(tx)
    waiting = {row.id for row in tx.read_in(_STATES, "ids", ids) if row.state == MessageState.WAITING.value}
    stands = settle_answers(tx, dict.fromkeys(sorted(waiting), code))
    late = [number for number, said in stands.items() if said == code]
    _move(tx, late, MessageState.REFUSED, cause=cause)
    lanes = lane.lanes_of(tx, late)
    lane.leave(tx, late)
    lane.advance(tx, {one for held in lanes.values() for one in held})
    return late


def hold(tx: Tx, ids: Sequence[int], cause: str) -> None:
    """Hold parked messages for a person: they keep their lanes, and now block them.

    Errors: ActRefusedError `not-parked` for a message that may run at any moment.
    """
    raise_epoch(tx)
    lanes = lane.lanes_of(tx, ids)
    for row in tx.read_in(_STATES, "ids", ids):
        if not row.parked or row.id not in lanes:
            raise ActRefusedError(
                "not-parked",
                "only a message that waits behind another can be held",
                place=f"message:{row.id}",
                advice="pause the patient to stop what may run at any moment",
            )
    _move(tx, ids, MessageState.HELD, hold_kind=HoldKind.PERSON, cause=cause)


def release_awaited(tx: Tx, accounts: Iterable[str]) -> None:
    """Messages held for these accounts (authority|type|value) wait again, to run in message order."""
    keys = [tx.vault.lookup(AWAITED_KIND, account) for account in accounts]
    ids = sorted(row.id for row in tx.read_in(_AWAITING, "awaited_keys", keys))
    were_stuck = settled.stuck(tx, ids)
    _move(tx, ids, MessageState.WAITING)
    settled.close_items_of(tx, were_stuck, "its account came", "engine")


def overdue(tx: Tx, now: int, limit: int) -> list[int]:
    """Held messages that have waited as long as their channel allows, longest first."""
    return [row.id for row in tx.read(_OVERDUE, now=now, amount=limit)]


def note_overdue(tx: Tx, ids: Sequence[int]) -> None:
    """A person was told of these: they are no more given as overdue, and wait on."""
    tx.write_in(_NOT_DUE, "ids", ids)


def bring_to_stop(tx: Tx, kind: PauseKind, subject: str, actor: str) -> bool:
    """Pause a channel, a destination or a patient's lane; False where it stands already."""
    raise_epoch(tx)
    if kind is PauseKind.DESTINATION:
        return suspension.pause(tx, subject, actor)
    return pause.add(tx, kind, subject, actor)


def let_go_on(tx: Tx, kind: PauseKind, subject: str) -> bool:
    """Take a pause away, and let run what waited only for this; False where there was none."""
    raise_epoch(tx)
    if kind is PauseKind.DESTINATION:
        return suspension.pause(tx, subject, "")
    was_paused = pause.end(tx, kind, subject)
    if was_paused and kind is PauseKind.PATIENT:
        number = int(subject)
        lane.advance(tx, {lane.lane_roots(tx, [number]).get(number, number)})
    return was_paused


def _move(
    tx: Tx,
    ids: Sequence[int],
    to: MessageState,
    *,
    hold_kind: HoldKind | None = None,
    cause: str = "",
    parks: bool = False,
) -> None:
    rows = {row.id: row for row in tx.read_in(_STATES, "ids", ids)}
    for number in ids:
        row = _known(number, rows)
        now = MessageState(row.state)
        tx.count(row.source_id, now, -1)
        tx.count(row.source_id, move(now, to), 1)
    word = tx.word_ids([cause])[cause] if cause else None
    why = hold_kind.value if hold_kind else None
    tx.write_in(_MOVE, "ids", ids, to=to.value, why=why, cause=word, parks=int(parks))


def _known(number: int, rows: Mapping[int, Any]) -> Any:
    if number not in rows:
        raise ActRefusedError("message-unknown", "there is no such message", place=f"message:{number}")
    return rows[number]
