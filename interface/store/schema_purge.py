"""Tables of the purge: what it removed, and the leave to remove rows for the length of one transaction.

A permit can be written and cannot be committed: its reference leads nowhere and is looked at when the transaction ends, and by
then the row must be gone. So no row is ever removable outside of the transaction that says so.
"""

import sqlalchemy as sa

from interface.store.schema import METADATA, micros, reference, row_id, text

OF_MESSAGES = sa.text("rule = 'messages'")

purge_permit = sa.Table(
    "purge_permit",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("of_table", sa.String, nullable=False),  # rows of this table may be removed
    sa.Column(
        "ended_by",
        sa.Integer,
        sa.ForeignKey("purge_permit.id", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    sa.CheckConstraint("id > 0", name="purge_permit_positive"),
    sa.CheckConstraint("ended_by < 0", name="purge_permit_ends"),
)

# One act of the purge. What it removed is named by `purged`, as long as there is something left that can be asked for.
purge_step = sa.Table(
    "purge_step",
    METADATA,
    row_id(),
    micros("at"),
    text("rule"),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),  # bytes
    sa.Column("first_id", sa.BigInteger, nullable=False),
    sa.Column("last_id", sa.BigInteger, nullable=False),
    sa.Index("purge_step_of_messages", "first_id", sqlite_where=OF_MESSAGES, postgresql_where=OF_MESSAGES),
)

# What is gone of a message or delivery that is still there.
purged = sa.Table(
    "purged",
    METADATA,
    sa.Column("what", sa.String, nullable=False),  # body, arrivals, runs: of a message; payload: of a delivery
    sa.Column("subject_id", sa.BigInteger, nullable=False),
    reference("step_id", "purge_step.id"),
    sa.PrimaryKeyConstraint("what", "subject_id"),
    sqlite_with_rowid=False,
)
