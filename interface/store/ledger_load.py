"""Rows of the ledger, opened: entities with all that they link to, money and payments."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from interface.ledger.entity import Confirmed, Entity, Group, KnownIdentifier
from interface.ledger.journal import Balance, Book, MoneyMark, Observation
from interface.ledger.noun import Identifier, Noun
from interface.ledger.payment import Allocation, AllocationKind, Origin, Payment
from interface.ledger.reading import MoneyKind
from interface.message import PaymentState, PostingState
from interface.store import schema_ledger as t
from interface.store.dialect import within
from interface.store.tx import Tx
from interface.store.vault import Vault, scope_of


class Row(NamedTuple):
    """An entity's address: ids are unique within a noun."""

    noun: Noun
    id: int


_IDENTIFIERS = sa.select(t.identifier).where(within(t.identifier.c.key, "row_keys"))
_LIVING = (
    sa.select(t.identifier)
    .where(
        within(t.identifier.c.entity_id, "ids"),
        t.identifier.c.retired_at == 0,
        t.identifier.c.noun == sa.bindparam("noun"),
    )
    .order_by(t.identifier.c.valid_from, t.identifier.c.key)
)
_ENTITIES = {noun: sa.select(table).where(within(table.c.id, "ids")) for noun, table in t.ENTITIES.items()}
_BY_PUBLIC_ID = {
    noun: sa.select(table.c.id, table.c.public_id).where(within(table.c.public_id, "public_ids"))
    for noun, table in t.ENTITIES.items()
}
_ALLOCATION = t.allocation.c
_PAYMENTS = sa.select(t.payment).where(within(t.payment.c.id, "ids"))
_ALLOCATIONS = sa.select(t.allocation).where(within(_ALLOCATION.payment_id, "ids")).order_by(_ALLOCATION.id)
_OBSERVATIONS = sa.select(t.observation).where(within(t.observation.c.account_id, "ids"))
_BALANCES = sa.select(t.balance).where(within(t.balance.c.account_id, "ids"))


def identifier_key(vault: Vault, noun: Noun, identifier: Identifier) -> bytes:
    """The look-up of one identifier. Authorities are already case-folded, values count to the letter."""
    return vault.lookup(f"{noun} id", "\x1f".join(identifier))


def value_key(vault: Vault, noun: Noun, value: str) -> int:
    """The look-up of an identifier's value alone, for people who type a number without its authority."""
    return vault.search_key(f"{noun} value", value)


def number_key(vault: Vault, number: str) -> int | None:
    """The look-up of a transaction's number (FT1-2) alone; None of an empty one."""
    return vault.search_key("transaction number", number) if number else None


def identifier_of(vault: Vault, row: sa.Row[Any]) -> Identifier:
    """The identifier that a row of the table holds."""
    return Identifier(*vault.open_json(row.sealed, scope_of("identifier", row.key)))


def living(tx: Tx, noun: Noun, ids: Iterable[int]) -> Iterator[tuple[int, int, Identifier]]:
    """Row id, the time since when, and identifier, of every living identifier of these rows; the oldest first."""
    for row in tx.read_in(_LIVING, "ids", ids, noun=noun.value):
        yield row.entity_id, row.valid_from, identifier_of(tx.vault, row)


def identifiers(tx: Tx, wanted: Collection[tuple[Noun, Identifier]]) -> list[KnownIdentifier]:
    """The rows, living and retired, of these identifiers; of public ids, too."""
    named = [(noun, identifier) for noun, identifier in wanted if not identifier.is_public]
    own = [(noun, identifier) for noun, identifier in wanted if identifier.is_public]
    asked = {identifier_key(tx.vault, noun, identifier): (noun, identifier) for noun, identifier in named}
    found = [
        KnownIdentifier(*asked[row.key], row.entity_id, row.valid_from, row.retired_at or None)
        for row in tx.read_in(_IDENTIFIERS, "row_keys", asked)
    ]
    return found + _by_public_id(tx, own) if own else found


def _by_public_id(tx: Tx, wanted: Iterable[tuple[Noun, Identifier]]) -> list[KnownIdentifier]:
    by_noun: dict[Noun, dict[str, Identifier]] = {}
    for noun, identifier in wanted:
        by_noun.setdefault(noun, {})[identifier.value] = identifier
    return [
        KnownIdentifier(noun, asked[row.public_id], row.id, 0)
        for noun, asked in by_noun.items()
        for row in tx.read_in(_BY_PUBLIC_ID[noun], "public_ids", asked)
    ]


def ids_of(tx: Tx, noun: Noun, public_ids: Iterable[str]) -> list[int]:
    """Row ids of public ids; unknown ones are left out."""
    return [row.id for row in tx.read_in(_BY_PUBLIC_ID[noun], "public_ids", public_ids)]


def entities(tx: Tx, wanted: set[Row]) -> dict[Row, Entity]:
    """These rows and what each of them names, on and on."""
    found: dict[Row, Entity] = {}
    while missing := wanted - found.keys():
        for noun, query in _ENTITIES.items():
            ids = [row.id for row in missing if row.noun is noun]
            for row in tx.read_in(query, "ids", ids):
                found[Row(noun, row.id)] = entity(tx.vault, noun, row)
        wanted = {Row(*link) for row in missing if row in found for link in found[row].links()}
    return found


