"""Looking at messages: lists, and one in full. Every look is audited before anything is shown."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from interface.errors import ActRefusedError
from interface.operate.act import By, note, unknown
from interface.ports import Reader, Store
from interface.view.delivery import DeliveryFilter, DeliveryStory
from interface.view.message import MessageFilter, MessageRow, MessageStory, PurgedPart

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Look:
    """One message in full. `raw` is None where its bytes were removed. `deliveries` are those that answer it."""

    story: MessageStory
    raw: bytes | None
    deliveries: tuple[DeliveryStory, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery and its bytes; None before its first attempt, and where they were `purged`, with attempts and answers."""

    story: DeliveryStory
    payload: bytes | None
    purged: PurgedPart | None


def messages(store: Store, by: By, wanted: MessageFilter, *, limit: int | None = None) -> Iterator[MessageRow]:
    """Messages that a filter finds, page by page, `limit` in all (None: every one). Identifiers are content: audited.

    Each page is a snapshot of its own; new messages that come meanwhile are seen when the order is by arrival.
    """
    # What chose them, not how they are shown; parked ones are asked for by state.
    chosen = {name for name, value in asdict(wanted).items() if value} - {"limit", "newest_first"}
    asked = sorted({"states" if name == "is_parked" else name for name in chosen})
    note(store, by, "list", "messages", details={"by": asked})
    return _pages(store, by, wanted, limit)


def _pages(store: Store, by: By, wanted: MessageFilter, limit: int | None) -> Iterator[MessageRow]:
    left = limit
    while left is None or left > 0:
        size = _PAGE if left is None else min(left, _PAGE)
        with store.snapshot() as reader:
            page = reader.messages(replace(wanted, limit=size))
        if page:  # whose messages were seen is asked by patient, too
            ids = sorted(row.id for row in page)
            note(store, by, "list", f"messages:{ids[0]}..{ids[-1]}", details={"ids": ids})
        yield from page
        if len(page) < size:
            return
        wanted = replace(wanted, beyond_id=page[-1].id)
        left = None if left is None else left - len(page)


def message(store: Store, by: By, message_id: int) -> Look:
    """Everything about one message; ActRefusedError `not-found`."""
    note(store, by, "look", f"message:{message_id}")
    with store.snapshot() as reader:
        story = reader.message(message_id)
        if story is None:
            raise _not_there(reader, message_id)
        answers = reader.deliveries(DeliveryFilter(reply_to=(message_id,)))
        return Look(story, reader.body(message_id), tuple(answers))


def _not_there(reader: Reader, message_id: int) -> ActRefusedError:
    gone = reader.forgotten(message_id)
    if gone is None:
        return unknown("message", message_id)
    return ActRefusedError(
        "message-forgotten",
        f"this message was {gone.sentence}",
        place=f"message:{message_id}",
        advice=f"`hp24 audit --subject message:{message_id}` tells what was done to it while it was there",
    )


def payload(store: Store, by: By, delivery_id: int) -> Sent:
    """A delivery and the bytes that were (or are to be) sent."""
    note(store, by, "look", f"delivery:{delivery_id}")
    with store.snapshot() as reader:
        found = reader.deliveries(DeliveryFilter(ids=(delivery_id,)))
        if not found:
            raise unknown("delivery", delivery_id)
        return Sent(found[0], reader.payload(delivery_id), reader.purged_payload(delivery_id))
