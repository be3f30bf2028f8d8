"""Payments that no channel took when they were made: queued once a configuration has a destination for their facility.

Each has an open work item, which says that nobody has settled it otherwise. Whoever closes the item has the payment: the engine,
which queues it in the same commit, or a person.
"""

from interface.message import PostingState
from interface.pipeline import restored
from interface.pipeline.plan import Plan
from interface.ports import Clock, Store
from interface.row.delivery import DeliveryWanted, Homeless

_AT_ONCE = 100  # in one turn
_QUEUED = "queued: a destination takes it now"


def queue_homeless(store: Store, plan: Plan, clock: Clock) -> int:
    """Queue what waits for a destination that the plan has, in the order of taking; gives how many there were.

    To be called before the plan runs its first batch: what is taken from then on stands behind.
    """
    queued = beyond_id = 0
    while True:
        with store.snapshot() as reader:
            page = reader.homeless(beyond_id, _AT_ONCE)
        if not page:
            return queued
        queued += _queue(store, plan, clock, page)
        beyond_id = page[-1].item_id


def _queue(store: Store, plan: Plan, clock: Clock, page: list[Homeless]) -> int:
    found = [(one, plan.payment_destination(one.facility)) for one in page if one.posting is PostingState.PENDING]
    wanted = {
        one.item_id: DeliveryWanted(
            destination=destination.name,
            kind=one.kind,
            subject=f"allocation:{one.allocation_id}",
            order_key=one.account_id,
            due_at=clock.now(),
            config_id=plan.config_id,
        )
        for one, destination in found
        if destination is not None
    }
    if not wanted:
        return 0
    with store.turn("process") as turn:
        ours = turn.close_open_items(list(wanted), _QUEUED, "engine")
        queued = turn.enqueue([wanted[item_id] for item_id in sorted(ours)])
        restored.doubt_queued(turn, queued, clock.now())
        return len(queued)
