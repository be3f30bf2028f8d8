"""After a restore: what the earlier life of the store may have sent is ambiguous, and a person looks into the EHR.

That is everything that was queued or being sent when the backup was made, and whatever is queued later for a payment that was made
before the restore: the original had time to process and to send it.
"""

from collections.abc import Iterable, Sequence

from interface.ledger.worklist import NOTICE, ItemKind, WorkItem
from interface.message import DeliveryState
from interface.pipeline import answer
from interface.ports import Turn
from interface.row.delivery import Delivery

RESTORED = "restored"
_AT_ONCE = 500


def doubt_queued(turn: Turn, ids: Sequence[int], now: int) -> None:
    """Of deliveries that were just queued, make those ambiguous that may have been sent before a restore, if there was one."""
    if ids:
        _doubt(turn, turn.in_doubt(ids), now)


def doubt_unfinished(turn: Turn, now: int) -> int:
    """Make everything ambiguous that was queued or being sent; gives how many. Part of a restore."""
    found = 0
    while page := turn.unfinished(_AT_ONCE):
        _doubt(turn, page, now)
        found += len(page)
    return found


def _doubt(turn: Turn, found: Sequence[Delivery], now: int) -> None:
    if not found:
        return
    turn.doubt(found, now, RESTORED)
    turn.posting_facts([fact for one in found for fact in answer.facts(one, "ambiguous", now, RESTORED)])
    turn.open_work_items(list(_items(found)))


def _items(found: Iterable[Delivery]) -> Iterable[WorkItem]:
    # Where money is at stake each is one thing to look up; a missing acknowledgement is one thing for all.
    for one in found:
        if one.amount_minor is not None:
            yield answer.item(one, DeliveryState.AMBIGUOUS, RESTORED)
        else:
            yield WorkItem(ItemKind.AMBIGUOUS_DELIVERY, f"destination:{one.destination}", RESTORED, NOTICE)
