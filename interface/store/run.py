"""Running messages: which can run now, and what their runs left behind."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from interface.errors import ActRefusedError
from interface.message import MessageState, RunReason, move
from interface.row.message import BATCH_TYPES, Names, Parked, RunRecord, Settled, StoredMessage, Written
from interface.store import lane, settled
from interface.store import schema_message as t
from interface.store.arrival import NEW_SEARCH_KEY, PENDING
from interface.store.compress import expand
from interface.store.dialect import insert_or_replace, within
from interface.store.pause import paused_channels
from interface.store.tx import Tx
from interface.store.vault import scope_of

_MESSAGE = t.message.c
_COLUMNS = (
    _MESSAGE.id,
    _MESSAGE.order_id,
    _MESSAGE.source_id,
    _MESSAGE.type_id,
    _MESSAGE.arrived_at,
    _MESSAGE.state,
    _MESSAGE.answer,
    _MESSAGE.digest,
    t.body.c.sealed,
)
WAITING = (
    sa.select(*_COLUMNS)
    .join(t.body, t.body.c.message_id == _MESSAGE.id)
    .where(t.RUNNABLE)
    .order_by(_MESSAGE.order_id, _MESSAGE.id)
    .limit(sa.bindparam("amount"))
)
_ELSEWHERE = _MESSAGE.source_id.not_in(sa.bindparam("paused", expanding=True))
_WAITING_ELSEWHERE = WAITING.where(_ELSEWHERE)
# Asked before any body is read: what is read at once has a bound in bytes, too.
WAITING_SIZES = (
    sa.select(_MESSAGE.size).where(t.RUNNABLE).order_by(_MESSAGE.order_id, _MESSAGE.id).limit(sa.bindparam("amount"))
)
_WAITING_SIZES_ELSEWHERE = WAITING_SIZES.where(_ELSEWHERE)
_HOLDS_LANE = sa.exists().where(t.message_lane.c.message_id == _MESSAGE.id).label("holds_lane")
_REPLAYS = (
    sa.select(*_COLUMNS, t.replay_message.c.replay_id, t.replay.c.force_money, _HOLDS_LANE)
    .select_from(t.replay_message)
    .join(t.message, t.replay_message.c.message_id == _MESSAGE.id)
    .join(t.replay, t.replay.c.id == t.replay_message.c.replay_id)
    .join(t.body, t.body.c.message_id == _MESSAGE.id)
    .where(sa.text("done = 0"))
    .order_by(t.replay_message.c.replay_id, t.replay_message.c.place)
    .limit(sa.bindparam("amount"))
)
_REPLAY_SIZES = (
    sa.select(_MESSAGE.size)
    .select_from(t.replay_message)
    .join(t.message, t.replay_message.c.message_id == _MESSAGE.id)
    .join(t.body, t.body.c.message_id == _MESSAGE.id)
    .where(sa.text("done = 0"))
    .order_by(t.replay_message.c.replay_id, t.replay_message.c.place)
    .limit(sa.bindparam("amount"))
)
_STORED = (
    sa.select(*_COLUMNS, _HOLDS_LANE)
    .join(t.body, t.body.c.message_id == _MESSAGE.id)
    .where(within(_MESSAGE.id, "ids"))
    .order_by(_MESSAGE.id)
)
_OWNER = insert_or_replace(t.parked, ("sealed",))
_NEW_RUN = sa.insert(t.run)
_BEFORE = sa.select(_MESSAGE.source_id, _MESSAGE.state, sa.func.count().label("amount"))
_BEFORE = _BEFORE.where(within(_MESSAGE.id, "ids")).group_by(_MESSAGE.source_id, _MESSAGE.state)
_ENDED = (
    sa.update(t.message)
    .where(within(_MESSAGE.id, "ids"))
    .values(state=sa.bindparam("to"), hold=sa.bindparam("why"), cause_id=sa.bindparam("cause"), parked=0)
)
_AWAITS = (
    sa.update(t.message)
    .where(_MESSAGE.id == sa.bindparam("row"))
    .values(awaited_key=sa.bindparam("awaited"), due_at=sa.bindparam("due"))
)
_AWAITS_NOTHING = sa.update(t.message).where(within(_MESSAGE.id, "ids")).values(awaited_key=None, due_at=None)
_AWAITED = (
    sa.select(_MESSAGE.awaited_key, _MESSAGE.id)
    .where(within(_MESSAGE.awaited_key, "awaited_keys"))
    .order_by(_MESSAGE.id)
)
_ANSWER = (
    sa.update(t.message)
    .where(_MESSAGE.id == sa.bindparam("row"), _MESSAGE.answer == PENDING)
    .values(answer=sa.bindparam("code"), answered_at=sa.bindparam("at"))
)
_ANSWERS_OF = sa.select(_MESSAGE.id, _MESSAGE.answer).where(within(_MESSAGE.id, "ids"))
_RUN = t.run.c
_EXPLAINED = (
    sa.select(_RUN.message_id, _RUN.hl7_code, _RUN.place, _RUN.text, _RUN.cause_id, _RUN.written)
    .where(within(_RUN.message_id, "ids"))
    .order_by(_RUN.id)
)
_REPLAYED = (
    sa.update(t.replay_message)
    .where(t.replay_message.c.replay_id == sa.bindparam("asked"), within(t.replay_message.c.message_id, "ids"))
    .values(done=1)
)
# Of a replay only these take the outcome: a processed message stays processed, and a sender who was told no was told no.
_REOPENED_BY_REPLAY = frozenset({MessageState.WAITING, MessageState.HELD, MessageState.FAILED, MessageState.FILTERED})
AWAITED_KIND = "awaited account"
SEARCHED = ("patient", "account", "visit", "family", "birth_date")


def waiting(tx: Tx, limit: int, max_bytes: int) -> list[StoredMessage]:
    """Messages that can run now, in message order, bodies opened. Paused channels' messages are left out, a batch comes alone.

    So many as have `max_bytes` together; a larger one comes alone.
    """
    paused = paused_channels(tx)
    if not paused:
        amount = _fitting(tx.read(WAITING_SIZES, amount=limit), max_bytes)
        return _open(tx, _to_batch(tx, tx.read(WAITING, amount=amount))) if amount else []
    left_out = list(tx.known_word_ids(paused).values())
    amount = _fitting(tx.read(_WAITING_SIZES_ELSEWHERE, amount=limit, paused=left_out), max_bytes)
    rows = tx.read(_WAITING_ELSEWHERE, amount=amount, paused=left_out) if amount else []
    return _open(tx, _to_batch(tx, rows))


def _to_batch(tx: Tx, rows: Sequence[sa.Row[Any]]) -> Sequence[sa.Row[Any]]:
    """The rows before the first batch, or that one alone: what it brings runs before all that follows."""
    types = tx.texts({row.type_id for row in rows})
    place = next((place for place, row in enumerate(rows) if types[row.type_id] in BATCH_TYPES), len(rows))
    return rows[: place or 1]


def _fitting(sizes: Sequence[sa.Row[Any]], max_bytes: int) -> int:
    """How many, from the first on, have so many bytes together; one at least."""
    total = 0
    for place, row in enumerate(sizes):
        total += row.size
        if total > max_bytes and place:
            return place
    return len(sizes)


def replays(tx: Tx, limit: int, max_bytes: int) -> list[StoredMessage]:
    """Requested replays: request by request, each in the order in which its messages came. Bounded as `waiting`."""
    amount = _fitting(tx.read(_REPLAY_SIZES, amount=limit), max_bytes)
    rows = _to_batch(tx, tx.read(_REPLAYS, amount=amount)) if amount else []
    return _open(tx, rows, [(row.replay_id, bool(row.force_money)) for row in rows])


def stored(tx: Tx, ids: Sequence[int]) -> list[StoredMessage]:
    """These messages, in the order of their ids, bodies opened, as a replay takes them; what has no body is left out."""
    rows = sorted(tx.read_in(_STORED, "ids", ids), key=lambda row: int(row.id))
    return _open(tx, rows, [(0, False)] * len(rows))


def _open(tx: Tx, rows: Sequence[sa.Row[Any]], asked: Sequence[tuple[int, bool]] | None = None) -> list[StoredMessage]:
    texts = tx.texts({number for row in rows for number in (row.source_id, row.type_id)})
    return [
        StoredMessage(
            id=row.id,
            order_id=row.order_id,
            source=texts[row.source_id],
            arrived_at=row.arrived_at,
            raw=expand(tx.vault.open(row.sealed, scope_of("body", row.digest))),
            message_type=texts[row.type_id],
            state=MessageState(row.state),
            answer_pending=row.answer == PENDING,
            replay_id=asked[place][0] if asked else None,
            force_money=asked[place][1] if asked else False,
            holds_lane=bool(row.holds_lane) if asked else False,
        )
        for place, row in enumerate(rows)
    ]


def finish(tx: Tx, runs: Sequence[RunRecord]) -> None:
    """Write runs, the messages' new states, what they are found by, the lanes that they block and the accounts they await."""
    words = tx.word_ids({run.cause for run in runs if run.cause})
    tx.write(_NEW_RUN, [_row(tx, run, words) for run in runs])
    tx.write(NEW_SEARCH_KEY, [row for run in runs for row in _search_keys(tx, run.message_id, run.names)])
    _move(tx, runs, words)
    lane.occupy(tx, [(run.message_id, run.lanes) for run in runs if run.lanes])
    held = [run for run in runs if run.reason is RunReason.RECEIVED and (run.awaited_account or run.due_at)]
    tx.write(_AWAITS, [_awaits(tx, run) for run in held])
    for asked in {run.replay_id for run in runs if run.replay_id is not None}:
        tx.write_in(_REPLAYED, "ids", [run.message_id for run in runs if run.replay_id == asked], asked=asked)


