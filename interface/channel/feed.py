"""A channel made ready to run: what it declares, compiled; messages in, readings out; payments in, bytes out."""

from collections.abc import Callable
from collections.abc import Mapping as Table
from dataclasses import dataclass

from interface.channel.spec import Channel
from interface.channel.spec_destination import Destination
from interface.errors import InterfaceError
from interface.fhir.outcome import RefusedError
from interface.fhir.request import Request, read
from interface.hl7.header import read_header
from interface.hl7.parser import Message, parse
from interface.ledger.reading import Filtered, Reading
from interface.mapping.fhir_bundle import identify_first, parts, read_all, unfit
from interface.mapping.fhir_mapping import FhirMapping
from interface.mapping.filter import Filters
from interface.mapping.mapping import Mapping
from interface.mapping.posting import Envelope, Posting, PostingConventions
from interface.mapping.scope import Context

Write = Callable[
    [Posting, PostingConventions, Envelope, str, int], bytes
]  # with the control id and the moment of sending

_NOTHING = Filtered("the request has no entry that writes")


@dataclass(frozen=True, slots=True)
class Outlet:
    """One destination of a channel. `write` makes what is sent of a posting."""

    spec: Destination
    write: Write
    conventions: PostingConventions
    envelope: Envelope

    def render(self, posting: Posting, *, control_id: str, now: int) -> bytes:
        """A payment, void or refund as the bytes to send, unframed. Times are UTC microseconds."""
        return self.write(posting, self.conventions, self.envelope, control_id, now)


@dataclass(frozen=True, slots=True)
class Feed:
    """One channel of HL7 v2. Pure: the same bytes give the same reading, whoever asks."""

    spec: Channel
    context: Context
    mapping: Mapping
    filters: Filters
    outlets: Table[str, Outlet]

    def parse(self, raw: bytes) -> Message:
        """The message, in the channel's character set. Raises MessageError."""
        return parse(raw, self.spec.charset or None)

    def identify(self, message: Message) -> Reading:
        """Whose message it is, where it cannot be read whole."""
        return self.mapping.identify(message, self.context)

    def read(self, message: Message, arrived_at: int) -> Reading | Filtered:
        """What the message says, or why it is let pass by. Raises MessageError or MappingError."""
        return self.mapping.read(message, self.context, arrived_at, self.filters)

    def read_raw(self, raw: bytes, arrived_at: int) -> Reading | Filtered:
        """`read` of stored bytes."""
        return self.read(self.parse(raw), arrived_at)

    def identify_raw(self, raw: bytes) -> Reading:
        """`identify` of stored bytes. Raises MessageError."""
        return self.identify(self.parse(raw))

    def kinds(self, raw: bytes) -> set[str]:
        """What `events` of the mapping calls stored bytes, as ADT^A08."""
        return {read_header(raw).kind_name}


@dataclass(frozen=True, slots=True)
class FhirFeed:
    """One channel of FHIR requests, behind the same bytes."""

    spec: Channel
    context: Context
    mapping: FhirMapping
    filters: Filters
    outlets: Table[str, Outlet]

    def parse(self, raw: bytes) -> Request:
        """The request. Raises MessageError, whose place is FHIRPath."""
        try:
            return read(raw)
        except RefusedError as refused:
            raise unfit(refused) from refused

    def identify(self, request: Request) -> Reading:
        """Whose request it is, where it cannot be read whole."""
        return self.mapping.identify(request, self.context)

    def read(self, request: Request, arrived_at: int) -> Reading | Filtered:
        """What the request says, or why it is let pass by. Raises MessageError or MappingError."""
        return self.mapping.read(request, self.context, arrived_at, self.filters)

    def read_all(self, raw: bytes, arrived_at: int) -> tuple[tuple[int, Reading | Filtered], ...]:
        """What each entry of stored bytes says, beside its place: of a transaction or message several, else one."""
        return read_all(raw, lambda request: self.read(request, arrived_at))

    def read_raw(self, raw: bytes, arrived_at: int) -> Reading | Filtered:
        """`read` of stored bytes; of several entries the first that says something."""
        said = [one for _, one in self.read_all(raw, arrived_at)]
        return next((one for one in said if isinstance(one, Reading)), said[0] if said else _NOTHING)

    def identify_raw(self, raw: bytes) -> Reading:
        """`identify` of stored bytes. Raises MessageError."""
        found = identify_first(raw, self.identify)
        return found if found is not None else self.identify(parts(raw)[0][1])

    def kinds(self, raw: bytes) -> set[str]:
        """What `events` of the mapping calls each entry of stored bytes, as `Patient` or `Patient create`; none if unreadable."""
        try:
            return {self.mapping.event(request)[0] for _, request in parts(raw)}
        except InterfaceError:
            return set()


AnyFeed = Feed | FhirFeed
