"""Acts on deliveries whose way into the EHR needs a person's word: resolve one, or send one again.

A payment is never sent twice without being reported: what would post a second time is refused, with what it would double, unless
it is forced for a reason that stands in the audit trail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from interface.errors import ActRefusedError
from interface.fhir.call import is_call
from interface.hl7.header import CONTROL_ID_LENGTH
from interface.hl7.parser import parse
from interface.ledger.worklist import ItemKind
from interface.mapping.posting import SETTLEMENT_NOTICE
from interface.message import DeliveryState, PostingState
from interface.operate.act import By, acting, need_reason, unknown
from interface.ports import Clock, Reader, Store, Turn
from interface.row.delivery import Outcome, PostingFact
from interface.view.delivery import DeliveryFilter, DeliveryStory

UNDECIDED = (DeliveryState.AMBIGUOUS, DeliveryState.REJECTED)
_ITEMS = (ItemKind.AMBIGUOUS_DELIVERY, ItemKind.REJECTED_DELIVERY, ItemKind.UNCONFIRMED_POSTING)
_IN_THE_BOOKS = (PostingState.ACCEPTED, PostingState.POSTED)
_ALLOCATION = "allocation"
_RENDERED = (_ALLOCATION, SETTLEMENT_NOTICE)


class Verdict(StrEnum):
    """What a person found out about a delivery, in the EHR's own screens."""

    POSTED = "posted"  # it is in the EHR's books
    NOT_POSTED = "not-posted"  # it is not: send it again, under its old payment number
    WITHDRAWN = "withdrawn"  # it is not, and it is not to be sent again


@dataclass(frozen=True, slots=True)
class DoublePost:
    """What sending a delivery again could put into the EHR's books a second time."""

    delivery_id: int
    payment: str  # public id
    posting: PostingState
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Resent:
    """Deliveries that are queued now: (asked for, queued), the same id where it took its old place."""

    queued: tuple[tuple[int, int], ...]
    doubled: tuple[DoublePost, ...]


@dataclass(frozen=True, slots=True)
class WouldResend:
    """What a resend would queue now: all, or none where `doubled` is not forced."""

    sent: tuple[int, ...]
    doubled: tuple[DoublePost, ...]


def resolve(store: Store, clock: Clock, by: By, delivery_id: int, verdict: Verdict) -> DeliveryStory:
    """Decide an ambiguous or rejected delivery, or one that was acknowledged and not seen to be posted, by a person's word.

    Gives it as it stands then.

    Errors: ActRefusedError `not-found`, `reason-missing`, `illegal-move` where nothing is to be decided.
    """
    need_reason(by, "resolve")
    now = clock.now()
    with acting(store, by, "resolve", f"delivery:{delivery_id}", details={"verdict": verdict}) as turn:
        story = _story(turn, delivery_id)
        is_unconfirmed = story.state is DeliveryState.DELIVERED and _is_accepted_only(turn, story)
        if story.state not in UNDECIDED and not is_unconfirmed:
            text = f"this delivery is {story.state}; there is nothing to decide"
            raise ActRefusedError("illegal-move", text, place=f"delivery:{delivery_id}")
        if is_unconfirmed and verdict is not Verdict.POSTED:  # its yes was worth nothing
            turn.end_attempt(delivery_id, Outcome(DeliveryState.REJECTED, now, "resolved", f"by {by.actor}"))
            turn.posting_facts(_facts(story, PostingState.REJECTED, now))
        match verdict:
            case Verdict.POSTED:
                if not is_unconfirmed:
                    turn.end_attempt(delivery_id, Outcome(DeliveryState.DELIVERED, now, "resolved", f"by {by.actor}"))
                turn.posting_facts(_facts(story, PostingState.POSTED, now))
            case Verdict.NOT_POSTED:
                if not _is_rendered(story):
                    _require_payload(turn, story)
                turn.queue_again(delivery_id, now, "resolved", anew=_is_rendered(story))
                turn.posting_facts(_facts(story, PostingState.PENDING, now))
            case Verdict.WITHDRAWN:
                turn.withdraw(delivery_id, "resolved")
                turn.posting_facts(_facts(story, PostingState.WITHDRAWN, now))
        _close_items(turn, by, delivery_id, f"resolved: {verdict}")
        return _story(turn, delivery_id)


def would_resend(store: Store, delivery_ids: Sequence[int], *, force: bool = False) -> WouldResend:
    """What `resend` would do with these deliveries now; nothing is sent.

    Errors: those of `resend` but for the reason and for what would post twice, which is told.
    """
    ids = sorted(set(delivery_ids))
    with store.snapshot() as reader:
        stories = [_story(reader, delivery_id) for delivery_id in ids]
        doubled = _doubles(reader, stories)
        if not doubled or force:
            for story in stories:
                _check_sendable(reader, story)
    return WouldResend(() if doubled and not force else tuple(ids), doubled)


