"""What a destination's answer means for a delivery and for the posting that it carries.

Table 0357 decides whether a refusal is worth another try: 206 and 207 speak of the receiver's trouble, everything else of content.
Accepted, application-acked, confirmed and posted are separate facts; the channel says which one counts as posted.
"""

from dataclasses import dataclass

from interface.errors import Disposition
from interface.ledger.worklist import AMBIGUOUS_SEND, REJECTED_SEND, ItemKind, WorkItem
from interface.message import DeliveryState, is_legal
from interface.ports import Turn
from interface.row.delivery import Delivery, Outcome, PostingFact

_RECEIVER_TROUBLE = frozenset({"206", "207"})


@dataclass(frozen=True, slots=True)
class AnswerMeaning:
    """The delivery's next state, and whether a refusal may be tried again."""

    state: DeliveryState
    disposition: Disposition | None = None


def meaning(code: str, hl7_code: str) -> AnswerMeaning:
    """Read MSA-1 (table 0008) with the first error code (table 0357)."""
    if code in ("AA", "CA"):
        return AnswerMeaning(DeliveryState.DELIVERED)
    if hl7_code in _RECEIVER_TROUBLE or (code in ("AR", "CR") and not hl7_code):
        return AnswerMeaning(DeliveryState.QUEUED, Disposition.TRANSIENT)
    return AnswerMeaning(DeliveryState.REJECTED, Disposition.PERMANENT)


def facts(delivery: Delivery, fact: str, at: int, cause: str = "") -> list[PostingFact]:
    """The fact about the allocation that a delivery carries; none where it carries something else."""
    kind, _, number = delivery.subject.partition(":")
    return [PostingFact(int(number), fact, at, cause)] if kind == "allocation" else []


def of_reply(delivery: Delivery, posted_when: str, code: str, state: DeliveryState, at: int) -> list[PostingFact]:
    """The facts that a direct reply establishes."""
    if state is DeliveryState.REJECTED:
        return facts(delivery, "rejected", at, code)
    if state is not DeliveryState.DELIVERED:
        return []
    known = facts(delivery, "accepted", at)
    # In original mode AA is the application's own word; CA says only that the message is kept.
    if code == "AA":
        known += facts(delivery, "application-acked", at)
    if posted_when == "accept" or (posted_when == "application" and code == "AA"):
        known += facts(delivery, "posted", at)
    return known


def item(delivery: Delivery, state: DeliveryState, cause: str) -> WorkItem:
    """The work item of a delivery that was refused, or that may have arrived."""
    subject = f"delivery:{delivery.id}"
    if state is DeliveryState.AMBIGUOUS:
        return WorkItem(ItemKind.AMBIGUOUS_DELIVERY, subject, cause, delivery.amount_minor, AMBIGUOUS_SEND)
    return WorkItem(ItemKind.REJECTED_DELIVERY, subject, cause, delivery.amount_minor, REJECTED_SEND)


def write_late(turn: Turn, delivery: Delivery, posted_when: str, code: str, at: int) -> None:
    """Write an acknowledgement that came apart from its send: late, or as an application acknowledgement of its own."""
    state = meaning(code, "").state
    if state is DeliveryState.QUEUED:
        state = DeliveryState.REJECTED  # a refusal that comes apart is never tried again by itself
    if state is not delivery.state and is_legal(delivery.state, state):
        turn.end_attempt(delivery.id, Outcome(state, at, code, "answered late or apart"))
    turn.posting_facts(of_reply(delivery, posted_when, code, state, at))
    if state is DeliveryState.REJECTED:
        turn.open_work_items([item(delivery, state, code)])
    else:
        turn.close_work_items(ItemKind.AMBIGUOUS_DELIVERY, f"delivery:{delivery.id}", f"answered {code}", "engine")