def entity(vault: Vault, noun: Noun, row: sa.Row[Any]) -> Entity:
    """One row of the noun's table, all columns in their order; its groups opened."""
    # By place and not by name: opening rows is half of a proof's work.
    columns: tuple[Any, ...] = tuple(row)
    number, public_id, survivor_id, created_at, updated_at, said_at, said_seq, said_groups, sealed, *own = columns
    one = Entity(
        noun,
        number,
        public_id,
        created_at,
        updated_at,
        survivor_id,
        groups={name: Group(*group) for name, group in vault.open_json(sealed, scope_of(noun, number)).items()},
        confirmed=None if said_at is None else Confirmed(said_at, said_seq, frozenset(said_groups.split(","))),
    )
    match noun:
        case Noun.PATIENT:
            one.lane = own[0]
        case Noun.ACCOUNT:
            one.patient_id, one.facility, one.currency = own
        case Noun.ENCOUNTER:
            one.patient_id, one.account_id, one.facility = own
        case Noun.GUARANTOR:
            pass
    return one


def money_mark(vault: Vault, row: sa.Row[Any]) -> MoneyMark:
    """One booked transaction."""
    look_up, code, occurred_on = vault.open_json(row.sealed, scope_of("money_key", row.message_id))
    return MoneyMark(
        look_up=look_up,
        source=row.source,
        account_id=row.account_id,
        message_id=row.message_id,
        ordinal=row.ordinal,
        entry_id=row.entry_id,
        kind=MoneyKind(row.kind),
        amount_minor=row.amount_minor,
        currency=row.currency,
        responsibility=row.responsibility,
        code=code,
        occurred_on=occurred_on,
    )


def payments(tx: Tx, ids: Iterable[int]) -> tuple[list[Payment], list[Allocation]]:
    """Payments with all their allocations."""
    wanted = set(ids)
    found = [payment(tx.vault, row) for row in tx.read_in(_PAYMENTS, "ids", wanted)]
    return found, [allocation(row) for row in tx.read_in(_ALLOCATIONS, "ids", wanted)]


def payment(vault: Vault, row: sa.Row[Any]) -> Payment:
    """One payment."""
    token, last4, authorization, batch = vault.open_json(row.sealed, scope_of("payment", row.id))
    return Payment(
        id=row.id,
        public_id=row.public_id,
        transaction_id=row.transaction_id,
        origin=Origin(row.origin),
        tender=row.tender,
        token=token,
        last4=last4,
        authorization=authorization,
        facility=row.facility,
        currency=row.currency,
        amount_minor=row.amount_minor,
        taken_at=row.taken_at,
        state=PaymentState(row.state),
        entry_id=row.entry_id,
        message_id=row.message_id,
        settled_at=row.settled_at,
        settlement_batch=batch,
    )


def allocation(row: sa.Row[Any]) -> Allocation:
    """One allocation."""
    return Allocation(
        id=row.id,
        payment_id=row.payment_id,
        kind=AllocationKind(row.kind),
        reverses=row.reverses,
        transaction_id=row.transaction_id,
        account_id=row.account_id,
        visit_id=row.visit_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        made_at=row.made_at,
        wire_id=row.wire_id,
        reference=row.reference,
        posting=PostingState(row.posting) if row.posting else None,
        accepted_at=row.accepted_at,
        application_acked_at=row.application_acked_at,
        confirmed_at=row.confirmed_at,
        posted_at=row.posted_at,
        echo_message_id=row.echo_message_id,
    )


def observations(tx: Tx, accounts: Iterable[int]) -> list[Observation]:
    """What the EHR last stated for these accounts."""
    return [Observation(**row._mapping) for row in tx.read_in(_OBSERVATIONS, "ids", accounts)]


def balances(tx: Tx, accounts: Iterable[int]) -> list[Balance]:
    """The books of these accounts."""
    return [balance(row) for row in tx.read_in(_BALANCES, "ids", accounts)]


def observations_by_root(tx: Tx, root_of: Mapping[int, int]) -> dict[int, list[Observation]]:
    """What was stated of each account and of all that were merged into it, by the account that stands for them."""
    found: dict[int, list[Observation]] = {}
    for one in observations(tx, root_of):
        found.setdefault(root_of[one.account_id], []).append(one)
    return found


def balances_by_root(tx: Tx, root_of: Mapping[int, int]) -> dict[int, list[Balance]]:
    """The books of each account and of all that were merged into it, by the account that stands for them."""
    found: dict[int, list[Balance]] = {}
    for one in balances(tx, root_of):
        found.setdefault(root_of[one.account_id], []).append(one)
    return found


def balance(row: sa.Row[Any]) -> Balance:
    """One book's balance."""
    return Balance(row.account_id, Book(row.book), row.responsibility, row.currency, row.amount_minor)
