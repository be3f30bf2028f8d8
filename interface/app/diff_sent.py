"""What the edited files would send of stored payments, against what the active version would send of them today.

Both render the same postings, through the same current identities. Nothing is sent, frozen or changed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from interface.app.compose import App
from interface.case.er7 import leaves, text_of
from interface.channel import consequence
from interface.channel.feed import Outlet
from interface.channel.loader import Configuration
from interface.errors import InterfaceError
from interface.ledger.said import How
from interface.mapping.posting import Posting
from interface.ports import Reader
from interface.view.delivery import DeliveryFilter, DeliveryStory

_PAGE = 256
_SUBJECT = "allocation:"
_ANY_CONTROL_ID = "X"
WHOLE = "whole message"
_NOWHERE = "where payments go"


@dataclass(frozen=True, slots=True, order=True)
class SentShape:
    """One way in which payments would be sent otherwise. `money` says why it touches money; empty: it does not."""

    money: str
    destination: str  # epic/dft
    place: str  # FT1-13, PV1 where the whole segment comes or goes, or WHOLE
    how: str


@dataclass(slots=True)
class SentAlike:
    """All postings of one shape. `example` are the first one's values, before and after: content."""

    shape: SentShape
    payments: int = 0
    first_id: int = 0  # of its delivery
    example: tuple[str, str] = ("", "")


@dataclass(slots=True)
class SentDiff:
    """What was found. `payments` counts postings that were rendered, voids and refunds among them."""

    payments: int = 0
    differing: int = 0
    is_broken_off: bool = False
    shapes: dict[SentShape, SentAlike] = field(default_factory=dict)

    def grouped(self) -> list[SentAlike]:
        """What touches money first, then the most payments."""
        return sorted(self.shapes.values(), key=lambda one: (not one.shape.money, -one.payments, one.shape))


def sent_diff(app: App, *, since: int, channel: str = "", limit: int | None = None) -> SentDiff:
    """Render the postings that were queued at or after `since` (UTC microseconds), or the newest `limit` of them.

    Broken off by KeyboardInterrupt it gives what was found by then.
    """
    _, active = app.active()
    sides = active, app.edited()
    found = SentDiff()
    try:
        with app.store.snapshot() as reader:
            queued = [one for one in _queued(reader, since) if not channel or one.destination.startswith(f"{channel}/")]
            for one in queued[-limit:] if limit else queued:
                _compare(found, reader, sides, one)
    except KeyboardInterrupt:
        found.is_broken_off = True
    return found


def _queued(reader: Reader, since: int) -> Iterator[DeliveryStory]:
    """Each posting once, however often it was sent."""
    beyond = 0
    while page := reader.deliveries(DeliveryFilter(since=since, beyond_id=beyond, limit=_PAGE)):
        yield from (one for one in page if one.subject.startswith(_SUBJECT) and one.original_id is None)
        beyond = page[-1].id


def _compare(found: SentDiff, reader: Reader, sides: tuple[Configuration, Configuration], one: DeliveryStory) -> None:
    old, new = (_outlet(side, one.destination) for side in sides)
    if old is None:
        return  # of a destination that the active version has not
    try:
        posting = reader.posting(int(one.subject.removeprefix(_SUBJECT)))
    except InterfaceError:
        return  # nothing can be rendered of it under any version
    found.payments += 1
    shapes = dict(_shapes(one, posting, old, new))
    found.differing += bool(shapes)
    for shape, example in shapes.items():
        alike = found.shapes.setdefault(shape, SentAlike(shape, first_id=one.id, example=example))
        alike.payments += 1


def _outlet(configuration: Configuration, destination: str) -> Outlet | None:
    channel, _, name = destination.partition("/")
    feed = configuration.feeds.get(channel)
    return None if feed is None else feed.outlets.get(name)


def _shapes(
    one: DeliveryStory, posting: Posting, old: Outlet, new: Outlet | None
) -> Iterator[tuple[SentShape, tuple[str, str]]]:
    if new is None:
        yield SentShape(_NOWHERE, one.destination, WHOLE, "its destination is gone"), ("", "")
        return
    if _shape(old) != _shape(new):
        yield SentShape("payments that are sent", one.destination, WHOLE, f"{_shape(old)} -> {_shape(new)}"), ("", "")
        return
    before, after = _rendered(old, posting, one.created_at), _rendered(new, posting, one.created_at)
    if isinstance(before, str) or isinstance(after, str):
        was, now = (f"fails: {side}" if isinstance(side, str) else "is written" for side in (before, after))
        if was != now:
            yield SentShape("payments that are sent", one.destination, WHOLE, f"{was} -> {now}"), ("", "")
        return
    for place in dict.fromkeys((*before, *after)):
        segment = place.partition("-")[0]
        is_there = segment in before and segment in after
        if before.get(place) != after.get(place) and (is_there or place == segment):
            was, now = before.get(place, ""), after.get(place, "")
            how = How.CHANGED if was and now else How.FILLED if now else How.EMPTY
            name = re.sub(r"\[\d+\]", "", place)
            is_mapped = new.spec.fhir is None
            money = consequence.of_outgoing(("segments", name.partition("-")[0], name) if is_mapped else ("message",))
            yield SentShape(money, one.destination, name, how), (was, now)


def _shape(outlet: Outlet) -> str:
    return "HL7" if outlet.spec.fhir is None else outlet.spec.fhir.shape


def _rendered(outlet: Outlet, posting: Posting, at: int) -> Mapping[str, str] | str:
    """Every leaf by its place; else the code of what keeps it from being written."""
    try:
        raw = outlet.render(posting, control_id=_ANY_CONTROL_ID, now=at)
    except InterfaceError as failure:
        return failure.code
    return leaves(text_of(raw))
