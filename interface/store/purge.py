"""Removing what its time is over for: looked at in pages without a lock, removed in short turns that look once more.

What is removed is noted with its rule, so that whoever asks is told when and why it went. The counts of what was ever received stay
as they are: to remove a body undoes no arrival.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from interface.row.purge import BODIES, Candidate, Removed, Rule, Why
from interface.store import audit_seal, baseline
from interface.store import schema_delivery as d
from interface.store import schema_message as m
from interface.store import schema_operation as o
from interface.store import schema_purge as t
from interface.store.counter import shut_out_acts
from interface.store.dialect import insert_or_keep, within
from interface.store.permit import permitted
from interface.store.purge_rule import CHOSEN, PAGE
from interface.store.purged import ARRIVALS, BODY, OF_MESSAGE, PAYLOAD, RUNS
from interface.store.tx import FORGOTTEN, PURGED_BODY, Tx

_NEW_STEP = sa.insert(t.purge_step).returning(t.purge_step.c.id)
_MARK = insert_or_keep(t.purged)
_SOURCES = sa.select(m.message.c.source_id, m.message.c.state, sa.func.count().label("amount"))
_SOURCES = _SOURCES.where(within(m.message.c.id, "ids")).group_by(m.message.c.source_id, m.message.c.state)
_OWNERS = {
    table: sa.select(table.c.message_id).where(within(table.c.id, "ids")).distinct() for table in (m.arrival, m.run)
}
_KEYS_PAGE = (
    sa.select(m.search_key, m.message.c.id.label("present"))
    .outerjoin(m.message, m.message.c.id == m.search_key.c.message_id)
    .where(
        sa.tuple_(m.search_key.c.key, m.search_key.c.message_id)
        > sa.tuple_(sa.bindparam("key"), sa.bindparam("number"))
    )
    .order_by(m.search_key.c.key, m.search_key.c.message_id)
    .limit(sa.bindparam("amount"))
)
_DROP_KEY = sa.delete(m.search_key).where(
    m.search_key.c.key == sa.bindparam("row_key"), m.search_key.c.message_id == sa.bindparam("row")
)
_FIRST_LINK = sa.select(o.audit_seal).order_by(o.audit_seal.c.id).limit(2)
_SEALED_ROWS = sa.select(
    sa.func.count(), sa.func.coalesce(sa.func.sum(sa.func.length(o.audit.c.sealed)), 0).label("size")
)
_SEALED_ROWS = _SEALED_ROWS.where(o.audit.c.id > sa.bindparam("beyond"), o.audit.c.id <= sa.bindparam("last"))
_DROP_SEALED = sa.delete(o.audit).where(o.audit.c.id > sa.bindparam("beyond"), o.audit.c.id <= sa.bindparam("last"))
_DROP_LINK = sa.delete(o.audit_seal).where(o.audit_seal.c.id == sa.bindparam("row"))


def page(tx: Tx, rule: Rule, cutoff: int, beyond: int, limit: int) -> tuple[list[Candidate], int]:
    """What of the next `limit` rows is of this rule and due; and where to go on, 0 where all that follows is younger."""
    rows = tx.read(PAGE[rule], cutoff=cutoff, proven=_proven(tx), beyond=beyond, amount=limit)
    is_over = len(rows) < limit or all(row.at > cutoff for row in rows)
    return _candidates(rows), 0 if is_over else rows[-1].id


def _proven(tx: Tx) -> int:
    newest = baseline.baseline(tx)
    return newest.beyond_run if newest else 0


def _candidates(rows: Sequence[sa.Row[Any]]) -> list[Candidate]:
    return [Candidate(row.id, row.size, Why(row.why) if row.why else None) for row in rows if row.is_due]


def due(tx: Tx, rule: Rule, cutoff: int, beyond: int, limit: int) -> tuple[list[Candidate], int]:
    """What of the next `limit` rows is of this rule and due; and where to go on, 0 where all that follows is younger."""
    return (old_audit(tx, cutoff), 0) if rule is Rule.AUDIT else page(tx, rule, cutoff, beyond, limit)


def step(tx: Tx, rule: Rule, cutoff: int, ids: Sequence[int]) -> Removed:
    """Remove those of these rows that may still go; of the audit trail its oldest link."""
    return remove_audit(tx, cutoff) if rule is Rule.AUDIT else remove(tx, rule, cutoff, ids)


def remove(tx: Tx, rule: Rule, cutoff: int, ids: Sequence[int]) -> Removed:
    """Remove those of these rows that may still go, in this transaction."""
    shut_out_acts(tx)  # what is asked for while we look waits, and then finds it gone
    found = tx.read_in(CHOSEN[rule], "ids", ids, cutoff=cutoff, proven=_proven(tx))
    going = [one for one in _candidates(found) if one.why is None]
    if not going:
        return Removed()
    removed = Removed(tuple(one.id for one in going), sum(one.size_bytes for one in going))
    step = _step(tx, rule, removed)
    if rule in BODIES:
        _count(tx, removed.ids, PURGED_BODY)
        _drop(tx, m.body, m.body.c.message_id, removed.ids)
        _mark(tx, BODY, removed.ids, step)
    elif rule is Rule.DELIVERIES:
        for table in (d.payload, d.attempt, d.reply):
            _drop(tx, table, table.c.delivery_id, removed.ids)
        _mark(tx, PAYLOAD, removed.ids, step)
    elif rule is Rule.MESSAGES:
        _forget(tx, removed.ids)
    else:
        table, what = (m.arrival, ARRIVALS) if rule is Rule.ARRIVALS else (m.run, RUNS)
        owners = [row.message_id for row in tx.read_in(_OWNERS[table], "ids", removed.ids)]
        _drop(tx, table, table.c.id, removed.ids)
        _mark(tx, what, sorted(set(owners)), step)
    return removed


def _step(tx: Tx, rule: Rule, removed: Removed) -> int:
    ids = removed.ids
    row = {"at": tx.now, "rule": rule.value, "rows": len(ids), "size": removed.size_bytes}
    values = row | {"first_id": min(ids), "last_id": max(ids)}
    return int(tx.connection.execute(_NEW_STEP, values).scalar_one())


def _drop(tx: Tx, table: sa.Table, column: sa.Column[int], ids: Iterable[int]) -> None:
    with permitted(tx, table):
        tx.write_in(sa.delete(table).where(within(column, "ids")), "ids", ids)


def _mark(tx: Tx, what: str, ids: Iterable[int], step: int) -> None:
    tx.write(_MARK, [{"what": what, "subject_id": number, "step_id": step} for number in ids])


def _count(tx: Tx, ids: Iterable[int], name: str, *, by_state: bool = False) -> None:
    for row in tx.read_in(_SOURCES, "ids", ids):
        tx.count(row.source_id, f"{name}{row.state}" if by_state else name, row.amount)


def _forget(tx: Tx, ids: Sequence[int]) -> None:
    """Messages with all that hangs on them; the keys that they were found by go later (`sweep`), for they stand in other order."""
    _count(tx, ids, FORGOTTEN, by_state=True)
    for table in (m.incident, m.parked, m.replay_message, m.batch_member):
        _drop(tx, table, table.c.message_id, ids)
    tx.write_in(
        sa.delete(t.purged).where(t.purged.c.what.in_(OF_MESSAGE), within(t.purged.c.subject_id, "ids")),
        "ids",
        ids,
    )
    _drop(tx, m.message, m.message.c.id, ids)


def orphans(tx: Tx, beyond: tuple[int, int], limit: int) -> tuple[list[tuple[int, int]], tuple[int, int] | None]:
    """Of the next `limit` keys those that lead to no message; and where to go on, None at the end."""
    key, number = beyond
    rows = tx.read(_KEYS_PAGE, key=key, number=number, amount=limit)
    lost = [(row.key, row.message_id) for row in rows if row.present is None]
    return lost, (rows[-1].key, rows[-1].message_id) if len(rows) == limit else None


def sweep(tx: Tx, keys: Sequence[tuple[int, int]]) -> None:
    """Remove keys that lead to no message; no message ever gets such a number again."""
    tx.write(_DROP_KEY, [{"row_key": key, "row": number} for key, number in keys])


def remove_audit(tx: Tx, cutoff: int) -> Removed:
    """Remove the oldest link of the audit's chain with its rows, where all of them are older; the chain then begins after it."""
    rows = [audit_seal.link_of(row) for row in tx.read(_FIRST_LINK)]
    kept = audit_seal.chain(tx)
    if len(rows) < 2 or rows[0].at > cutoff or kept is None:
        return Removed()  # the newest link stays in any case: the chain goes on from it
    first, then = rows
    told = tx.read(_SEALED_ROWS, beyond=first.beyond_row, last=first.last_row)[0]
    removed = Removed(tuple(first.digests()), int(told.size))
    _step(tx, Rule.AUDIT, removed)
    with permitted(tx, o.audit, o.audit_seal):
        tx.connection.execute(_DROP_SEALED, {"beyond": first.beyond_row, "last": first.last_row})
        tx.connection.execute(_DROP_LINK, {"row": first.id})
    audit_seal.set_chain(tx, audit_seal.Chain(then.id, first.code, kept.last_seal, kept.last_code))
    return removed


def old_audit(tx: Tx, cutoff: int) -> list[Candidate]:
    """What `remove_audit` would remove, link by link, if it were called until nothing is left."""
    links = [audit_seal.link_of(row) for row in tx.read(_OLD_LINKS, cutoff=cutoff)]
    newest = audit_seal.last_link(tx)
    rows = (number for link in links if newest and link.id != newest.id for number in link.digests())
    return [Candidate(number, 0, None) for number in rows]


_OLD_LINKS = sa.select(o.audit_seal).where(o.audit_seal.c.at <= sa.bindparam("cutoff")).order_by(o.audit_seal.c.id)
