"""Finding messages: by what they are, where they stand, when they came, and (by keyed hash) whom they are about."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from interface.message import HoldKind, MessageState
from interface.store import member, purged
from interface.store import schema_message as t
from interface.store.count import count_of
from interface.store.dialect import within
from interface.store.run import SEARCHED, fold
from interface.store.tx import Tx
from interface.store.vault import scope_of
from interface.view.message import MessageFilter, MessageRow

_M = t.message.c
_ROWS = sa.select(t.message)
_COUNT = sa.select(sa.func.count()).select_from(t.message)
_TYPES = sa.select(t.name.c.id).where(
    sa.or_(t.name.c.text == sa.bindparam("kind"), t.name.c.text.like(sa.bindparam("any")))
)
_LAST_IDENTITIES = sa.select(t.run.c.message_id, t.run.c.identity).where(
    t.run.c.id.in_(
        sa.select(sa.func.max(t.run.c.id))
        .where(within(t.run.c.message_id, "ids"), t.run.c.identity.is_not(None))
        .group_by(t.run.c.message_id)
    )
)
_PARKED = sa.select(t.parked).where(within(t.parked.c.message_id, "ids"))
Condition = sa.ColumnElement[bool] | sa.TextClause
_STUCK = frozenset({MessageState.HELD, MessageState.FAILED})


def messages(tx: Tx, wanted: MessageFilter) -> list[MessageRow]:
    """One page. In the order of ids; where a type or a time is all that narrows the search, in the order of arrival."""
    asked = page(tx, wanted)
    return [] if asked is None else rows(tx, tx.connection.execute(asked).all())


def page(tx: Tx, wanted: MessageFilter) -> sa.Select[Any] | None:
    """The statement for a page; None where it would find nothing.

    Its order is one in which an index gives what is asked for: a page takes no longer where a million messages are stored.
    """
    conditions = _conditions(tx, wanted)
    if conditions is None:
        return None
    columns = (_M.arrived_at, _M.id) if _is_by_arrival(wanted) else (_M.id,)
    if wanted.beyond_id:
        conditions.append(_beyond(tx, wanted, columns))
    order = [column.desc() if wanted.newest_first else column for column in columns]
    return _ROWS.where(*conditions).order_by(*order).limit(wanted.limit)


def _beyond(tx: Tx, wanted: MessageFilter, columns: Sequence[sa.Column[int]]) -> Condition:
    """What lies beyond the last row of the page before; where that one is gone, beyond its id."""
    reached: Sequence[int] | None = tx.connection.execute(sa.select(*columns).where(_M.id == wanted.beyond_id)).first()
    if reached is None:
        columns, reached = (_M.id,), (wanted.beyond_id,)
    here, there = sa.tuple_(*columns), sa.tuple_(*(sa.literal(value) for value in reached))
    return here < there if wanted.newest_first else here > there


def _is_by_arrival(wanted: MessageFilter) -> bool:
    narrow = (
        wanted.ids,
        wanted.control_id,
        wanted.cause,
        wanted.warning,
        *(getattr(wanted, kind) for kind in SEARCHED),
    )
    return bool(wanted.since or wanted.until or wanted.type) and not any(narrow)


def count_messages(tx: Tx, wanted: MessageFilter) -> int:
    """How many messages a filter finds, whatever its page."""
    if wanted == MessageFilter(channel=wanted.channel, states=wanted.states, limit=wanted.limit):
        return count_of(tx, wanted.channel, wanted.states)
    conditions = _conditions(tx, wanted)
    return 0 if conditions is None else int(tx.connection.execute(_COUNT.where(*conditions)).scalar_one())


def _conditions(tx: Tx, wanted: MessageFilter) -> list[Condition] | None:
    """The WHERE of a filter; None where it cannot find anything: no message has this word, or stands in these states."""
    words = tx.known_word_ids(word for word in (wanted.channel, wanted.cause) if word)
    if any(word and word not in words for word in (wanted.channel, wanted.cause)):
        return None
    if wanted.states and not wanted.is_parked and not count_of(tx, wanted.channel, wanted.states):
        return None
    conditions: list[Condition] = [*_states(wanted), *_times(wanted)]
    if wanted.ids:
        conditions.append(_M.id.in_(wanted.ids))
    if wanted.channel:
        conditions.append(_M.source_id == words[wanted.channel])
    if wanted.cause:
        conditions.append(_M.cause_id == words[wanted.cause])
    if wanted.warning:
        conditions.append(_M.id.in_(_warned(wanted.warning)))
    if wanted.type:
        kinds = [row.id for row in tx.read(_TYPES, kind=wanted.type, any=f"{wanted.type}^%")]
        if not kinds:
            return None
        conditions.append(_of_type(kinds))
    for kind, value in (("control", wanted.control_id), *((kind, getattr(wanted, kind)) for kind in SEARCHED)):
        if value:
            conditions.append(_M.id.in_(_found_by(tx, kind, value)))
    return conditions


def _warned(code: str) -> sa.Select[tuple[int]]:
    # A JSON list of texts, each a code and its place.
    said = sa.or_(
        t.run.c.warnings.contains(f'"{code} ', autoescape=True), t.run.c.warnings.contains(f'"{code}"', autoescape=True)
    )
    return sa.select(t.run.c.message_id).where(t.WARNED, said)


def _of_type(kinds: Sequence[int]) -> Condition:
    # One event may be rare and has its index. A type with all its events is not: it is read off the order of arrival.
    return _M.type_id == kinds[0] if len(kinds) == 1 else sa.func.coalesce(_M.type_id, 0).in_(kinds)


def _states(wanted: MessageFilter) -> Iterable[Condition]:
    if wanted.is_parked:
        listed = _M.state.in_([state.value for state in wanted.states])
        yield sa.or_(listed, sa.and_(_M.state == MessageState.WAITING.value, _M.parked == 1))
    elif wanted.states:
        yield _M.state.in_([state.value for state in wanted.states])
        if _STUCK.issuperset(wanted.states):
            yield t.STUCK  # said in the words of the partial index, so that it serves
    if wanted.hold is not None:
        yield _M.hold == wanted.hold.value


def _times(wanted: MessageFilter) -> Iterable[Condition]:
    if wanted.since:
        yield _M.arrived_at >= wanted.since
    if wanted.until:
        yield _M.arrived_at < wanted.until


def _found_by(tx: Tx, kind: str, value: str) -> sa.Select[tuple[int]]:
    key = tx.vault.search_key(kind, fold(kind, value))
    return sa.select(t.search_key.c.message_id).where(t.search_key.c.key == key)


def rows(tx: Tx, found: Sequence[sa.Row[Any]]) -> list[MessageRow]:
    """Messages as people see them, identities opened."""
    texts = tx.texts({number for row in found for number in (row.source_id, row.type_id, row.cause_id)})
    named = {
        row.message_id: tx.vault.open_json(row.identity, scope_of("run", row.message_id))
        for row in tx.read_in(_LAST_IDENTITIES, "ids", [row.id for row in found])
    }
    unnamed = [row.id for row in found if row.id not in named]
    for row in tx.read_in(_PARKED, "ids", unnamed):
        named[row.message_id] = tx.vault.open_json(row.sealed, scope_of("parked", row.message_id))
    ids = [row.id for row in found]
    bodiless, brought = purged.bodiless(tx, ids), member.brought_by(tx, ids)
    return [
        _row(tx, row, texts, named.get(row.id, {}), is_purged=row.id in bodiless, batch=brought.get(row.id, (None, 0)))
        for row in found
    ]


def _row(
    tx: Tx,
    row: sa.Row[Any],
    texts: dict[int | None, str],
    named: dict[str, str],
    *,
    is_purged: bool,
    batch: tuple[int | None, int],
) -> MessageRow:
    control_id, sender = tx.vault.open_json(row.identity, scope_of("identity", row.digest))
    return MessageRow(
        id=row.id,
        channel=texts[row.source_id],
        type=texts[row.type_id],
        state=MessageState(row.state),
        hold=HoldKind(row.hold) if row.hold else None,
        reason=texts[row.cause_id],
        is_parked=bool(row.parked),
        arrived_at=row.arrived_at,
        size_bytes=row.size,
        answer=row.answer,
        control_id=control_id,
        sender=sender,
        original_id=row.original_id,
        is_pan_redacted=bool(row.pan_redacted),
        is_purged=is_purged,
        batch_id=batch[0],
        batch_position=batch[1],
        **{kind: named.get(kind, "") for kind in SEARCHED},
    )
