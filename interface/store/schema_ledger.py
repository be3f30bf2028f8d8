"""Tables of what we hold to be true: patients, guarantors, accounts, encounters, their identifiers, and the money journal.

What is said of a person stands in one sealed JSON object a row, with the stamps of its groups of fields; links, order keys and
plain codes stand in columns. Amounts are in minor units. Entries and lines are only ever inserted.
"""

from typing import Any

import sqlalchemy as sa

from interface.ledger.noun import Noun
from interface.store.schema import METADATA, ROW_ID, deferred, lookup, micros, minor, reference, sealed, text


def _entity(noun: Noun, *own: "sa.Column[Any] | sa.Index") -> sa.Table:
    return sa.Table(
        noun.value,
        METADATA,
        sa.Column("id", ROW_ID, primary_key=True),
        sa.Column("public_id", sa.String, nullable=False, unique=True),
        # Follows merges; looked up backwards to find everything that a survivor stands for.
        deferred("survivor_id", f"{noun.value}.id"),
        micros("created_at"),
        micros("updated_at"),
        micros("confirmed_at", nullable=True),  # a newer message repeated `confirmed_groups` unchanged
        sa.Column("confirmed_seq", sa.BigInteger),
        text("confirmed_groups", nullable=True),
        sealed(),
        *own,
    )


def _person() -> tuple[sa.Column[bytes], ...]:
    return (lookup("family_key", nullable=True), lookup("birth_key", nullable=True))


patient = _entity(Noun.PATIENT, sa.Column("lane", sa.BigInteger, nullable=False, index=True), *_person())
guarantor = _entity(Noun.GUARANTOR, *_person())
account = _entity(
    Noun.ACCOUNT,
    reference("patient_id", "patient.id", nullable=True, index=True),
    text("facility"),
    text("currency"),
)
encounter = _entity(
    Noun.ENCOUNTER,
    reference("patient_id", "patient.id", nullable=True, index=True),
    reference("account_id", "account.id", nullable=True, index=True),
    text("facility"),
)
ENTITIES = {Noun.PATIENT: patient, Noun.GUARANTOR: guarantor, Noun.ACCOUNT: account, Noun.ENCOUNTER: encounter}
for _table in ENTITIES.values():
    _known = _table.c.survivor_id.is_not(None)
    sa.Index(f"{_table.name}_merged", _table.c.survivor_id, sqlite_where=_known, postgresql_where=_known)
for _table in (patient, guarantor):
    sa.Index(f"{_table.name}_named", _table.c.family_key, _table.c.birth_key)
    sa.Index(f"{_table.name}_born", _table.c.birth_key)

# `retired_at` is 0 while an identifier lives, so that the key itself allows one live row and any number of retired ones.
identifier = sa.Table(
    "identifier",
    METADATA,
    lookup("key"),
    micros("retired_at"),
    text("noun"),
    sa.Column("entity_id", sa.BigInteger, nullable=False),
    micros("valid_from"),
    sa.Column("value_key", sa.BigInteger, nullable=False, index=True),  # the value alone, as people type it
    sealed(),  # authority, type, value
    sa.PrimaryKeyConstraint("key", "retired_at"),
    sa.Index("identifier_of", "entity_id", "noun"),
    sqlite_with_rowid=False,
)

# The words of people's names, each as its keyed hash: what is looked for is a whole word.
name_word = sa.Table(
    "name_word",
    METADATA,
    text("noun"),
    sa.Column("entity_id", sa.BigInteger, nullable=False),
    sa.Column("key", sa.BigInteger, nullable=False, index=True),
    sa.PrimaryKeyConstraint("noun", "entity_id", "key"),
    sqlite_with_rowid=False,
)

journal_entry = sa.Table(
    "journal_entry",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    sa.Column("public_id", sa.String, nullable=False, unique=True),
    text("kind"),
    micros("at"),
    reference("message_id", "message.id", index=True),
    sa.Column("config_id", sa.BigInteger, nullable=False),
    sa.Column("payment_id", sa.BigInteger, index=True),
    deferred("reverses", "journal_entry.id"),
    text("memo_code"),
)

