"""Leave to remove rows of tables that refuse it: written and taken back in one transaction, seen by no other."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from interface.store.schema_purge import purge_permit
from interface.store.tx import Tx

_NEVER = -1  # no permit has this id: one that is not taken back cannot be committed
_GIVE = sa.insert(purge_permit)
_TAKE_BACK = sa.delete(purge_permit)


@contextmanager
def permitted(tx: Tx, *tables: sa.Table) -> Iterator[None]:
    """Let this transaction remove rows of these tables, inside of the block."""
    tx.write(
        _GIVE,
        [{"id": number, "of_table": table.name, "ended_by": _NEVER} for number, table in enumerate(tables, start=1)],
    )
    yield
    tx.connection.execute(_TAKE_BACK)
