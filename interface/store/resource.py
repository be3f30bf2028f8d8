"""The ledger's rows by what a resource server is asked for: identifiers, words of a name, owners, times of change."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from interface.ledger.noun import Noun
from interface.store import schema_ledger as t
from interface.store.dialect import within
from interface.store.ledger_load import identifier_of, ids_of, value_key
from interface.store.mirror import changed_from, versions
from interface.store.named import word_keys
from interface.store.standing import merged_into
from interface.store.tx import Tx
from interface.view.resource import ResourceFilter, ResourceRow, Token

_VALUED = sa.select(t.identifier).where(
    t.identifier.c.value_key == sa.bindparam("value"), t.identifier.c.noun == sa.bindparam("noun")
)
_WORD = t.name_word.c
# Most is asked for by what leads to a few rows: that statement is built once.
_THESE = {
    noun: sa.select(table.c.id, table.c.public_id, table.c.updated_at).where(
        within(table.c.id, "ids"), table.c.id > sa.bindparam("beyond")
    )
    for noun, table in t.ENTITIES.items()
}
Condition = sa.ColumnElement[bool]


def resource_rows(tx: Tx, wanted: ResourceFilter) -> list[ResourceRow]:
    """One page, in the order of ids."""
    columns = t.ENTITIES[wanted.noun].c
    narrow = _narrow(tx, wanted)
    if narrow is not None and not _is_conditional(wanted):
        found = tx.read_in(_THESE[wanted.noun], "ids", narrow, beyond=wanted.beyond_id)
        rows: list[Any] = sorted(found, key=lambda row: row.id)[: wanted.limit]
    elif (conditions := _conditions(tx, wanted, narrow)) is None:
        return []
    else:
        query = sa.select(columns.id, columns.public_id, columns.updated_at).where(*conditions)
        rows = list(tx.connection.execute(query.order_by(columns.id).limit(wanted.limit)))
    changed = versions(tx, wanted.noun, [row.id for row in rows])
    return [ResourceRow(row.id, row.public_id, *changed.get(row.id, (0, row.updated_at))) for row in rows]


def count(tx: Tx, wanted: ResourceFilter) -> int:
    """How many rows a filter finds, whatever its page."""
    conditions = _conditions(tx, wanted, _narrow(tx, wanted))
    if conditions is None:
        return 0
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
    """Whether more must hold of a row than that it is named."""
    has_owner = wanted.patients is not None or wanted.accounts is not None
    return has_owner or bool(
        wanted.names or wanted.birth_dates or wanted.updated_from or wanted.updated_until is not None
    )


def _conditions(tx: Tx, wanted: ResourceFilter, narrow: set[int] | None) -> list[Condition] | None:
    """The WHERE of a filter; None where it cannot find anything."""
    columns = t.ENTITIES[wanted.noun].c
    conditions: list[Condition] = [columns.id > wanted.beyond_id] if wanted.beyond_id else []
    if narrow is not None:
        if not narrow:
            return None
        conditions.append(columns.id.in_(narrow))
    conditions += [_named(tx, wanted.noun, columns.id, any_of) for any_of in wanted.names]
    if wanted.birth_dates:
        conditions.append(columns.birth_key.in_([tx.vault.lookup("birth date", day) for day in wanted.birth_dates]))
    if wanted.updated_from:
        conditions.append(columns.id.in_(changed_from(wanted.noun, wanted.updated_from)))
    if wanted.updated_until is not None:
        conditions.append(columns.id.not_in(changed_from(wanted.noun, wanted.updated_until)))
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
    keys = word_keys(tx.vault, noun, [text])
    if not keys:
        return [sa.false()]
    return [
        row.in_(sa.select(_WORD.entity_id).where(_WORD.key == key, _WORD.noun == noun.value)) for key in sorted(keys)
    ]


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
