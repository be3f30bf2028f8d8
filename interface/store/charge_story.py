"""Charges and credits by what a resource server is asked for, each with whose it is now and the number that its sender gave it."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from interface.ledger.journal import Entry, EntryKind
from interface.ledger.money_key import number_of
from interface.ledger.noun import PRIVACY, Noun
from interface.store import schema_ledger as t
from interface.store.account_story import ENTRIES, entries
from interface.store.dialect import within
from interface.store.ledger_load import Row, entities, ids_of, money_mark, number_key
from interface.store.standing import merged_into, survivor
from interface.store.tx import Tx
from interface.view.charge import ChargeFilter, ChargeStory

_ENTRY = t.journal_entry.c
_LINE = t.journal_line.c
_MONEY = t.money_key.c
_IS_CHARGE = _ENTRY.kind.in_((EntryKind.CHARGE.value, EntryKind.CREDIT.value))
_IS_PAYMENT_OF_EHR = sa.and_(
    _ENTRY.kind.in_((EntryKind.PAYMENT.value, EntryKind.REVERSAL.value, EntryKind.REFUND.value)),
    _ENTRY.payment_id.is_(None),
)
_NUMBERED = sa.select(t.money_key).where(_MONEY.number_key == sa.bindparam("number"))
_MARKS = sa.select(t.money_key).where(within(_MONEY.message_id, "messages"))
_TAKEN_BACK = sa.select(_ENTRY.reverses).where(
    within(_ENTRY.message_id, "messages"), _ENTRY.kind == EntryKind.CORRECTION.value
)
_OF_PATIENTS = sa.select(t.account.c.id).where(within(t.account.c.patient_id, "ids"))


def page(tx: Tx, wanted: ChargeFilter) -> list[ChargeStory]:
    """One page, in the order of ids."""
    conditions = _conditions(tx, wanted)
    if conditions is None:
        return []
    query = sa.select(_ENTRY.id).where(*conditions).order_by(_ENTRY.id).limit(wanted.limit)
    ids = [row.id for row in tx.connection.execute(query)]
    return _stories(tx, entries(tx.read_in(ENTRIES, "ids", ids)))


def count(tx: Tx, wanted: ChargeFilter) -> int:
    """How many a filter finds, whatever its page."""
    conditions = _conditions(tx, wanted)
    if conditions is None:
        return 0
    query = sa.select(sa.func.count()).select_from(t.journal_entry).where(*conditions)
    return int(tx.connection.execute(query).scalar_one())


def _conditions(tx: Tx, wanted: ChargeFilter) -> list[sa.ColumnElement[bool]] | None:
    """The WHERE of a filter; None where it cannot find anything."""
    narrow = [_numbered(tx, any_of) for any_of in wanted.numbers]
    accounts = _accounts(tx, wanted)
    if set() in narrow or accounts == set():
        return None
    kinds = _IS_PAYMENT_OF_EHR if wanted.are_payments else _IS_CHARGE
    conditions: list[sa.ColumnElement[bool]] = [kinds, *(_ENTRY.id.in_(ids) for ids in narrow)]
    if wanted.beyond_id:
        conditions.append(_ENTRY.id > wanted.beyond_id)
    if wanted.public_ids is not None:
        conditions.append(_ENTRY.public_id.in_(wanted.public_ids))
    if accounts is not None:
        conditions.append(_ENTRY.id.in_(sa.select(_LINE.entry_id).where(_LINE.account_id.in_(accounts))))
    return conditions


def _numbered(tx: Tx, any_of: Iterable[str]) -> set[int]:
    """The entries of transactions with one of these numbers."""
    return {
        int(row.entry_id)
        for number in any_of
        for row in tx.read(_NUMBERED, number=number_key(tx.vault, number))
        if row.entry_id is not None and number_of(money_mark(tx.vault, row).look_up) == number
    }


def _accounts(tx: Tx, wanted: ChargeFilter) -> set[int] | None:
    """The accounts that are asked for, with those merged into them; None: all."""
    found: set[int] | None = None
    if wanted.patients is not None:
        patients = ids_of(tx, Noun.PATIENT, wanted.patients)
        whole = {*patients, *merged_into(tx, Noun.PATIENT, patients)}
        owned = [row.id for row in tx.read_in(_OF_PATIENTS, "ids", whole)]
        found = {*owned, *merged_into(tx, Noun.ACCOUNT, owned)}
    if wanted.accounts is not None:
        named = ids_of(tx, Noun.ACCOUNT, wanted.accounts)
        whole = {*named, *merged_into(tx, Noun.ACCOUNT, named)}
        found = whole if found is None else found & whole
    return found


def _stories(tx: Tx, found: Sequence[Entry]) -> list[ChargeStory]:
    messages = {one.message_id for one in found}
    numbers = _numbers(tx, tx.read_in(_MARKS, "messages", messages))
    # What is booked anew is taken back by the message that booked it, and by no other one.
    taken_back = {row.reverses for row in tx.read_in(_TAKEN_BACK, "messages", messages)}
    rows = entities(tx, {Row(Noun.ACCOUNT, one.lines[0].account_id) for one in found})
    stories = []
    for one in found:
        account = survivor(rows, rows[Row(Noun.ACCOUNT, one.lines[0].account_id)])
        owner = account.patient_id and survivor(rows, rows[Row(Noun.PATIENT, account.patient_id)])
        stories.append(
            ChargeStory(
                entry=one,
                account=account.public_id,
                patient=owner.public_id if owner else "",
                number=numbers.get(one.id, ""),
                is_restricted=bool(account.value(PRIVACY, "restricted")),
                facility=account.facility,
                is_taken_back=one.id in taken_back,
            )
        )
    return stories


def _numbers(tx: Tx, marks: Iterable[sa.Row[Any]]) -> dict[int, str]:
    return {row.entry_id: number_of(money_mark(tx.vault, row).look_up) for row in marks if row.entry_id is not None}
