"""Outgoing mappings: segments and fields out of names, written as ER7, with the lengths that receivers insist on."""

from collections.abc import Mapping as Table
from dataclasses import dataclass
from typing import Any, Final

from interface.errors import MappingError
from interface.hl7.delimiters import STANDARD
from interface.hl7.money import Money, write_money
from interface.hl7.timestamp import Precision, write_timestamp
from interface.hl7.writer import Builder
from interface.mapping.function import FUNCTIONS, Apply, Function, Setting
from interface.mapping.kind import Type
from interface.mapping.posting import Envelope, Posting, PostingConventions, posting_values
from interface.mapping.reader import Holds, Read
from interface.mapping.scope import UNSAID, Context, Scope

# Longest texts (HL7 v2.5.1 chapters 2 and 6; receivers cut or refuse what is longer, and a cut id is another id).
MAX_LENGTHS: Final[Table[str, int]] = {"MSH-10": 20, "FT1-2": 12, "FT1-3": 10}


def _datetime(_setting: Setting) -> Apply:
    return lambda at, scope: write_timestamp(int(at), scope.context.timezone)


def _date(_setting: Setting) -> Apply:
    return lambda at, scope: write_timestamp(int(at), scope.context.timezone, Precision.DAY)


def _money(_setting: Setting) -> Apply:
    def money(amount: Any, _scope: Scope) -> str:
        assert isinstance(amount, Money), "the name's declared type"
        return write_money(amount)

    return money


_SHARED = ("trim", "upper", "lower", "digits", "left", "table")
OUT_FUNCTIONS: Final[Table[str, Function]] = {
    **{name: FUNCTIONS[name] for name in _SHARED},
    "datetime": Function(Type.INSTANT, Type.TEXT, "YYYYMMDDHHMMSS+ZZZZ in the channel's time zone", _datetime),
    "date": Function(Type.INSTANT, Type.TEXT, "YYYYMMDD in the channel's time zone", _date),
    "money": Function(Type.MONEY, Type.TEXT, "the amount with its decimal places, as -125.00", _money),
}


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Where a value goes (component and subcomponent from 1), and the rule that gives it."""

    place: str
    number: int
    component: int
    subcomponent: int
    read: Read


@dataclass(frozen=True, slots=True)
class SegmentRules:
    """One outgoing segment; left out when its condition does not hold."""

    name: str
    fields: tuple[FieldRule, ...]
    when: Holds | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An outgoing mapping, compiled."""

    name: str
    message: str  # DFT^P03^DFT_P03
    version: str
    segments: tuple[SegmentRules, ...]

    def render(self, values: Table[str, Any], envelope: Envelope) -> bytes:
        """The message's bytes, unframed. Raises MappingError `value-too-long`, MessageError `character-unmappable`."""
        context = Context(envelope.timezone, envelope.sending_facility)
        scope = Scope({}, STANDARD, "utf-8", context, values)
        builder = Builder(charset=envelope.charset)
        for segment in self.segments:
            if segment.when is None or segment.when(scope):
                content = _content(segment, scope)
                if segment.name == "MSH":
                    content |= {9: tuple(self.message.split("^")), 12: self.version}
                builder.add(segment.name, content)
        return builder.to_bytes()

    def render_posting(
        self, posting: Posting, conventions: PostingConventions, envelope: Envelope, *, control_id: str, now: int
    ) -> bytes:
        """One payment, void or refund as a message. Times are UTC microseconds."""
        return self.render(posting_values(posting, conventions, envelope, control_id=control_id, now=now), envelope)


def _content(segment: SegmentRules, scope: Scope) -> dict[int, Any]:
    fields: dict[int, list[list[str]]] = {}
    for rule in segment.fields:
        value = rule.read(scope)
        if value is UNSAID:
            continue
        longest = MAX_LENGTHS.get(rule.place)
        if longest is not None and len(value) > longest:
            raise MappingError(
                "value-too-long",
                f"the value has {len(value)} characters, and {rule.place} takes {longest}",
                place=rule.place,
                advice="have the rule make a shorter one; cutting an id would make it another one",
            )
        components = fields.setdefault(rule.number, [])
        components.extend([[""]] * (rule.component - len(components)))
        subcomponents = list(components[rule.component - 1])
        subcomponents.extend([""] * (rule.subcomponent - len(subcomponents)))
        subcomponents[rule.subcomponent - 1] = value
        components[rule.component - 1] = subcomponents
    return {number: tuple(tuple(parts) for parts in components) for number, components in fields.items()}
