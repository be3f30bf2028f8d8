"""The table that lets the purge remove rows, for the length of one transaction.

A permit can be written and cannot be committed: its reference leads nowhere and is looked at when the transaction ends, and by
then the row must be gone. So no row is ever removable outside of the transaction that says so.
"""

import sqlalchemy as sa

from interface.store.schema import METADATA

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
