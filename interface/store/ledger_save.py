"""Writing what a batch changed in the ledger: one statement for each kind of row, whatever the batch's size."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from interface.ledger.change import Confirmation, LedgerChanges
from interface.ledger.entity import Entity, Group, KnownIdentifier
from interface.ledger.journal import Balance, Entry, MoneyMark
from interface.ledger.money_key import number_of
from interface.ledger.noun import Noun
from interface.ledger.payment import Allocation, Payment
from interface.message import PostingState
from interface.store import schema_ledger as t
from interface.store.dialect import insert_or_add, insert_or_keep, insert_or_replace
from interface.store.lane import join
from interface.store.ledger_load import identifier_key, number_key, value_key
from interface.store.named import name_of, word_keys
from interface.store.posting import confirm
from interface.store.tx import Tx
from interface.store.vault import Vault, scope_of
from interface.store.worklist import open_items


def _update(table: sa.Table, columns: Iterable[str]) -> sa.Update:
    statement = sa.update(table).where(table.c.id == sa.bindparam("row"))
    return statement.values({name: sa.bindparam(f"new_{name}") for name in columns})


_CONFIRMED = ("confirmed_at", "confirmed_seq", "confirmed_groups")
_COLUMNS = {
    noun: [column.name for column in table.columns if column.name != "id"] for noun, table in t.ENTITIES.items()
}
_CREATE = {noun: sa.insert(table) for noun, table in t.ENTITIES.items()}
_CHANGE = {noun: _update(table, _COLUMNS[noun]) for noun, table in t.ENTITIES.items()}
_CONFIRM = {noun: _update(table, _CONFIRMED) for noun, table in t.ENTITIES.items()}
_IDENTIFIER = insert_or_keep(t.identifier)
_WORD = t.name_word.c
_UNNAME = sa.delete(t.name_word).where(_WORD.noun == sa.bindparam("of"), _WORD.entity_id == sa.bindparam("row"))
_NAME = sa.insert(t.name_word)
_KEY = t.identifier.c.key == sa.bindparam("row_key")
_REVIVE = sa.update(t.identifier).where(_KEY, t.identifier.c.retired_at != 0).values(retired_at=0)
_RETIRE = sa.update(t.identifier).where(_KEY, t.identifier.c.retired_at == 0).values(retired_at=sa.bindparam("at"))
_ENTRY = sa.insert(t.journal_entry)
_LINE = sa.insert(t.journal_line)
_BALANCE = insert_or_add(t.balance, "amount_minor")
_OBSERVATION = insert_or_replace(
    t.observation, [column.name for column in t.observation.columns if column.name != "account_id"]
)
_MONEY = insert_or_replace(t.money_key, [column.name for column in t.money_key.columns if not column.primary_key])
_PAYMENT = sa.insert(t.payment)
_ALLOCATION = sa.insert(t.allocation)
_PAYMENT_MOVE = sa.update(t.payment).where(t.payment.c.id == sa.bindparam("row")).values(state=sa.bindparam("to"))
_SETTLE = (
    sa.update(t.payment)
    .where(t.payment.c.id == sa.bindparam("row"))
    .values(settled_at=sa.bindparam("at"), sealed=sa.bindparam("new_sealed"))
)


@dataclass(slots=True)
class SealedChanges:
    """A batch's changes with every personal value already sealed, so that the transaction only writes."""

    changes: LedgerChanges
    created: dict[Noun, list[dict[str, Any]]] = field(default_factory=dict)
    changed: dict[Noun, list[dict[str, Any]]] = field(default_factory=dict)
    confirmed: dict[Noun, list[dict[str, Any]]] = field(default_factory=dict)
    renamed: list[dict[str, Any]] = field(default_factory=list)  # people with another name than before
    words: list[dict[str, Any]] = field(default_factory=list)  # of these names, and of those of new people
    identifiers: list[dict[str, Any]] = field(default_factory=list)
    money: list[dict[str, Any]] = field(default_factory=list)
    payments: list[dict[str, Any]] = field(default_factory=list)
    settled: list[dict[str, Any]] = field(default_factory=list)


