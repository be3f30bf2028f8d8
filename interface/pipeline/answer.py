"""What a destination's answer means for a delivery and for the posting that it carries.

Table 0357 decides whether a refusal is worth another try: 206 and 207 speak of the receiver's trouble, everything else of content.
Accepted, application-acked, confirmed and posted are separate facts; the channel says which one counts as posted.
"""

import re

from interface.hl7.problem import ErrorCode
from interface.ledger.worklist import AMBIGUOUS_SEND, NOTICE, REJECTED_SEND, ItemAct, ItemKind, WorkItem
from interface.message import DeliveryState, is_legal
from interface.ports import Turn
from interface.row.delivery import Delivery, Outcome, PostingFact

ECHOED = "echoed"  # the cause of a delivery that the EHR's own message settled
_PLACE = re.compile(r"[A-Z][A-Z0-9]{2}(?:\[[0-9]{1,3}\])?(?:-[0-9]{1,3})?")
_RECEIVER_TROUBLE = frozenset({"206", "207"})


def meaning(code: str, hl7_code: str) -> DeliveryState:
    """The delivery's next state by MSA-1 (table 0008) and the first error code (table 0357); queued: worth another try."""
    if code in ("AA", "CA"):
        return DeliveryState.DELIVERED
    if hl7_code in _RECEIVER_TROUBLE or (code in ("AR", "CR") and not hl7_code):
        return DeliveryState.QUEUED
    return DeliveryState.REJECTED


def said(hl7_code: str, place: str) -> str:
    """A refusal in the table's words with the place it names; the peer's own words, and anything else in their stead, stay out."""
    try:
        meaning = ErrorCode(hl7_code).meaning
    except ValueError:
        return ""
    where = f"{place}: " if _PLACE.fullmatch(place) else ""
    return f"{where}{hl7_code} {meaning}"


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
    if state is DeliveryState.AMBIGUOUS:
        return _item(ItemKind.AMBIGUOUS_DELIVERY, delivery, cause, AMBIGUOUS_SEND)
    return _item(ItemKind.REJECTED_DELIVERY, delivery, cause, REJECTED_SEND)


def _item(kind: ItemKind, delivery: Delivery, cause: str, acts: tuple[ItemAct, ...]) -> WorkItem:
    return WorkItem(kind, f"delivery:{delivery.id}", cause, acts, delivery.amount_minor, delivery.currency)


def write_late(turn: Turn, delivery: Delivery, posted_when: str, control_id: str, code: str, at: int) -> None:
    """Write an acknowledgement that came apart from its send: late, or as an application acknowledgement of its own.

    `control_id` tells which rendering of the delivery it speaks of: a person may have had it rendered anew meanwhile.
    """
    is_of_earlier = control_id != delivery.control_id
    if meaning(code, "") is DeliveryState.DELIVERED:
        if not (code == "CA" and delivery.state is DeliveryState.REJECTED and not is_of_earlier):
            _write_proof(turn, delivery, posted_when, code, at, is_of_earlier=is_of_earlier)
    elif not is_of_earlier and is_legal(delivery.state, DeliveryState.REJECTED):
        # A refusal that comes apart is never tried again by itself. One of an earlier rendering is no news of the later one.
        turn.end_attempt(delivery.id, Outcome(DeliveryState.REJECTED, at, code, "answered late or apart"))
        turn.posting_facts(facts(delivery, "rejected", at, code))
        turn.open_work_items([item(delivery, DeliveryState.REJECTED, code)])


def _write_proof(turn: Turn, delivery: Delivery, posted_when: str, code: str, at: int, *, is_of_earlier: bool) -> None:
    """It has arrived: it is not sent again, and what speaks against it is for a person."""
    was = delivery.state
    if is_legal(was, DeliveryState.DELIVERED):
        turn.end_attempt(delivery.id, Outcome(DeliveryState.DELIVERED, at, code, "answered late or apart"))
    known = of_reply(delivery, posted_when, code, DeliveryState.DELIVERED, at)
    turn.posting_facts(known)
    for kind in (ItemKind.AMBIGUOUS_DELIVERY, ItemKind.REJECTED_DELIVERY):
        turn.close_work_items(kind, f"delivery:{delivery.id}", f"answered {code}", "engine")
    if cause := _against(delivery, is_of_earlier=is_of_earlier):
        if was is DeliveryState.WITHDRAWN:
            turn.posting_facts(facts(delivery, "posted", at))  # no longer withdrawn, whatever else is awaited
        turn.open_work_items([_item(ItemKind.UNWANTED_POSTING, delivery, cause, NOTICE)] if known else [])


def _against(delivery: Delivery, *, is_of_earlier: bool) -> str:
    """Why nobody expected that it arrives; "" where all is well."""
    if delivery.state is DeliveryState.WITHDRAWN:
        return "" if delivery.cause == ECHOED else "withdrawn-before"
    may_be_twice = (DeliveryState.SENDING, DeliveryState.AMBIGUOUS, DeliveryState.DELIVERED)
    return "sent-twice" if is_of_earlier and delivery.state in may_be_twice else ""
