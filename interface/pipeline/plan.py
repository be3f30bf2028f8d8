"""A configuration version, made ready to run: for each channel, how to read its messages and where what follows goes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from interface.ledger.due import BalancePolicy
from interface.ledger.reading import Filtered, Reading
from interface.pipeline.receive import Listening
from interface.pipeline.retry import RetryPolicy

if TYPE_CHECKING:
    from interface.pipeline.conclude import Ending

Read = Callable[[bytes, int], "Understood"]
Said = Callable[["Ending"], str]


@dataclass(frozen=True, slots=True)
class Reply:
    """An application acknowledgement of its own that the sender asked for (MSH-16): the condition, and how to build it."""

    condition: str
    build: Callable[
        [str, str, int, str, str], bytes
    ]  # code, control id, at, hl7 error code, place -> the message's bytes


@dataclass(frozen=True, slots=True)
class ApplicationAck:
    """An acknowledgement that the EHR sent as a message of its own, naming one of ours."""

    code: str
    control_id: str


@dataclass(frozen=True, slots=True)
class Sound:
    """An HL7 batch whose counts and totals agree: its messages, to be run in its place."""

    messages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Unsound:
    """An HL7 batch of which nothing is applied before a person has looked at it: why, where, and what messages are found in it."""

    code: str
    place: str
    text: str
    messages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """What the entries of a FHIR transaction say, in the order in which they are applied: all of it, or nothing.

    Each stands beside its place in the Bundle, from 0.
    """

    entries: tuple[tuple[int, Reading | Filtered], ...]

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Those that say something."""
        return tuple(one for _, one in self.entries if isinstance(one, Reading))

    @property
    def positions(self) -> tuple[int, ...]:
        """The places of the readings."""
        return tuple(place for place, one in self.entries if isinstance(one, Reading))


@dataclass(frozen=True, slots=True)
class Understood:
    """One message parsed and mapped."""

    content: Reading | Filtered | ApplicationAck | Sound | Unsound | Together

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What is to be applied."""
        match self.content:
            case Reading():
                return (self.content,)
            case Together():
                return self.content.readings
            case _:
                return ()


@dataclass(frozen=True, slots=True)
class DestinationPlan:
    """How one destination is sent to. `name` is channel/destination."""

    name: str
    retry: RetryPolicy
    probe: RetryPolicy  # how often a silent destination is asked whether it lives
    deduplicates: bool
    max_unresolved_sends: int
    posted_when: str  # accept, application, echo
    receives_payments: bool
    facility: str
    receives_notices: bool = False  # that payments are settled
    gives_up_secs: float = (
        0.0  # of news, which are nobody's to judge: what could not be told for so long is dropped; 0: never
    )
    unconfirmed_secs: float = (
        0.0  # after so long without proof of posting, an acknowledged payment is a person's; 0: never
    )
    lock: str = "process"  # whoever holds this lock of the store sends

    @property
    def is_news(self) -> bool:
        """Whether what goes there may come twice, or not at all, without anybody having to look into it."""
        return self.gives_up_secs > 0


def _no_reply(_raw: bytes) -> Reply | None:
    return None


def _nobody(_raw: bytes) -> Reading | None:
    return None


def _acknowledgement(ending: "Ending") -> str:
    return ending.verdict


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """How one channel's messages are read, and which of their senders want an acknowledgement of its own (`reply`).

    What a sender wants is read apart from what its message means: also one that cannot be understood is answered.
    """

    name: str
    read: Read
    reply: Callable[[bytes], Reply | None] = _no_reply
    reply_destination: str = ""
    identify: Callable[[bytes], Reading | None] = _nobody  # whose a message is that cannot be read whole
    missing_account_hold_secs: int = 0
    is_amendable: bool = True  # whether a person may run a corrected copy of its messages
    answer: Said = _acknowledgement  # what a sender who waits for the outcome is told, as a code of its protocol
    listening: Listening | None = None  # how its messages are judged at the door; None: those of a batch are not


@dataclass(frozen=True, slots=True)
class Plan:
    """All channels and destinations of one configuration version."""

    config_id: int
    channels: Mapping[str, ChannelPlan]
    destinations: Mapping[str, DestinationPlan]
    policies: Mapping[str, BalancePolicy] = field(default_factory=dict)  # how each facility's balances are reckoned

    def payment_destination(self, facility: str) -> DestinationPlan | None:
        """Where payments on accounts of this facility go; None where no channel takes them."""
        takers = [plan for plan in self.destinations.values() if plan.receives_payments]
        fitting = [plan for plan in takers if plan.facility == facility]
        return fitting[0] if fitting else None
