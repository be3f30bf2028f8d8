"""What a part that died left behind: an attempt with an intent and no outcome may have reached its destination."""

from collections.abc import Mapping

from interface.message import DeliveryState
from interface.pipeline import answer
from interface.pipeline.plan import DestinationPlan
from interface.ports import Clock, Store
from interface.row.delivery import Outcome


def requeue_alerts(store: Store, clock: Clock) -> int:
    """Queue every alert again whose sending has no outcome: it may be told twice. Gives how many there were."""
    now = clock.now()
    with store.turn("alert") as turn:
        left = turn.recover_sends(now, are_alerts=True)
        for delivery in left:
            turn.end_attempt(delivery.id, Outcome(DeliveryState.QUEUED, now, "taken-over", due_at=now))
    return len(left)


def recover_sends(store: Store, destinations: Mapping[str, DestinationPlan], clock: Clock) -> int:
    """Make every send without an outcome ambiguous; queue it again, same bytes, where the destination is declared to
    recognise a repeat. Gives how many there were."""
    now = clock.now()
    with store.turn("recover") as turn:
        left = turn.recover_sends(now)
        for delivery in left:
            plan = destinations.get(delivery.destination)
            if plan is not None and plan.deduplicates:
                turn.end_attempt(delivery.id, Outcome(DeliveryState.QUEUED, now, "taken-over", due_at=now))
                continue
            turn.posting_facts(answer.facts(delivery, "ambiguous", now, "no-outcome"))
            turn.open_work_items([answer.item(delivery, DeliveryState.AMBIGUOUS, "no-outcome")])
    return len(left)
