"""Work items that close with the messages they are about: each message's own, and that of a channel and cause with its last one."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from interface.ledger.worklist import ItemKind
from interface.row.message import StuckMessage
from interface.store import schema_message as m
from interface.store import schema_operation as t
from interface.store.dialect import within
from interface.store.tx import Tx
from interface.store.worklist import close_open_items

_M = m.message.c
_ITEM = t.work_item.c
_STUCK = sa.select(_M.id, _M.source_id, _M.cause_id).where(within(_M.id, "ids"), m.STUCK, _M.cause_id.is_not(None))
_ANOTHER = (
    sa.select(_M.id)
    .where(_M.source_id == sa.bindparam("source"), _M.cause_id == sa.bindparam("cause"), m.STUCK)
    .limit(1)
)
_OWN = sa.select(_ITEM.id).where(within(_ITEM.message_id, "ids"), t.OPEN)
_KINDS = (ItemKind.FAILED_MESSAGE, ItemKind.HELD_MESSAGE, ItemKind.BROKEN_MAPPING)
_OF_CAUSE = sa.select(_ITEM.id).where(
    _ITEM.kind.in_([kind.value for kind in _KINDS]),
    _ITEM.subject == sa.bindparam("about"),
    _ITEM.cause == sa.bindparam("why"),
    t.OPEN,
)


def stuck(tx: Tx, ids: Iterable[int]) -> list[StuckMessage]:
    """Those of these messages that are held or failed, and why."""
    rows = tx.read_in(_STUCK, "ids", ids)
    texts = tx.texts({number for row in rows for number in (row.source_id, row.cause_id)})
    return [StuckMessage(row.id, texts[row.source_id], texts[row.cause_id]) for row in rows]


def close_items_of(tx: Tx, messages: Sequence[StuckMessage], how: str, actor: str) -> None:
    """Close the items that these messages were the last of. To be called once they have moved."""
    found = [row.id for row in tx.read_in(_OWN, "ids", [message.id for message in messages])]
    for channel, cause in sorted({(message.channel, message.cause) for message in messages if message.cause}):
        words = tx.known_word_ids([channel, cause])
        if tx.first(_ANOTHER, source=words[channel], cause=words[cause]) is None:
            found += [row.id for row in tx.read(_OF_CAUSE, about=f"channel:{channel}", why=cause)]
    close_open_items(tx, found, how, actor)
