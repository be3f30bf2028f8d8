"""The newest message that we have custody of, by sender: where a sender is to begin if it sends again."""

import sqlalchemy as sa

from interface.message import MessageState
from interface.row.backup import LastHeld
from interface.store import schema_message as t
from interface.store.tx import Tx
from interface.store.vault import scope_of

_PAGE_ROWS = 5_000
_M = t.message.c
_NOT_TAKEN = (MessageState.REFUSED.value, MessageState.INCOMPLETE.value)
_PAGE = (
    sa.select(_M.id, _M.source_id, _M.arrived_at, _M.digest, _M.identity)
    .where(_M.id > sa.bindparam("beyond"), _M.state.not_in(_NOT_TAKEN))
    .order_by(_M.id)
    .limit(sa.bindparam("amount"))
)


def last_held(tx: Tx) -> list[LastHeld]:
    """One for each source and sender (MSH-3, MSH-4), by name. Opens every message's identity: for a restore, not for a page."""
    newest: dict[tuple[int, str], tuple[int, str]] = {}
    beyond = 0
    while rows := tx.read(_PAGE, beyond=beyond, amount=_PAGE_ROWS):
        beyond = rows[-1].id
        for row in rows:
            control_id, sender = tx.vault.open_json(row.identity, scope_of("identity", row.digest))
            key, found = (row.source_id, sender), (row.arrived_at, control_id)
            newest[key] = max(newest.get(key, found), found)
    names = tx.texts({source for source, _sender in newest})
    held = [LastHeld(names[key[0]], key[1], control_id, at) for key, (at, control_id) in newest.items()]
    return sorted(held, key=lambda one: (one.source, one.sender))
