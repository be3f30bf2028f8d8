"""Tables of HealthPay24's side: what it was told of our rows, and what the embedded one holds."""

import sqlalchemy as sa

from interface.store.schema import METADATA, lookup, micros, sealed, text

TO_TELL = sa.text("due_at IS NOT NULL")
NOT_KNOWN = sa.text("state <> 'known'")

# One row for each row of the ledger that HealthPay24 is told of. Nothing of its content stands here.
mirror = sa.Table(
    "mirror",
    METADATA,
    sa.Column("subject", sa.SmallInteger, nullable=False),  # the place in row.mirror.Subject: parents come first
    sa.Column("entity_id", sa.BigInteger, nullable=False),
    sa.Column("marked", sa.Integer, nullable=False),
    micros("marked_at"),  # when the row last changed
    micros("due_at", nullable=True),  # null: nothing to tell
    sa.Column("attempts", sa.Integer, nullable=False),
    text("state"),
    sa.Column("version", sa.Integer, nullable=False),
    lookup("digest", nullable=True),
    text("reference"),
    text("key"),
    text("cause"),
    micros("told_at", nullable=True),
    sa.PrimaryKeyConstraint("subject", "entity_id"),
    sa.Index("mirror_due", "due_at", "subject", "entity_id", sqlite_where=TO_TELL, postgresql_where=TO_TELL),
    sa.Index("mirror_marked", "subject", "marked_at", "entity_id"),
    sa.Index("mirror_unsettled", "state", sqlite_where=NOT_KNOWN, postgresql_where=NOT_KNOWN),
    sqlite_with_rowid=False,
)

# By which rule balances were last told: where it changes, all of the facility's are told anew.
balance_rule = sa.Table("balance_rule", METADATA, sa.Column("facility", sa.String, primary_key=True), text("rule"))

# The books of the embedded HealthPay24.
held_record = sa.Table(
    "held_record",
    METADATA,
    text("kind"),
    sa.Column("public_id", sa.String, nullable=False),
    sa.Column("key", sa.String, nullable=False, index=True),  # the idempotency key of the last change
    micros("at"),
    sealed(),
    sa.PrimaryKeyConstraint("kind", "public_id"),
)
