"""A channel made ready to run: what it declares, compiled; messages in, readings out; payments in, bytes out."""

from collections.abc import Callable
from collections.abc import Mapping as Table
from dataclasses import dataclass

from interface.channel.spec import Channel
from interface.channel.spec_destination import Destination
from interface.hl7.parser import Message, parse
from interface.ledger.reading import Filtered, Reading
from interface.mapping.filter import Filters
from interface.mapping.mapping import Mapping
from interface.mapping.posting import Envelope, Posting, PostingConventions
from interface.mapping.scope import Context

Write = Callable[
    [Posting, PostingConventions, Envelope, str, int], bytes
]  # with the control id and the moment of sending


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
    """One channel. Pure: the same bytes give the same reading, whoever asks."""

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
