"""Accounts as people see them: whose they are, under which names, and all that moved on them."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from interface.ledger.entity import Entity
from interface.ledger.journal import Book, Entry, EntryKind, Line
from interface.ledger.noun import Identifier, Noun
from interface.ledger.payment import Allocation, Payment
from interface.store import schema_ledger as t
from interface.store.dialect import within
from interface.store.ledger_load import (
    Row,
    balances_by_root,
    entities,
    identifier_of,
    ids_of,
    observations_by_root,
    payments,
    value_key,
)
from interface.store.standing import merged_into, survivor
from interface.store.tx import Tx
from interface.view.money import AccountStory

_ACCOUNT = t.account.c
_NAMED = sa.select(t.identifier.c.entity_id).where(
    t.identifier.c.value_key == sa.bindparam("value"), t.identifier.c.noun == sa.bindparam("noun")
)
_SURVIVING = (
    sa.select(_ACCOUNT.id)
    .where(_ACCOUNT.survivor_id.is_(None), _ACCOUNT.id > sa.bindparam("beyond"))
    .order_by(_ACCOUNT.id)
    .limit(sa.bindparam("amount"))
)
_NAMES = (
    sa.select(t.identifier)
    .where(within(t.identifier.c.entity_id, "ids"), t.identifier.c.noun == sa.bindparam("noun"))
    .order_by(t.identifier.c.retired_at, t.identifier.c.valid_from)
)
_VISITS = sa.select(t.encounter.c.id).where(within(t.encounter.c.account_id, "ids"))
_ENTRIES_ON = sa.select(t.journal_line.c.entry_id).where(within(t.journal_line.c.account_id, "ids")).distinct()
ENTRIES = (
    sa.select(t.journal_entry, t.journal_line)
    .join(t.journal_line, t.journal_line.c.entry_id == t.journal_entry.c.id)
    .where(within(t.journal_entry.c.id, "ids"))
    .order_by(t.journal_entry.c.id, t.journal_line.c.line)
)
_PAYMENTS_ON = sa.select(t.allocation.c.payment_id).where(within(t.allocation.c.account_id, "ids")).distinct()


def account(tx: Tx, name: str) -> AccountStory | None:
    """An account by public id or identifier value, seen through merges; None where none or several fit."""
    number = the_one(tx, Noun.ACCOUNT, name)
    return None if number is None else next(iter(_stories(tx, [number], with_entries=True)), None)


def accounts(tx: Tx, beyond_id: int, limit: int) -> list[AccountStory]:
    """One page of surviving accounts; entries are left out."""
    ids = [row.id for row in tx.read(_SURVIVING, beyond=beyond_id, amount=limit)]
    return _stories(tx, ids, with_entries=False)


def the_one(tx: Tx, noun: Noun, name: str) -> int | None:
    """The surviving row of this name, where exactly one fits."""
    found = set(ids_of(tx, noun, [name]))
    found |= {row.entity_id for row in tx.read(_NAMED, value=value_key(tx.vault, noun, name), noun=noun.value)}
    rows = entities(tx, {Row(noun, number) for number in found})
    standing = {survivor(rows, rows[Row(noun, number)]).id for number in found}
    return standing.pop() if len(standing) == 1 else None


def _stories(tx: Tx, ids: Sequence[int], *, with_entries: bool) -> list[AccountStory]:
    merged = merged_into(tx, Noun.ACCOUNT, ids)
    root_of = {number: number for number in ids} | merged
    visits = [row.id for row in tx.read_in(_VISITS, "ids", root_of)]
    wanted = {Row(Noun.ACCOUNT, number) for number in ids} | {Row(Noun.ENCOUNTER, number) for number in visits}
    rows = entities(tx, wanted)
    guarantors = {Row(Noun.GUARANTOR, one["guarantor"]) for number in ids for one in _guarantor_rows(rows, number)}
    rows |= entities(tx, guarantors)
    books = _Books(tx, root_of, with_entries=with_entries)
    patients = _patients(rows, ids)
    merged_names = names_of(tx, Noun.ACCOUNT, {number: number for number in merged}) if merged else {}
    names = names_of(tx, Noun.ACCOUNT, root_of)
    patient_roots = {one.id: one.id for one in patients.values()}
    patient_names = names_of(tx, Noun.PATIENT, patient_roots | merged_into(tx, Noun.PATIENT, patient_roots))
    return [
        AccountStory(
            account=rows[Row(Noun.ACCOUNT, number)],
            names=tuple(names.get(number, ())),
            patient=patients.get(number),
            patient_names=tuple(patient_names.get(patients[number].id, ())) if number in patients else (),
            guarantors=tuple(
                survivor(rows, rows[Row(Noun.GUARANTOR, one["guarantor"])]) for one in _guarantor_rows(rows, number)
            ),
            visits=tuple(_visits(rows, root_of, number)),
            balances=tuple(books.balances.get(number, ())),
            observations=tuple(books.observations.get(number, ())),
            entries=tuple(books.entries.get(number, ())),
            payments=tuple(books.payments.get(number, ())),
            allocations=tuple(books.allocations.get(number, ())),
            merged_ids=tuple(sorted(one for one, root in merged.items() if root == number)),
            merged_names={one: merged_names[one][0] for one, root in merged.items() if root == number},
        )
        for number in ids
    ]


def _patients(rows: dict[Row, Entity], ids: Iterable[int]) -> dict[int, Entity]:
    owned = ((number, rows[Row(Noun.ACCOUNT, number)].patient_id) for number in ids)
    return {
        number: survivor(rows, rows[Row(Noun.PATIENT, patient)]) for number, patient in owned if patient is not None
    }


def _guarantor_rows(rows: dict[Row, Entity], account_id: int) -> list[dict[str, Any]]:
    listed = rows[Row(Noun.ACCOUNT, account_id)].value("guarantors", "guarantors") or []
    return sorted(listed, key=lambda one: one.get("priority") or 0)


def _visits(rows: dict[Row, Entity], root_of: dict[int, int], account_id: int) -> Iterable[Entity]:
    for row, one in rows.items():
        if row.noun is Noun.ENCOUNTER and one.survivor_id is None and root_of.get(one.account_id or 0) == account_id:
            yield one


def names_of(tx: Tx, noun: Noun, root_of: dict[int, int]) -> dict[int, list[Identifier]]:
    """The identifiers of rows, live ones first, under the row that stands for them."""
    names: dict[int, list[Identifier]] = {}
    for row in tx.read_in(_NAMES, "ids", root_of, noun=noun.value):
        names.setdefault(root_of[row.entity_id], []).append(identifier_of(tx.vault, row))
    return names


class _Books:
    """What stands in the books of accounts, merged ones' under the survivor."""

    def __init__(self, tx: Tx, root_of: dict[int, int], *, with_entries: bool) -> None:
        self._root_of = root_of
        self.balances = balances_by_root(tx, root_of)
        self.observations = observations_by_root(tx, root_of)
        self.entries: dict[int, list[Entry]] = {}
        if with_entries:
            numbers = sorted({row.entry_id for row in tx.read_in(_ENTRIES_ON, "ids", root_of)})
            for entry in entries(tx.read_in(ENTRIES, "ids", numbers)):
                for number in {root_of[line.account_id] for line in entry.lines if line.account_id in root_of}:
                    self.entries.setdefault(number, []).append(entry)
        self.payments: dict[int, list[Payment]] = {}
        self.allocations: dict[int, list[Allocation]] = {}
        self._add_payments(*payments(tx, [row.payment_id for row in tx.read_in(_PAYMENTS_ON, "ids", root_of)]))

    def _add_payments(self, found: list[Payment], parts: list[Allocation]) -> None:
        of_payment: dict[int, list[Allocation]] = {}
        for part in parts:
            of_payment.setdefault(part.payment_id, []).append(part)
        for payment in sorted(found, key=lambda one: one.id):
            own = of_payment[payment.id]
            for number in {self._root_of[part.account_id] for part in own if part.account_id in self._root_of}:
                self.payments.setdefault(number, []).append(payment)
                self.allocations.setdefault(number, []).extend(own)


def entries(rows: Iterable[sa.Row[Any]]) -> list[Entry]:
    """Entries out of rows of entry and line, in order."""
    lines: dict[int, list[Line]] = {}
    heads: dict[int, sa.Row[Any]] = {}
    for row in rows:
        heads[row.id] = row
        line = Line(Book(row.book), row.account_id, row.responsibility, row.amount_minor, row.currency)
        lines.setdefault(row.id, []).append(line)
    return [
        Entry(
            id=row.id,
            public_id=row.public_id,
            kind=EntryKind(row.kind),
            at=row.at,
            message_id=row.message_id,
            config_id=row.config_id,
            payment_id=row.payment_id,
            reverses=row.reverses,
            memo_code=row.memo_code,
            lines=tuple(lines[row.id]),
        )
        for row in heads.values()
    ]