journal_line = sa.Table(
    "journal_line",
    METADATA,
    reference("entry_id", "journal_entry.id"),
    sa.Column("line", sa.SmallInteger, nullable=False),
    text("book"),
    reference("account_id", "account.id", index=True),
    text("responsibility"),
    minor("amount_minor"),
    text("currency"),
    sa.PrimaryKeyConstraint("entry_id", "line"),
    sqlite_with_rowid=False,
)

balance = sa.Table(
    "balance",
    METADATA,
    reference("account_id", "account.id"),
    text("book"),
    text("responsibility"),
    text("currency"),
    minor("amount_minor"),
    sa.PrimaryKeyConstraint("account_id", "book", "responsibility", "currency"),
    sqlite_with_rowid=False,
)

observation = sa.Table(
    "observation",
    METADATA,
    reference("account_id", "account.id"),
    minor("amount_minor"),
    text("currency"),
    micros("as_of"),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("message_id", sa.BigInteger, nullable=False),  # may be forgotten while the observation stands
    micros("merged_at", nullable=True),  # the account was merged: statements of its survivor speak of it, too
    sa.Column("merged_into", sa.BigInteger),
    sa.PrimaryKeyConstraint("account_id"),
)

# Never expires: a transaction that comes again after years is still a repeat.
money_key = sa.Table(
    "money_key",
    METADATA,
    reference("message_id", "message.id"),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("key", sa.LargeBinary(16), nullable=False, index=True),
    sa.Column("number_key", sa.BigInteger),  # the sender's id of the transaction alone, as programs ask for it
    text("source"),
    reference("account_id", "account.id"),
    sa.Column("entry_id", sa.BigInteger),
    text("kind"),
    minor("amount_minor"),
    text("currency"),
    text("responsibility"),
    sealed(),  # what the sender called it, code and date
    sa.PrimaryKeyConstraint("message_id", "ordinal"),
)
_NUMBERED = money_key.c.number_key.is_not(None)
sa.Index("money_key_numbered", money_key.c.number_key, sqlite_where=_NUMBERED, postgresql_where=_NUMBERED)

payment = sa.Table(
    "payment",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    sa.Column("public_id", sa.String, nullable=False, unique=True),
    sa.Column("transaction_id", sa.String, nullable=False, index=True),
    text("origin"),
    text("tender"),
    text("facility"),
    text("currency"),
    minor("amount_minor"),
    micros("taken_at"),
    text("state"),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    reference("message_id", "message.id", index=True),
    micros("settled_at", nullable=True),
    sealed(),  # token, last four, authorisation, settlement batch
)

ACCEPTED = sa.text("posting = 'accepted'")  # a literal: only so can SQLite prove that the partial index serves

# Every fact about a posting has a column of its own: the EHR's ack, its application ack, its echo are different proofs.
allocation = sa.Table(
    "allocation",
    METADATA,
    sa.Column("id", ROW_ID, primary_key=True),
    reference("payment_id", "payment.id", index=True),
    text("kind"),
    deferred("reverses", "allocation.id"),
    sa.Column("transaction_id", sa.String, nullable=False, index=True),
    reference("account_id", "account.id", index=True),
    sa.Column("visit_id", sa.BigInteger),
    minor("amount_minor"),
    text("currency"),
    micros("made_at"),
    sa.Column("wire_id", sa.String, nullable=False, index=True),
    sa.Column("reference", sa.String, nullable=False, index=True),
    text("posting", nullable=True),  # null: never to be posted
    micros("accepted_at", nullable=True),
    micros("application_acked_at", nullable=True),
    micros("confirmed_at", nullable=True),
    micros("posted_at", nullable=True),
    reference("echo_message_id", "message.id", nullable=True, index=True),
    text("cause", nullable=True),  # why the posting was rejected or is ambiguous
    sa.Index("allocation_posting", "posting"),
    sa.Index("allocation_unconfirmed", "cause", "accepted_at", sqlite_where=ACCEPTED, postgresql_where=ACCEPTED),
)
