"""Holds that lasted longer than their channel allows: a person is told once; the message waits on, and still runs when its account
comes."""

from interface.ledger.worklist import HELD_MESSAGE, ItemKind, WorkItem
from interface.ports import Clock, Store

_AT_ONCE = 500


def tell_overdue(store: Store, clock: Clock) -> int:
    """Open a work item for each message that was held too long; gives how many there were."""
    now = clock.now()
    with store.snapshot() as reader:
        ids = reader.overdue(now, _AT_ONCE)
    if not ids:
        return 0
    with store.turn("overdue") as turn:
        turn.note_overdue(ids)
        turn.open_work_items(
            [
                WorkItem(ItemKind.HELD_MESSAGE, f"message:{number}", "missing-account", HELD_MESSAGE, message_id=number)
                for number in ids
            ]
        )
    return len(ids)