def seal(vault: Vault, changes: LedgerChanges) -> SealedChanges:
    """Build the rows of a batch; no database work."""
    sealed = SealedChanges(changes)
    for one in changes.created:
        sealed.created.setdefault(one.noun, []).append({"id": one.id, **_entity(vault, one)})
    for one in changes.changed:
        new = {f"new_{name}": value for name, value in _entity(vault, one).items()}
        sealed.changed.setdefault(one.noun, []).append({"row": one.id, **new})
    renamed = [one for one in changes.changed if (one.noun, one.id) in changes.renamed]
    sealed.renamed = [{"of": one.noun.value, "row": one.id} for one in renamed]
    sealed.words = [word for one in (*changes.created, *renamed) for word in _words(vault, one)]
    for confirmation in changes.confirmations:
        sealed.confirmed.setdefault(confirmation.noun, []).append(_confirmation(confirmation))
    sealed.identifiers = [_identifier(vault, known) for known in changes.identifiers]
    sealed.money = [_mark(vault, mark) for mark in changes.money]
    sealed.payments = [_payment(vault, one) for one in changes.payments]
    sealed.settled = [_settled(vault, one.payment) for one in changes.settlements]
    return sealed


def _entity(vault: Vault, one: Entity) -> dict[str, Any]:
    row: dict[str, Any] = {
        "public_id": one.public_id,
        "survivor_id": one.survivor_id,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "confirmed_at": one.confirmed.at if one.confirmed else None,
        "confirmed_seq": one.confirmed.seq if one.confirmed else None,
        "confirmed_groups": ",".join(sorted(one.confirmed.groups)) if one.confirmed else None,
        "sealed": vault.seal_json(_plain(one.groups), scope_of(one.noun, one.id)),
    }
    match one.noun:
        case Noun.PATIENT:
            row |= {"lane": one.lane, **_person(vault, one)}
        case Noun.GUARANTOR:
            row |= _person(vault, one)
        case Noun.ACCOUNT:
            row |= {"patient_id": one.patient_id, "facility": one.facility, "currency": one.currency}
        case Noun.ENCOUNTER:
            row |= {"patient_id": one.patient_id, "account_id": one.account_id, "facility": one.facility}
    return row


def _plain(groups: Mapping[str, Group]) -> dict[str, tuple[Any, ...]]:
    """Groups as plain tuples: the JSON writer takes no subclasses of them."""
    return {name: tuple(group) for name, group in groups.items()}


def _person(vault: Vault, one: Entity) -> dict[str, bytes | None]:
    family, born = one.value("name", "family"), one.value("birth", "birth_date")
    return {
        "family_key": vault.lookup("family", family.casefold()) if family else None,
        "birth_key": vault.lookup("birth date", born) if born else None,
    }


def _words(vault: Vault, one: Entity) -> Iterable[dict[str, Any]]:
    keys = word_keys(vault, one.noun, name_of(one))
    return ({"noun": one.noun.value, "entity_id": one.id, "key": key} for key in sorted(keys))


def _confirmation(one: Confirmation) -> dict[str, Any]:
    return {
        "row": one.entity_id,
        "new_confirmed_at": one.confirmed.at,
        "new_confirmed_seq": one.confirmed.seq,
        "new_confirmed_groups": ",".join(sorted(one.confirmed.groups)),
    }


def _identifier(vault: Vault, known: KnownIdentifier) -> dict[str, Any]:
    key = identifier_key(vault, known.noun, known.identifier)
    return {
        "key": key,
        "retired_at": known.retired_at or 0,
        "noun": known.noun.value,
        "entity_id": known.entity_id,
        "valid_from": known.valid_from,
        "value_key": value_key(vault, known.noun, known.identifier.value),
        "sealed": vault.seal_json(tuple(known.identifier), scope_of("identifier", key)),
    }