def _row(tx: Tx, run: RunRecord, words: dict[str, int]) -> dict[str, Any]:
    named = shown(run.names) | ({"awaited_account": run.awaited_account} if run.awaited_account else {})
    return {
        "message_id": run.message_id,
        "reason": run.reason.value,
        "config_id": run.config_id,
        "state": run.state.value,
        "hold": run.hold.value if run.hold else None,
        "cause_id": words[run.cause] if run.cause else None,
        "place": run.place or None,
        "text": run.text or None,
        "hl7_code": run.hl7_code or None,
        "warnings": orjson.dumps(run.warnings).decode() if run.warnings else None,
        "unrestated": orjson.dumps(run.unrestated).decode() if run.unrestated else None,
        "changed": 1 if run.changed else 0,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "replay_id": run.replay_id,
        "identity": tx.vault.seal_json(named, scope_of("run", run.message_id)) if named else None,
        "written": orjson.dumps([tuple(getattr(one, name) for name in one.__slots__) for one in run.written]).decode()
        if run.written
        else None,
    }


def shown(names: Names) -> dict[str, str]:
    """What a message is shown with; nothing of what is empty."""
    return {kind: value for kind in SEARCHED if (value := getattr(names, kind))}


def _search_keys(tx: Tx, message_id: int, names: Names) -> Iterable[dict[str, Any]]:
    for kind, value in (*shown(names).items(), *names.also):
        yield {"key": tx.vault.search_key(kind, fold(kind, value)), "message_id": message_id}


