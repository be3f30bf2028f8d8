"""Stored messages as steps of a case, as they came: read under audit, with what else of their patients came before."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import orjson

from interface.case.case import Order, Step
from interface.channel.feed import AnyFeed, Feed
from interface.errors import ActRefusedError, InterfaceError
from interface.healthpay24 import payload
from interface.hl7.money import Money, write_money
from interface.hl7.parser import Message
from interface.mapping.node import Mark
from interface.message import MessageState
from interface.operate.act import By, body_purged, note, unknown
from interface.ports import Reader, Store
from interface.view.message import MessageFilter, MessageRow

_MOST_EARLIER: Final = 30  # messages that are tried before the ones asked for
_NOWHERE: Final = Mark("case")


@dataclass(frozen=True, slots=True)
class Stored:
    """Messages as steps, the last `asked` of them those that were asked for. `kinds` are their types, `ours` ids that we gave.

    In the steps, ids of ours stand as a played case gives them: W1, tx_1.
    """

    steps: Sequence[Step]
    kinds: Sequence[str]
    asked: int
    ours: Mapping[str, str]


def stored_steps(
    store: Store, by: By, feeds: Mapping[str, AnyFeed], ids: Sequence[int], *, with_earlier: bool
) -> Stored:
    """These messages in the order given. Audited, each.

    Errors: ActRefusedError `not-found`, `body-purged`, `case-impossible`.
    """
    with store.snapshot() as reader:
        rows = [_row(reader, number) for number in ids]
        earlier = _earlier(reader, rows) if with_earlier else []
    for row in (*earlier, *rows):
        note(store, by, "save-case", f"message:{row.id}")
    with store.snapshot() as reader:
        found = [_read(reader, row, feeds) for row in (*earlier, *rows)]
        ours = _our_ids(reader, [one for one in found if isinstance(one, Order)])
    steps = [
        _asked_for(one, ours) if isinstance(one, Order) else _message(one, row.channel.removeprefix(_AMENDED), ours)
        for one, row in zip(found, (*earlier, *rows), strict=True)
    ]
    return Stored(steps, [row.type for row in (*earlier, *rows)], len(rows), ours)


_AMENDED: Final = "operator/"  # before the channel of a message that a person amended


def _row(reader: Reader, number: int) -> MessageRow:
    story = reader.message(number)
    if story is None:
        raise unknown("message", number)
    if story.row.is_purged:
        raise body_purged(number)
    return story.row


def _earlier(reader: Reader, rows: Sequence[MessageRow]) -> list[MessageRow]:
    """The newest messages before these that were processed for the same patients or accounts, oldest first."""
    first = min(row.id for row in rows)
    found: dict[int, MessageRow] = {}
    for row in rows:
        for wanted in (MessageFilter(patient=row.patient), MessageFilter(account=row.account)):
            if wanted == MessageFilter():
                continue
            page = replace(
                wanted, states=(MessageState.PROCESSED,), newest_first=True, beyond_id=first, limit=_MOST_EARLIER
            )
            found |= {one.id: one for one in reader.messages(page) if one.id < first and _is_step(one)}
    return [found[number] for number in sorted(found)][-_MOST_EARLIER:]


def _is_step(row: MessageRow) -> bool:
    """Whether it is there, and something that a case can ask for: that money settled changes no picture of a case."""
    return not row.is_purged and (row.channel, row.type) != (payload.SOURCE, f"HP24^{payload.SETTLEMENT}")


def _read(reader: Reader, row: MessageRow, feeds: Mapping[str, AnyFeed]) -> Message | Order:
    raw = reader.body(row.id)
    if raw is None:
        raise body_purged(row.id)
    if not _is_step(row):
        raise _impossible(row.id, "a settlement is no step of a case", "leave it out")
    if row.channel == payload.SOURCE:
        return _order(reader, raw)
    feed = feeds.get(row.channel.removeprefix(_AMENDED))
    if feed is None:
        raise _impossible(row.id, "its channel is not in the files", "make the case where the channel is")
    if not isinstance(feed, Feed):
        text = "it came over FHIR, and nothing de-identifies resources"
        raise _impossible(row.id, text, "write a case by hand, with invented people")
    try:
        message = feed.parse(raw)
        is_message = message.all_segments()[0].name == "MSH"
    except InterfaceError:
        is_message = False
    if not is_message:
        text = "it cannot be taken apart, or is a batch"
        raise _impossible(row.id, text, "only what can be taken apart can be de-identified")
    return message


def _impossible(number: int, text: str, advice: str) -> ActRefusedError:
    return ActRefusedError("case-impossible", text, place=f"message:{number}", advice=advice)


def _order(reader: Reader, raw: bytes) -> Order:
    body = orjson.loads(raw)
    accounts = {}
    for part in body["allocations"] if body["type"] != "void" else ():
        story = reader.account(part["account"])
        number = story.names[0].value if story and story.names else part["account"]
        accounts[number] = write_money(Money(part["amount_minor"], body["currency"]))
    return Order(body["type"], body["transaction"], accounts, body["tender"], body["last4"], body["original"])


def _our_ids(reader: Reader, orders: Iterable[Order]) -> dict[str, str]:
    """Ids that we gave to payments, and what a played case, which counts them, gives in their place."""
    found: dict[str, str] = {}
    wires = 0
    for number, order in enumerate(orders, start=1):
        found[order.name] = f"tx_{number}"
        story = reader.payment(order.payment or order.name)
        for part in sorted(story.allocations, key=lambda one: one.id) if story else ():
            if part.transaction_id == order.name:
                wires += 1
                found[part.wire_id] = f"W{wires}"
    return found


def _asked_for(order: Order, ours: Mapping[str, str]) -> Step:
    return Step(_NOWHERE, order=replace(order, name="", payment=ours.get(order.payment, order.payment)))


def _message(message: Message, channel: str, ours: Mapping[str, str]) -> Step:
    text = "\n".join(segment.er7 for segment in message.all_segments())
    for original, counted in ours.items():
        text = re.sub(rf"(?<!\w){re.escape(original)}(?!\w)", counted, text)
    return Step(_NOWHERE, message=text, channel=channel)
