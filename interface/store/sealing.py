"""Sealing the audit trail: in a moment it is settled which rows there are, then link after link is made outside of any turn."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from interface.observe.database import AuditSealed
from interface.observe.emit import emit
from interface.store import audit_seal
from interface.store.tx import Tx

Opening = Callable[[], AbstractContextManager[Tx]]


def seal(snapshot: Opening, turn: Opening) -> int:
    """Seal all rows that are there now; gives how many. Nobody else may seal meanwhile."""
    with snapshot() as tx:
        last = audit_seal.last_link(tx)
        if audit_seal.newest_row(tx) <= (last.last_row if last else 0):
            return 0  # on PostgreSQL a smaller one may come: next time
    with turn() as tx:
        up_to = audit_seal.settled_row(tx)
    sealed = 0
    while True:
        with snapshot() as tx:
            link = audit_seal.next_link(tx, up_to)
        if link is None:
            return sealed
        with turn() as tx:
            audit_seal.add(tx, link)
        rows = len(link.digests())
        # In the log the chain's end stands outside of the database.
        emit(AuditSealed(link.id, rows, link.last_row, link.code.hex()))
        sealed += rows