def park(tx: Tx, parked: Sequence[Parked]) -> None:
    """Put messages behind others in their lanes; also before their first run they are found by whom they are about."""
    lane.park(tx, parked)
    named = {one.message_id: shown(one.names) for one in parked}
    tx.write(
        _OWNER,
        [
            {"message_id": number, "sealed": tx.vault.seal_json(names, scope_of("parked", number))}
            for number, names in named.items()
            if names
        ],
    )
    tx.write(NEW_SEARCH_KEY, [row for one in parked for row in _search_keys(tx, one.message_id, one.names)])


def fold(kind: str, value: str) -> str:
    """What of a value counts when searching: names are found in any case, identifiers to the letter."""
    return value.casefold() if kind == "family" else value


def _move(tx: Tx, runs: Sequence[RunRecord], words: dict[str, int]) -> None:
    """Move messages to their new states, all that end alike in one statement."""
    alike: dict[tuple[RunReason, MessageState, str | None, int | None], list[int]] = {}
    for run in runs:
        hold = run.hold.value if run.hold else None
        cause = words[run.cause] if run.cause else None
        alike.setdefault((run.reason, run.state, hold, cause), []).append(run.message_id)
    for (reason, state, hold, cause), ids in alike.items():
        changing = ids if reason is RunReason.RECEIVED else _reopened(tx, ids, state)
        for row in tx.read_in(_BEFORE, "ids", changing):
            now = MessageState(row.state)
            move(MessageState.WAITING if reason is RunReason.REPLAY else now, state)
            tx.count(row.source_id, now, -row.amount)
            tx.count(row.source_id, state, row.amount)
        is_freed = reason is RunReason.REPLAY and state not in (MessageState.HELD, MessageState.FAILED)
        were_stuck = settled.stuck(tx, changing) if is_freed else []
        tx.write_in(_ENDED, "ids", changing, to=state.value, why=hold, cause=cause)
        if reason is RunReason.REPLAY:
            tx.write_in(_AWAITS_NOTHING, "ids", changing)
            settled.close_items_of(tx, were_stuck, "a replay settled it", "engine")


