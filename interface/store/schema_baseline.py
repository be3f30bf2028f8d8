"""Tables of a baseline: the ledger as it stood at one point of its history, from which a proof begins.

The same columns as the tables that they are copies of, sealed for the same rows, and nothing points to them.
"""

import sqlalchemy as sa

from interface.store import schema_ledger as t
from interface.store.schema import METADATA, micros, row_id, text

COPIED = (
    *t.ENTITIES.values(),
    t.identifier,
    t.journal_entry,
    t.journal_line,
    t.balance,
    t.observation,
    t.money_key,
    t.payment,
    t.allocation,
)


def _copy(table: sa.Table) -> sa.Table:
    columns = [
        sa.Column(one.name, one.type, primary_key=one.primary_key, nullable=one.nullable, autoincrement=False)
        for one in table.columns
    ]
    return sa.Table(f"baseline_{table.name}", METADATA, *columns)


BASE = {table.name: _copy(table) for table in COPIED}

# The newest row counts; the copies are its own. Written last: a copy that was broken off is no baseline.
baseline = sa.Table(
    "baseline",
    METADATA,
    row_id(),
    micros("at"),
    sa.Column("beyond_run", sa.BigInteger, nullable=False),  # runs up to here are contained
    text("functions"),  # digest of the code that reads and applies messages, from here on
)
