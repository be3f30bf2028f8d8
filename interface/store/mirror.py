"""What HealthPay24 has still to be told of the ledger's rows, and what became of telling it.

A row is marked in the commit that changes it. However often it changes before HealthPay24 is told, it stands here once: what is
told is always the present state. `marked` counts the changes, so that one that comes while HealthPay24 is being told is not lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from interface.ledger.noun import Noun
from interface.message import MirrorState
from interface.row.mirror import MirrorCount, MirrorMark, MirrorOutcome, MirrorRow, Subject
from interface.store import schema_ledger
from interface.store import schema_mirror as t
from interface.store.dialect import insert_or_change, insert_or_replace, within
from interface.store.standing import merged_into
from interface.store.tx import Tx

_ROW = t.mirror.c
_PLACE = {subject: place for place, subject in enumerate(Subject)}
_SUBJECT = dict(enumerate(Subject))


_MARK = insert_or_change(
    t.mirror,
    lambda new: {
        "marked": _ROW.marked + 1,
        "marked_at": new.marked_at,
        "due_at": sa.func.coalesce(_ROW.due_at, new.due_at),
    },
)
_TOLD = ("state", "version", "digest", "reference", "key", "cause", "told_at", "attempts")
_SETTLE = insert_or_change(
    t.mirror,
    lambda new: (
        {name: new[name] for name in _TOLD}
        | {
            # Changed while HealthPay24 was being told: there is more to tell, now or when the wait is over.
            "due_at": sa.case((_ROW.marked == new.marked, new.due_at), else_=sa.func.coalesce(new.due_at, new.told_at))
        }
    ),
)
_DUE = (
    sa.select(t.mirror)
    .where(_ROW.due_at <= sa.bindparam("now"), t.TO_TELL)
    .order_by(_ROW.due_at, _ROW.subject, _ROW.entity_id)
    .limit(sa.bindparam("amount"))
)
_KNOWN = sa.select(_ROW.subject, _ROW.entity_id, _ROW.state).where(
    _ROW.subject == sa.bindparam("place"), within(_ROW.entity_id, "ids")
)
_MARKED = sa.select(_ROW.entity_id, _ROW.marked, _ROW.marked_at).where(
    _ROW.subject == sa.bindparam("place"), within(_ROW.entity_id, "ids")
)
NEVER = (1 << 63) - 1  # later than any time, and beyond any row
_OTHER = t.mirror.alias("other")
# What changes in two ways, an account with its balance, stands where it changed last; twice where both changed at once.
_CHANGED = (
    sa.select(_ROW.marked_at, _ROW.entity_id)
    .where(
        _ROW.subject == sa.bindparam("place"),
        sa.tuple_(_ROW.marked_at, _ROW.entity_id) > sa.tuple_(sa.bindparam("at"), sa.bindparam("row")),
        _ROW.marked_at < sa.bindparam("until"),
        ~sa.exists().where(
            within(_OTHER.c.subject, "places"),
            _OTHER.c.entity_id == _ROW.entity_id,
            _OTHER.c.marked_at > _ROW.marked_at,
        ),
    )
    .order_by(_ROW.marked_at, _ROW.entity_id)
    .limit(sa.bindparam("amount"))
)
_COUNT_DUE = (
    sa.select(sa.func.count().label("amount"), sa.func.min(_ROW.due_at).label("oldest"))
    .select_from(t.mirror)
    .where(t.TO_TELL)
)
_COUNT_STATES = sa.select(_ROW.state, sa.func.count().label("amount")).where(t.NOT_KNOWN).group_by(_ROW.state)
_ANEW = (
    sa.update(t.mirror)
    .where(_ROW.subject == sa.bindparam("place"), _ROW.entity_id == sa.bindparam("row"))
    .values(digest=None, due_at=sa.bindparam("now"), marked=_ROW.marked + 1)
)
_IN_STATE = sa.select(_ROW.subject, _ROW.entity_id).where(_ROW.state == sa.bindparam("in_state"), t.NOT_KNOWN)
_ALL = sa.select(_ROW.subject, _ROW.entity_id).order_by(_ROW.subject, _ROW.entity_id)
_OWNED = {
    Noun.PATIENT: [
        (
            Subject.ACCOUNT,
            sa.select(schema_ledger.account.c.id).where(within(schema_ledger.account.c.patient_id, "ids")),
        ),
        (
            Subject.ENCOUNTER,
            sa.select(schema_ledger.encounter.c.id).where(within(schema_ledger.encounter.c.patient_id, "ids")),
        ),
        # A visit is whose its account is, and that may have been moved since.
        (
            Subject.ENCOUNTER,
            sa.select(schema_ledger.encounter.c.id)
            .join(schema_ledger.account, schema_ledger.account.c.id == schema_ledger.encounter.c.account_id)
            .where(within(schema_ledger.account.c.patient_id, "ids")),
        ),
    ],
    Noun.ACCOUNT: [
        (
            Subject.ENCOUNTER,
            sa.select(schema_ledger.encounter.c.id).where(within(schema_ledger.encounter.c.account_id, "ids")),
        )
    ],
}
_BY_PUBLIC_ID = {
    noun: sa.select(table.c.id, table.c.public_id).where(within(table.c.public_id, "public_ids"))
    for noun, table in schema_ledger.ENTITIES.items()
}
_RULES = sa.select(t.balance_rule)
_SET_RULE = insert_or_replace(t.balance_rule, ("rule",))
_OF_FACILITY = sa.select(schema_ledger.account.c.id).where(schema_ledger.account.c.facility == sa.bindparam("at"))


def mark(tx: Tx, marks: Iterable[MirrorMark]) -> None:
    """Note that HealthPay24 is to be told of these rows, and of what names those that were merged."""
    tx.marks.update(marks)


def write_marks(tx: Tx) -> None:
    """Write what was marked, last in the transaction and in one order: so two writers on PostgreSQL never wait for each other."""
    wanted, tx.marks = tx.marks, set()
    rows = {(one.subject, one.entity_id) for one in wanted}
    for noun, owned in _OWNED.items():
        merged = {one.entity_id for one in wanted if one.is_merged and one.subject.noun is noun}
        if merged:
            all_ids = merged | merged_into(tx, noun, merged).keys()
            rows |= {(subject, row.id) for subject, query in owned for row in tx.read_in(query, "ids", all_ids)}
    tx.write(_MARK, [_new(tx, *row) for row in sorted(rows, key=_in_order)])


def _in_order(row: tuple[Subject, int]) -> tuple[int, int]:
    return _PLACE[row[0]], row[1]


def _new(tx: Tx, subject: Subject, entity_id: int) -> dict[str, Any]:
    return {
        "subject": _PLACE[subject],
        "entity_id": entity_id,
        "marked": 1,
        "marked_at": tx.now,
        "due_at": tx.now,
        "attempts": 0,
        "state": MirrorState.NEW.value,
        "version": 0,
        "digest": None,
        "reference": "",
        "key": "",
        "cause": "",
        "told_at": None,
    }


def due(tx: Tx, now: int, limit: int) -> list[MirrorRow]:
    """Rows that HealthPay24 is to be told of now, longest first, parents before what names them."""
    return [_row(row) for row in tx.read(_DUE, now=now, amount=limit)]


def _row(row: sa.Row[Any]) -> MirrorRow:
    return MirrorRow(
        subject=_SUBJECT[row.subject],
        entity_id=row.entity_id,
        marked=row.marked,
        attempts=row.attempts,
        state=MirrorState(row.state),
        version=row.version,
        digest=row.digest,
        reference=row.reference,
        key=row.key,
    )


def states(tx: Tx, wanted: Iterable[tuple[Subject, int]]) -> dict[tuple[Subject, int], MirrorState]:
    """Where these rows stand; what was never marked is left out."""
    found: dict[tuple[Subject, int], MirrorState] = {}
    ids: dict[Subject, set[int]] = {}
    for subject, entity_id in wanted:
        ids.setdefault(subject, set()).add(entity_id)
    for subject, numbers in ids.items():
        for row in tx.read_in(_KNOWN, "ids", numbers, place=_PLACE[subject]):
            found[subject, row.entity_id] = MirrorState(row.state)
    return found


def versions(tx: Tx, noun: Noun, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """How often each of these rows has changed, and when last; an account changes with its balance.

    What was never marked is left out; what this transaction marks, and writes last, counts.
    """
    found: dict[int, tuple[int, int]] = {}
    for place in _places(noun):
        for row in tx.read_in(_MARKED, "ids", ids, place=place):
            times, latest = found.get(row.entity_id, (0, 0))
            found[row.entity_id] = (times + row.marked, max(latest, row.marked_at))
    wanted = set(ids) if tx.marks else ()
    for _, number in {(one.subject, one.entity_id) for one in tx.marks if one.subject.noun is noun}:
        if number in wanted:
            found[number] = (found.get(number, (0, 0))[0] + 1, tx.now)
    return found


def changed_from(noun: Noun, at: int) -> sa.Select[tuple[int]]:
    """The rows that changed at this time or later."""
    return sa.select(_ROW.entity_id).where(_ROW.subject.in_(_places(noun)), _ROW.marked_at >= at)


def has_changed_from(noun: Noun, row: "sa.ColumnElement[int]", at: int) -> sa.Exists:
    """Whether this row changed at this time or later: for where few rows are asked about."""
    return sa.exists().where(_ROW.subject.in_(_places(noun)), _ROW.entity_id == row, _ROW.marked_at >= at)


def changed(tx: Tx, noun: Noun, beyond: tuple[int, int], until: int | None, limit: int) -> list[tuple[int, int]]:
    """Time of the last change and row, in the order of both, of what changed last behind `beyond` and before `until`."""
    end = NEVER if until is None else until
    at, row = beyond
    found = {
        (one.marked_at, one.entity_id)
        for place in _places(noun)
        for one in tx.read(_CHANGED, place=place, places=_places(noun), at=at, row=row, until=end, amount=limit)
    }
    return sorted(found)[:limit]


def _places(noun: Noun) -> list[int]:
    return [place for subject, place in _PLACE.items() if subject.noun is noun]


def rows_named(tx: Tx, public_ids: Iterable[str]) -> dict[str, list[tuple[Subject, int]]]:
    """The rows of public ids, an account's with its balance; unknown ones are left out."""
    wanted = set(public_ids)
    found: dict[str, list[tuple[Subject, int]]] = {}
    for noun, query in _BY_PUBLIC_ID.items():
        subjects = [subject for subject in Subject if subject.noun is noun]
        for row in tx.read_in(query, "public_ids", wanted):
            found[row.public_id] = [(subject, row.id) for subject in subjects]
    return found