_STATES = sa.select(_MESSAGE.id, _MESSAGE.state).where(within(_MESSAGE.id, "ids"))


def _reopened(tx: Tx, ids: list[int], to: MessageState) -> list[int]:
    states = {row.id: MessageState(row.state) for row in tx.read_in(_STATES, "ids", ids)}
    return [number for number, now in states.items() if now in _REOPENED_BY_REPLAY and now is not to]


def _awaits(tx: Tx, run: RunRecord) -> dict[str, Any]:
    key = tx.vault.lookup(AWAITED_KIND, run.awaited_account) if run.awaited_account else None
    return {"row": run.message_id, "awaited": key, "due": run.due_at or None}


def awaited(tx: Tx, accounts: Iterable[str]) -> dict[str, list[int]]:
    """Messages held for these accounts (authority|type|value), oldest first; accounts without any are left out."""
    keys = {tx.vault.lookup(AWAITED_KIND, account): account for account in accounts}
    found: dict[str, list[int]] = {}
    for row in tx.read_in(_AWAITED, "awaited_keys", keys):
        found.setdefault(keys[row.awaited_key], []).append(row.id)
    return found


def settle_answers(tx: Tx, codes: Mapping[int, str]) -> dict[int, str]:
    """Compare-and-set of pending answers, by message id; gives the code of each that stands."""
    tx.write(_ANSWER, [{"row": number, "code": code, "at": tx.now} for number, code in codes.items()])
    stands = {int(row.id): str(row.answer) for row in tx.read_in(_ANSWERS_OF, "ids", codes)}
    if missing := codes.keys() - stands.keys():
        raise ActRefusedError("message-unknown", "there is no such message", place=f"message:{min(missing)}")
    return stands


def settled_answers(tx: Tx, message_ids: Collection[int]) -> dict[int, Settled]:
    """The decided answers of these messages with what explains them; those that are not decided are left out."""
    decided = {
        int(row.id): str(row.answer) for row in tx.read_in(_ANSWERS_OF, "ids", message_ids) if row.answer != PENDING
    }
    ended = {
        int(row.message_id): row for row in tx.read_in(_EXPLAINED, "ids", decided)
    }  # the last run of each comes last
    causes = tx.texts({int(row.cause_id) for row in ended.values() if row.cause_id is not None})
    return {
        number: _settled(code, ended[number], causes) if number in ended else Settled(code)
        for number, code in decided.items()
    }


def _settled(code: str, run: sa.Row[Any], causes: Mapping[int | None, str]) -> Settled:
    return Settled(
        code,
        run.hl7_code or "",
        run.place or "",
        run.text or "",
        causes[run.cause_id] if run.cause_id is not None else "",
        tuple(Written(*one) for one in orjson.loads(run.written)) if run.written else (),
    )