def _mark(vault: Vault, mark: MoneyMark) -> dict[str, Any]:
    told = [mark.look_up, mark.code, mark.occurred_on]
    return {
        "message_id": mark.message_id,
        "ordinal": mark.ordinal,
        "key": vault.lookup("money", mark.look_up),
        "number_key": number_key(vault, number_of(mark.look_up)),
        "source": mark.source,
        "account_id": mark.account_id,
        "entry_id": mark.entry_id,
        "kind": mark.kind.value,
        "amount_minor": mark.amount_minor,
        "currency": mark.currency,
        "responsibility": mark.responsibility,
        "sealed": vault.seal_json(told, scope_of("money_key", mark.message_id)),
    }


def _payment(vault: Vault, one: Payment) -> dict[str, Any]:
    card = [one.token, one.last4, one.authorization, one.settlement_batch]
    return {
        "id": one.id,
        "public_id": one.public_id,
        "transaction_id": one.transaction_id,
        "origin": one.origin.value,
        "tender": one.tender,
        "facility": one.facility,
        "currency": one.currency,
        "amount_minor": one.amount_minor,
        "taken_at": one.taken_at,
        "state": one.state.value,
        "entry_id": one.entry_id,
        "message_id": one.message_id,
        "settled_at": one.settled_at,
        "sealed": vault.seal_json(card, scope_of("payment", one.id)),
    }


def _settled(vault: Vault, one: Payment) -> dict[str, Any]:
    row = _payment(vault, one)
    return {"row": one.id, "at": one.settled_at, "new_sealed": row["sealed"]}


def save(tx: Tx, sealed: SealedChanges) -> None:
    """Write a batch. Links are written after what they point to: patients, guarantors, accounts, encounters."""
    changes = sealed.changes
    join(tx, changes.lane_joins)
    for noun in t.ENTITIES:
        tx.write(_CREATE[noun], sealed.created.get(noun, ()))
        tx.write(_CHANGE[noun], sealed.changed.get(noun, ()))
        tx.write(_CONFIRM[noun], sealed.confirmed.get(noun, ()))
    tx.write(_UNNAME, sealed.renamed)
    tx.write(_NAME, sealed.words)
    tx.write(_IDENTIFIER, sealed.identifiers)
    keys = [(identifier_key(tx.vault, one.noun, one.identifier), one.retired_at) for one in changes.retirements]
    tx.write(_REVIVE, [{"row_key": key} for key, _ in keys])
    tx.write(_RETIRE, [{"row_key": key, "at": at} for key, at in keys if at is not None])
    _save_money(tx, sealed)
    open_items(tx, changes.work_items)


def _save_money(tx: Tx, sealed: SealedChanges) -> None:
    changes = sealed.changes
    tx.write(_ENTRY, [_entry(one) for one in changes.entries])
    tx.write(_LINE, [line for one in changes.entries for line in _lines(one)])
    tx.write(_BALANCE, sorted((_balance(one) for one in changes.balance_deltas), key=lambda row: row["account_id"]))
    tx.write(_OBSERVATION, [_columns(one) for one in changes.observations])
    tx.write(_MONEY, sealed.money)
    tx.write(_PAYMENT, sealed.payments)
    tx.write(_ALLOCATION, [_allocation(one) for one in changes.allocations])
    tx.write(_PAYMENT_MOVE, [{"row": one.payment_id, "to": one.state.value} for one in changes.payment_moves])
    tx.write(_SETTLE, sealed.settled)
    confirm(tx, changes.confirmed_postings)


def _columns(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def _entry(one: Entry) -> dict[str, Any]:
    row = _columns(one)
    del row["lines"]
    return row | {"kind": one.kind.value}


def _lines(one: Entry) -> Iterable[dict[str, Any]]:
    for number, line in enumerate(one.lines):
        yield {**_columns(line), "book": line.book.value, "entry_id": one.id, "line": number}


def _balance(one: Balance) -> dict[str, Any]:
    return _columns(one) | {"book": one.book.value}


def _allocation(one: Allocation) -> dict[str, Any]:
    posting = one.posting.value if isinstance(one.posting, PostingState) else None
    return _columns(one) | {"kind": one.kind.value, "posting": posting}