def resend(store: Store, clock: Clock, by: By, delivery_ids: Sequence[int], *, force: bool = False) -> Resent:
    """Send stored payloads again, in their original order, all or none.

    A rejected delivery takes its old place and is rendered anew through current identities. A delivered one is copied, byte for
    byte but for MSH-10, so that its answer can be told from the first one's.

    Errors: ActRefusedError `not-found`, `reason-missing`, `would-double-post` without `force`, `illegal-move` for what is still on
    its way or undecided.
    """
    need_reason(by, "resend")
    ids = sorted(set(delivery_ids))
    subject = f"delivery:{ids[0]}" if len(ids) == 1 else f"deliveries:{ids[0]}..{ids[-1]}"
    control_ids = {delivery_id: store.wire_id("message", CONTROL_ID_LENGTH) for delivery_id in ids}
    with acting(store, by, "resend", subject, details={"ids": ids, "force": force}) as turn:
        stories = [_story(turn, delivery_id) for delivery_id in ids]
        doubled = _doubles(turn, stories)
        if doubled and not force:
            raise _would_double(doubled)
        queued = tuple((story.id, _send_again(turn, clock.now(), story, control_ids[story.id])) for story in stories)
        for delivery_id in ids:
            _close_items(turn, by, delivery_id, "sent again")
    return Resent(queued, doubled)


def _send_again(turn: Turn, now: int, story: DeliveryStory, control_id: str) -> int:
    payload = _check_sendable(turn, story)
    if story.state is DeliveryState.REJECTED:
        turn.queue_again(story.id, now, "resent", anew=_is_rendered(story))
        turn.posting_facts(_facts(story, PostingState.PENDING, now))
        return story.id
    # Over HTTP the control id goes beside what is kept, and not in it.
    anew = payload if is_call(payload) else parse(payload).with_value("MSH-10", control_id).to_bytes()
    return turn.resend(story.id, anew, control_id, now)


def _check_sendable(reader: Reader, story: DeliveryStory) -> bytes:
    """Refuse what cannot be sent again as it stands; gives the payload of a delivered one, to be copied."""
    if story.state is DeliveryState.REJECTED:
        if not _is_rendered(story):
            _require_payload(reader, story)
        return b""
    if story.state is not DeliveryState.DELIVERED:
        advice = "resolve it instead" if story.state is DeliveryState.AMBIGUOUS else ""
        text = f"only a delivered or rejected delivery can be sent again; this one is {story.state}"
        raise ActRefusedError("illegal-move", text, place=f"delivery:{story.id}", advice=advice)
    return _require_payload(reader, story)


def _require_payload(reader: Reader, story: DeliveryStory) -> bytes:
    payload = reader.payload(story.id)
    if payload is None:
        raise ActRefusedError("payload-removed", "its bytes are no longer kept", place=f"delivery:{story.id}")
    return payload


def _doubles(reader: Reader, stories: Sequence[DeliveryStory]) -> tuple[DoublePost, ...]:
    of_allocation = {number: story.id for story in stories if (number := allocation_of(story.subject))}
    return tuple(
        DoublePost(
            of_allocation[allocation.id],
            payment.payment.public_id,
            allocation.posting,
            allocation.amount_minor,
            allocation.currency,
        )
        for payment in reader.payments_of_allocations(list(of_allocation))
        for allocation in payment.allocations
        if allocation.id in of_allocation and allocation.posting in _IN_THE_BOOKS and allocation.posting
    )


def _would_double(doubled: Sequence[DoublePost]) -> ActRefusedError:
    some = ", ".join(f"{one.payment} ({one.posting})" for one in doubled[:5])
    more = f" and {len(doubled) - 5} more" if len(doubled) > 5 else ""
    return ActRefusedError(
        "would-double-post",
        f"the EHR has {len(doubled)} of these payments already: {some}{more}",
        place=f"delivery:{doubled[0].delivery_id}",
        advice="nothing was sent; --force sends all the same",
    )


def _is_accepted_only(reader: Reader, story: DeliveryStory) -> bool:
    allocation_id = allocation_of(story.subject)
    if allocation_id is None or story.original_id is not None:
        return False
    payments = reader.payments_of_allocations([allocation_id])
    return any(
        one.id == allocation_id and one.posting is PostingState.ACCEPTED for pay in payments for one in pay.allocations
    )


def allocation_of(subject: str) -> int | None:
    """The allocation that a delivery carries; None where it carries something else."""
    kind, _, number = subject.partition(":")
    return int(number) if kind == _ALLOCATION else None


def _is_rendered(story: DeliveryStory) -> bool:
    # A payment or notice can be rendered anew; an acknowledgement was queued with its bytes, and has nothing else.
    return story.subject.partition(":")[0] in _RENDERED


def _facts(story: DeliveryStory, fact: PostingState, at: int) -> list[PostingFact]:
    allocation_id = allocation_of(story.subject)
    return [PostingFact(allocation_id, fact, at, "resolved")] if allocation_id else []


def _close_items(turn: Turn, by: By, delivery_id: int, how: str) -> None:
    for kind in _ITEMS:
        turn.close_work_items(kind, f"delivery:{delivery_id}", how, by.actor)


def _story(reader: Reader, delivery_id: int) -> DeliveryStory:
    found = reader.deliveries(DeliveryFilter(ids=(delivery_id,), limit=1))
    if not found:
        raise unknown("delivery", delivery_id)
    return found[0]
