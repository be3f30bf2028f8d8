"""Payments that the EHR said yes to and has not been seen to book: after the time that the channel gives, each is a person's.

An acknowledgement is no proof. Receivers answer AA and put what they cannot book into an error pool of their own.
"""

from interface.ledger.worklist import UNCONFIRMED_SEND, ItemKind, WorkItem
from interface.pipeline.plan import Plan
from interface.pipeline.retry import SECOND
from interface.ports import Clock, Store

_AT_ONCE = 500


def tell_unconfirmed(store: Store, plan: Plan, clock: Clock) -> int:
    """Open a work item for each payment that waits too long for its proof; gives how many there were."""
    limits = {name: one.unconfirmed_secs for name, one in plan.destinations.items() if one.unconfirmed_secs}
    if not limits:
        return 0
    now = clock.now()
    with store.snapshot() as reader:
        found = [
            one for name, secs in limits.items() for one in reader.unconfirmed(name, now - int(secs * SECOND), _AT_ONCE)
        ]
    if not found:
        return 0
    with store.turn("unconfirmed") as turn:
        turn.note_unconfirmed([one.allocation_id for one in found])
        turn.open_work_items(
            [
                WorkItem(
                    ItemKind.UNCONFIRMED_POSTING,
                    f"delivery:{one.delivery_id}",
                    "unconfirmed",
                    UNCONFIRMED_SEND,
                    one.amount_minor,
                    one.currency,
                )
                for one in found
            ]
        )
    return len(found)
