"""A compiled mapping: reads one message into the ledger's words. Pure, and safe to share between threads."""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field

from interface.errors import MessageError
from interface.hl7.header import kind_name
from interface.hl7.parser import Message
from interface.hl7.problem import ErrorCode
from interface.ledger.reading import Filtered, Meaning, Reading
from interface.mapping.assemble import assemble, whose
from interface.mapping.filter import Filters
from interface.mapping.moment import event_at
from interface.mapping.node import Mark
from interface.mapping.rules import Fields, Rules, SegmentUse
from interface.mapping.scope import UNSAID, Context, Scope, UnfitMessageError

SECOND = 1_000_000
_HEADER_FIELDS = 13  # up to MSH-12
_NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Event:
    """What becomes of a trigger event: a meaning, or the reason why it is of no concern."""

    meaning: Meaning | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """An incoming mapping, compiled. `events` is keyed by message type and trigger event: `ADT^A08`."""

    name: str
    events: Table[str, Event]
    rules: Rules
    segments: tuple[SegmentUse, ...] = ()
    identifier_fields: frozenset[str] = frozenset()  # fields read as identifiers, or declared `unmasked`: PID-3
    first_read: Table[str, Mark] = field(default_factory=dict)  # where each segment is looked at first
    undeclared: Table[str, Mark] = field(
        default_factory=dict
    )  # fields of numbers that are neither, and where they are read

    def read(
        self, message: Message, context: Context, arrived_at: int, filters: Filters = _NO_FILTERS
    ) -> Reading | Filtered:
        """Map one message that arrived at `arrived_at` (UTC microseconds), unless a filter lets it pass by.

        Raises MessageError or MappingError, each with `hl7_code` (table 0357) and place.
        """
        header = _header(message)
        message_type, trigger = _kind(header[9], message)
        event = self.events.get(f"{message_type}^{trigger}")
        if event is None:
            return Filtered(f"the mapping does not list {kind_name(f'{message_type}^{trigger}')}: event not mapped")
        if event.meaning is None:
            return Filtered(event.reason)
        first_of = message.delimiters.component
        if context.production and header[11].split(first_of)[0] in ("T", "D"):
            raise UnfitMessageError(
                "not-production",
                "test or training traffic (MSH-11 T or D) on a production channel",
                hl7_code=ErrorCode.UNSUPPORTED_PROCESSING_ID,
                place="MSH-11",
                advice="send it to a channel that is declared `production: false`",
            )
        uses = (*self.segments, *filters.segments) if filters.segments else self.segments
        scope = _scope(message, context, event.meaning, uses)
        if reason := filters.reason(f"{message_type}^{trigger}", scope):
            return Filtered(reason)
        for problem in message.decoding_warnings:
            scope.warn(problem.cause, problem.place)
        scope.event_at = _event_time(scope, header[7], arrived_at)
        return assemble(self.rules, message, scope, event.meaning)

    def identify(self, message: Message, context: Context) -> Reading:
        """Whose message it is and nothing else: for one that cannot be mapped, so that its patient's later ones wait behind it.

        Identifiers that cannot be read are left out.
        """
        return whose(self.rules, _scope(message, context, Meaning.UPDATE, self.segments))


def _scope(message: Message, context: Context, meaning: Meaning, uses: tuple[SegmentUse, ...]) -> Scope:
    header = _header(message)
    message_type, trigger = _kind(header[9], message)
    first_of = message.delimiters.component
    names = {
        "event": trigger,
        "message_type": message_type,
        "meaning": meaning.value,
        "facility": context.facility,
        "sending_application": header[3].split(first_of)[0],
        "sending_facility": header[4].split(first_of)[0],
        "version": header[12].split(first_of)[0],
    }
    null = UNSAID if context.null_is_empty else None
    return Scope(_fields(message, uses), message.delimiters, message.charset, context, names, null)


def _fields(message: Message, uses: tuple[SegmentUse, ...]) -> Fields:
    fields: Fields = {}
    for use in uses:
        found = message.segments(use.name)
        if len(found) >= use.occurrence:
            fields[use.key] = found[use.occurrence - 1].fields()
    return fields


def _header(message: Message) -> list[str]:
    fields = message.all_segments()[0].fields()
    return fields if len(fields) >= _HEADER_FIELDS else fields + [""] * (_HEADER_FIELDS - len(fields))


def _kind(field: str, message: Message) -> tuple[str, str]:
    delimiters = message.delimiters
    message_type, _, rest = field.split(delimiters.repetition, 1)[0].partition(delimiters.component)
    return message_type, rest.split(delimiters.component, 1)[0]


def _event_time(scope: Scope, sent: str, arrived_at: int) -> int:
    """When it happened: the first of its fields that can be read, else arrival, and never far ahead of our own clock."""
    for place, text in event_times(scope.fields.get("EVN", ()), sent, scope.delimiters.component):
        try:
            at, is_repeated = event_at(text, scope.context.timezone, arrived_at)
        except MessageError:
            scope.warn("time-unreadable", place)
            continue
        if at is None:
            continue
        if is_repeated:
            scope.warn("time-repeated", place)
        latest = arrived_at + scope.context.event_time_tolerance_secs * SECOND
        if at > latest:
            scope.warn("event-time-capped", place)
            return latest
        return at
    return arrived_at


def event_times(evn: Sequence[str], sent: str, component: str) -> Iterator[tuple[str, str]]:
    """The fields that may say when it happened, with their texts, in the order in which they are asked; blank ones left out.

    `evn` are the fields of EVN, `sent` is MSH-7.
    """
    for place, number in (("EVN-6", 6), ("EVN-2", 2), ("MSH-7", 0)):
        er7 = (evn[number] if len(evn) > number else "") if number else sent
        if text := er7.split(component, 1)[0].strip('" '):
            yield place, text
