"""After a clock was set back: what was to be tried again soon must not wait until the old time comes again.

No wait has to be known for that, only how long one can last at most: what is due later than that was reckoned by another clock.
"""

from collections.abc import Mapping

from interface.pipeline.plan import DestinationPlan
from interface.pipeline.retry import SECOND, RetryPolicy
from interface.ports import Clock, Store


def bring_forward(
    store: Store, destinations: Mapping[str, DestinationPlan], clock: Clock, longest_lookup_secs: float
) -> int:
    """Let every delivery, probe and telling of HealthPay24 that is due impossibly late be due now; gives how many of them."""
    now = clock.now()
    with store.turn("forward") as turn:
        found = turn.bring_mirror_forward(now + int(longest_lookup_secs * SECOND))
        for name, plan in destinations.items():
            found += turn.bring_deliveries_forward(name, now + _longest(plan.retry), now + _longest(plan.probe))
    return found


def _longest(policy: RetryPolicy) -> int:
    return int(policy.max_wait_secs * (1 + policy.jitter) * SECOND) + SECOND
