"""What a rule sees while one message is read: fields by segment, what is known about the event, and where warnings go."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from interface.errors import MessageError
from interface.hl7.delimiters import Delimiters
from interface.hl7.problem import ErrorCode
from interface.mapping.money import MoneyConventions


class _Unsaid:
    """Nothing was said: the field was absent, empty, or blank."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNSAID"


UNSAID: Final = _Unsaid()
"""A rule's result when the message does not speak of it. `None` is the other empty result: the sender clears the value."""

Said = Any  # a value, None (cleared) or UNSAID


class UnfitMessageError(MessageError):
    """A message that cannot be mapped as it is. `hl7_code` (table 0357) goes into the acknowledgement."""

    def __init__(self, code: str, text: str, *, hl7_code: ErrorCode, place: str, advice: str = "") -> None:
        super().__init__(code, text, place=place, advice=advice)
        self.hl7_code = hl7_code.value


@dataclass(frozen=True, slots=True)
class Context:
    """What a channel declares about its messages. `event_time_tolerance_secs`: how far ahead of us a sender's clock may be."""

    timezone: ZoneInfo
    facility: str
    currency: str = "USD"
    production: bool = True
    event_time_tolerance_secs: int = 300
    money: MoneyConventions = field(default_factory=MoneyConventions)
    null_is_empty: bool = False


# Where a reading's own needs are met, for messages to people.
HL7_PLACES: Final[Mapping[str, str]] = {
    "patient": "PID-3",
    "alternate_visit": "PV1-50",
    "kind": "FT1-6",
    "amount": "FT1-11",
}


@dataclass(slots=True)
class Scope:
    """One message while it is read. `fields` holds the split fields of the segments in view, by segment name."""

    fields: Mapping[str, list[str]]
    delimiters: Delimiters
    charset: str
    context: Context
    names: Mapping[str, str]
    null: Any = None
    event_at: int = 0
    place: str = ""  # of the group in view: FT1[2]
    repetition: str = ""  # in ER7, while a choice looks at it
    warnings: list[str] = field(default_factory=list)
    parts: dict[tuple[str, int], list[str]] = field(default_factory=dict)  # components of fields read before
    resource: Any = None  # where FHIR is read
    node: Any = None  # of the resource: the element in view
    places: Mapping[str, str] | None = None  # HL7_PLACES where none are named

    def within(self, fields: Mapping[str, list[str]], place: str) -> "Scope":
        """The same message, looking at one group of segments."""
        seen = {**self.fields, **fields}
        return Scope(
            seen,
            self.delimiters,
            self.charset,
            self.context,
            self.names,
            self.null,
            self.event_at,
            place,
            warnings=self.warnings,
        )

    def at(self, node: Any, place: str) -> "Scope":
        """The same resource, looking at one of its elements; `place` is its FHIRPath."""
        return replace(self, node=node, place=place, parts={})

    def warn(self, code: str, place: str) -> None:
        """Note something odd: a code and a place, never a value."""
        self.warnings.append(f"{code} {self.placed(place)}")

    def placed(self, place: str) -> str:
        """`FT1-11` in the second FT1 is `FT1[2]-11`; `amount` of an element is `PaymentReconciliation.detail[1].amount`.

        `place` may also be a name of `places`.
        """
        place = (self.places or HL7_PLACES).get(place, place)
        if self.resource is not None:
            return f"{self.place}.{place}" if self.place and place[:1].islower() else place
        segment = self.place.partition("[")[0]
        return f"{self.place}{place[3:]}" if segment and place.startswith(f"{segment}-") else place