def settle(tx: Tx, outcomes: Sequence[MirrorOutcome]) -> None:
    """Write how telling these rows ended. To be called last in a turn."""
    ordered = sorted(outcomes, key=lambda one: _in_order((one.row.subject, one.row.entity_id)))
    tx.write(_SETTLE, [_outcome(tx, one) for one in ordered])


def _outcome(tx: Tx, one: MirrorOutcome) -> dict[str, Any]:
    return {
        "subject": _PLACE[one.row.subject],
        "entity_id": one.row.entity_id,
        "marked": one.row.marked,
        "marked_at": tx.now,
        "due_at": one.due_at or None,
        "attempts": one.row.attempts + 1 if one.due_at else 0,
        "state": one.state.value,
        "version": one.version,
        "digest": one.digest,
        "reference": one.reference,
        "key": one.key,
        "cause": one.cause,
        "told_at": tx.now,
    }


def count(tx: Tx) -> MirrorCount:
    """How far HealthPay24 follows. Rows that it knows are not counted: there may be millions."""
    (row,) = tx.read(_COUNT_DUE)
    states = {MirrorState(one.state): int(one.amount) for one in tx.read(_COUNT_STATES)}
    return MirrorCount(int(row.amount), states, int(row.oldest or 0))


def adopt_rules(tx: Tx, rules: Mapping[str, str]) -> int:
    """Note by which rule each facility's balances are reckoned; where it changed, all of them are to be told anew."""
    known = {row.facility: row.rule for row in tx.read(_RULES)}
    changed = [facility for facility, rule in sorted(rules.items()) if known.get(facility) != rule]
    marked = 0
    for facility in changed:
        ids = [row.id for row in tx.read(_OF_FACILITY, at=facility)]
        mark(tx, [MirrorMark(Subject.BALANCE, number) for number in ids])
        marked += len(ids)
    tx.write(_SET_RULE, [{"facility": facility, "rule": rules[facility]} for facility in changed])
    return marked


def tell_again(tx: Tx, *, in_state: MirrorState | None, rows: Iterable[tuple[Subject, int]] = ()) -> int:
    """Tell HealthPay24 anew, known or not: these rows, or all in one state, or (with neither) all. Gives how many."""
    chosen = list(rows)
    if not chosen:
        found = tx.read(_IN_STATE, in_state=in_state.value) if in_state else tx.read(_ALL)
        chosen = [(_SUBJECT[row.subject], row.entity_id) for row in found]
    tx.write(_ANEW, [{"place": _PLACE[subject], "row": number, "now": tx.now} for subject, number in chosen])
    return len(chosen)
