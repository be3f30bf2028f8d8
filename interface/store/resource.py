"""The ledger's rows by what a resource server is asked for: identifiers, words of a name, owners, times of change."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from interface.ledger.noun import Noun
from interface.store import schema_ledger as t
from interface.store.dialect import within
from interface.store.ledger_load import identifier_of, ids_of, value_key
from interface.store.mirror import NEVER, changed, changed_from, has_changed_from, versions
from interface.store.named import word_keys
from interface.store.standing import merged_into
from interface.store.tx import Tx
from interface.view.resource import ResourceFilter, ResourceRow, Token

_VALUED = sa.select(t.identifier).where(
    t.identifier.c.value_key == sa.bindparam("value"), t.identifier.c.noun == sa.bindparam("noun")
)
_WORD = t.name_word.c
_COMMON = 1000  # of whom so many bear it, a word is as common as any: no more are counted
_BEARERS = sa.select(sa.func.count().label("amount")).select_from(
    sa.select(_WORD.entity_id)
    .where(_WORD.key == sa.bindparam("key"), _WORD.noun == sa.bindparam("noun"))
    .limit(_COMMON)
    .subquery()
)
# Most is asked for by what leads to a few rows: that statement is built once.
_THESE = {
    noun: sa.select(table.c.id, table.c.public_id, table.c.updated_at).where(
        within(table.c.id, "ids"), table.c.id > sa.bindparam("beyond")
    )
    for noun, table in t.ENTITIES.items()
}
_MOST_ROWS = 1 << 40  # of a table: a place in the order of changes is a time and a row in one number
Condition = sa.ColumnElement[bool]


def resource_rows(tx: Tx, wanted: ResourceFilter) -> list[ResourceRow]:
    """One page."""
    narrow = _narrow(tx, wanted)
    is_timed = bool(wanted.updated_from) or wanted.updated_until is not None
    if narrow is None and is_timed and not _is_conditional(wanted):
        return _by_time(tx, wanted)
    columns = t.ENTITIES[wanted.noun].c
    if narrow is not None and not is_timed and not _is_conditional(wanted):
        found = tx.read_in(_THESE[wanted.noun], "ids", narrow, beyond=_beyond(wanted))
        rows: list[Any] = sorted(found, key=lambda row: row.id)[: wanted.limit]
    elif (conditions := _conditions(tx, wanted, narrow)) is None:
        return []
    else:
        if wanted.updated_from:
            conditions.append(has_changed_from(wanted.noun, columns.id, wanted.updated_from))
        if wanted.updated_until is not None:
            conditions.append(~has_changed_from(wanted.noun, columns.id, wanted.updated_until))
        query = sa.select(columns.id, columns.public_id, columns.updated_at).where(*conditions)
        rows = list(tx.connection.execute(query.order_by(columns.id).limit(wanted.limit)))
    times = versions(tx, wanted.noun, [row.id for row in rows])
    return [_row(row.id, row.public_id, times.get(row.id, (0, row.updated_at)), row.id) for row in rows]


def _row(number: int, public_id: str, times: tuple[int, int], place: int) -> ResourceRow:
    return ResourceRow(number, public_id, *times, place=place)


def _beyond(wanted: ResourceFilter) -> int:
    return min(wanted.beyond, NEVER)  # a place is what a client gives


def _by_time(tx: Tx, wanted: ResourceFilter) -> list[ResourceRow]:
    """One page in the order of the last changes: found by an index, however many rows there are."""
    at, row = divmod(wanted.beyond, _MOST_ROWS)
    beyond = max((wanted.updated_from, 0), (min(at, NEVER), row))
    found = changed(tx, wanted.noun, beyond, wanted.updated_until, wanted.limit)
    ids = [number for _, number in found]
    times = versions(tx, wanted.noun, ids)
    named = {row.id: row.public_id for row in tx.read_in(_THESE[wanted.noun], "ids", ids, beyond=0)}
    return [_row(number, named[number], times[number], at * _MOST_ROWS + number) for at, number in found]


def count(tx: Tx, wanted: ResourceFilter) -> int:
    """How many rows a filter finds, whatever its page."""
    conditions = _conditions(tx, wanted, _narrow(tx, wanted))
    if conditions is None:
        return 0
    row = t.ENTITIES[wanted.noun].c.id
    if wanted.updated_from:
        conditions.append(row.in_(changed_from(wanted.noun, wanted.updated_from)))
    if wanted.updated_until is not None:
        conditions.append(row.not_in(changed_from(wanted.noun, wanted.updated_until)))
    query = sa.select(sa.func.count()).select_from(t.ENTITIES[wanted.noun]).where(*conditions)
    return int(tx.connection.execute(query).scalar_one())


def _narrow(tx: Tx, wanted: ResourceFilter) -> set[int] | None:
    """The rows that public ids and identifiers lead to; None where none are named."""
    found: set[int] | None = None
    if wanted.public_ids is not None:
        found = set(ids_of(tx, wanted.noun, wanted.public_ids))
    for any_of in wanted.identifiers:
        ids = _identified(tx, wanted.noun, any_of)
        found = ids if found is None else found & ids
    return found


def _is_conditional(wanted: ResourceFilter) -> bool:
    """Whether more must hold of a row than that it is named, and when it changed."""
    has_owner = wanted.patients is not None or wanted.accounts is not None
    return has_owner or bool(wanted.names or wanted.birth_dates)


def _conditions(tx: Tx, wanted: ResourceFilter, narrow: set[int] | None) -> list[Condition] | None:
    """The WHERE of a filter but for times of change; None where it cannot find anything."""
    columns = t.ENTITIES[wanted.noun].c
    conditions: list[Condition] = [columns.id > _beyond(wanted)] if wanted.beyond else []
    if narrow is not None:
        if not narrow:
            return None
        conditions.append(columns.id.in_(narrow))
    conditions += [_named(tx, wanted.noun, columns.id, any_of) for any_of in wanted.names]
    if wanted.birth_dates:
        conditions.append(columns.birth_key.in_([tx.vault.lookup("birth date", day) for day in wanted.birth_dates]))
    for noun, names in ((Noun.PATIENT, wanted.patients), (Noun.ACCOUNT, wanted.accounts)):
        if names is not None:
            owners = _whole(tx, noun, names)
            if not owners:
                return None
            conditions.append(_owned(wanted.noun, noun, owners))
    return conditions


def _identified(tx: Tx, noun: Noun, any_of: Iterable[Token]) -> set[int]:
    found = set()
    for token in any_of:
        for row in tx.read(_VALUED, value=value_key(tx.vault, noun, token.value), noun=noun.value):
            known = identifier_of(tx.vault, row)
            if known.value == token.value and token.authority in (None, known.authority):
                found.add(int(row.entity_id))
    return found


def _named(tx: Tx, noun: Noun, row: "sa.ColumnElement[int]", any_of: Sequence[str]) -> Condition:
    return sa.or_(*(sa.and_(*_holds(tx, noun, row, text)) for text in any_of))


def _holds(tx: Tx, noun: Noun, row: "sa.ColumnElement[int]", text: str) -> list[Condition]:
    """All of the words: the rarest one leads to rows, and those are asked for the others."""
    keys = sorted(word_keys(tx.vault, noun, [text]))
    if not keys:
        return [sa.false()]
    rarest = keys[0] if len(keys) == 1 else min(keys, key=lambda key: _bearers(tx, noun, key))
    leads = row.in_(sa.select(_WORD.entity_id).where(_WORD.key == rarest, _WORD.noun == noun.value))
    others = (key for key in keys if key != rarest)
    return [
        leads,
        *(sa.exists().where(_WORD.noun == noun.value, _WORD.entity_id == row, _WORD.key == key) for key in others),
    ]


def _bearers(tx: Tx, noun: Noun, key: int) -> int:
    found = tx.first(_BEARERS, key=key, noun=noun.value)
    return 0 if found is None else int(found.amount)


def _whole(tx: Tx, noun: Noun, public_ids: Iterable[str]) -> list[int]:
    """The rows of these public ids, and those that they stand for since a merge."""
    ids = ids_of(tx, noun, public_ids)
    return sorted({*ids, *merged_into(tx, noun, ids)})


def _owned(noun: Noun, owner: Noun, owners: list[int]) -> Condition:
    columns = t.ENTITIES[noun].c
    if owner is Noun.ACCOUNT:
        return columns.account_id.in_(owners)
    if noun is not Noun.ENCOUNTER:
        return columns.patient_id.in_(owners)
    # A visit is whose its account is, and that may have been moved.
    of_account = sa.select(t.account.c.id).where(t.account.c.patient_id.in_(owners))
    return sa.or_(
        columns.account_id.in_(of_account), sa.and_(columns.account_id.is_(None), columns.patient_id.in_(owners))
    )
