"""Loading what a batch of readings touches, in a few statements whatever the batch's size."""

from collections.abc import Mapping

import sqlalchemy as sa

from interface.ledger.change import Loaded
from interface.ledger.entity import Entity, KnownIdentifier
from interface.ledger.journal import MoneyMark
from interface.ledger.needs import Needs
from interface.ledger.noun import Identifier, Noun
from interface.store import schema_ledger as t
from interface.store.dialect import within
from interface.store.ledger_load import (
    Row,
    balances,
    entities,
    identifiers,
    ids_of,
    money_mark,
    observations,
    payments,
)
from interface.store.standing import merged_into, survivor
from interface.store.tx import Tx

_ALLOCATION = t.allocation.c
_MONEY = sa.select(t.money_key).where(within(t.money_key.c.key, "row_keys"))
_MONEY_OF = sa.select(t.money_key).where(within(t.money_key.c.message_id, "ids"))
_BY_WIRE_ID = sa.select(_ALLOCATION.payment_id).where(within(_ALLOCATION.wire_id, "wire_ids"))
_BY_REFERENCE = sa.select(_ALLOCATION.payment_id).where(within(_ALLOCATION.reference, "wire_ids"))
_BY_TRANSACTION = sa.select(_ALLOCATION.payment_id).where(within(_ALLOCATION.transaction_id, "transaction_ids"))
_PAID_ON = sa.select(_ALLOCATION.payment_id).where(within(_ALLOCATION.account_id, "ids"))
_ACCOUNTS_OF = sa.select(t.account.c.id).where(within(t.account.c.patient_id, "ids"))


def load(tx: Tx, needs: Needs) -> Loaded:
    """Rows that these needs name, with all that they link to."""
    loaded = Loaded()
    loaded.identifiers = identifiers(tx, needs.identifiers | _also_needed(needs))
    wanted = {Row(known.noun, known.entity_id) for known in loaded.identifiers}
    wanted |= {Row(Noun.ACCOUNT, number) for number in ids_of(tx, Noun.ACCOUNT, needs.account_public_ids)}
    loaded.money = _money(tx, needs)
    wanted |= {Row(Noun.ACCOUNT, mark.account_id) for mark in loaded.money}
    found = entities(tx, wanted)
    in_question = _estate(tx, needs, loaded.identifiers, found)
    wanted = {Row(Noun.ACCOUNT, number) for number in in_question}
    paid = _payment_ids(tx, needs) | {row.payment_id for row in tx.read_in(_PAID_ON, "ids", in_question)}
    loaded.payments, loaded.allocations = payments(tx, paid)
    for allocation in loaded.allocations:
        wanted.add(Row(Noun.ACCOUNT, allocation.account_id))
        if allocation.visit_id is not None:
            wanted.add(Row(Noun.ENCOUNTER, allocation.visit_id))
    found |= entities(tx, wanted - found.keys())
    loaded.entities = list(found.values())
    stated = {row.id for row in found if row.noun is Noun.ACCOUNT} if needs.observed else set()
    loaded.observations = observations(tx, stated | in_question)
    loaded.balances = balances(tx, in_question)
    return loaded


def _also_needed(needs: Needs) -> set[tuple[Noun, Identifier]]:
    return {(Noun.ACCOUNT, identifier) for identifier in needs.observed} | needs.money_of


def _estate(tx: Tx, needs: Needs, known: list[KnownIdentifier], found: Mapping[Row, Entity]) -> set[int]:
    """Ids of the accounts whose money is in question, merged ones included (as `ledger.estate` finds them among rows)."""
    if not needs.money_of:
        return set()
    rows = dict(found)
    named = [one for one in known if (one.noun, one.identifier) in needs.money_of]
    roots = [survivor(rows, rows[Row(one.noun, one.entity_id)]) for one in named]
    patients = {one.id for one in roots if one.noun is Noun.PATIENT}
    patients |= merged_into(tx, Noun.PATIENT, patients).keys()
    accounts = {one.id for one in roots if one.noun is Noun.ACCOUNT}
    accounts |= {one.account_id for one in roots if one.noun is Noun.ENCOUNTER and one.account_id is not None}
    accounts |= {row.id for row in tx.read_in(_ACCOUNTS_OF, "ids", patients)}
    held = entities(tx, {Row(Noun.ACCOUNT, number) for number in accounts})
    standing = {survivor(held, held[Row(Noun.ACCOUNT, number)]).id for number in accounts}
    return standing | merged_into(tx, Noun.ACCOUNT, standing).keys()


def _money(tx: Tx, needs: Needs) -> list[MoneyMark]:
    keys = {tx.vault.lookup("money", look_up) for look_up in needs.money}
    rows = tx.read_in(_MONEY, "row_keys", keys) + tx.read_in(_MONEY_OF, "ids", needs.money_of_messages)
    return [money_mark(tx.vault, row) for row in rows]


def _payment_ids(tx: Tx, needs: Needs) -> set[int]:
    if not needs.wire_ids and not needs.transaction_ids:
        return set()
    rows = tx.read_in(_BY_WIRE_ID, "wire_ids", needs.wire_ids)
    rows += tx.read_in(_BY_REFERENCE, "wire_ids", needs.wire_ids)
    rows += tx.read_in(_BY_TRANSACTION, "transaction_ids", needs.transaction_ids)
    return {row.payment_id for row in rows}
