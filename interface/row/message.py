"""Messages on their way: received, run, parked, answered. Times are UTC microseconds, ids are bigints."""

from dataclasses import dataclass, replace
from typing import Final

from interface.ledger.outcome import Unrestated
from interface.message import HoldKind, MessageState, RunReason

BATCH_BYTES = 33_554_432  # of messages that are read at once, unless the settings say otherwise

# Places in the order of messages that lie behind each one, for those of a batch: more than a batch may hold.
PLACES: Final = 1 << 20
BATCH_TYPES: Final = ("FHS", "BHS")  # message types of batches


@dataclass(frozen=True, slots=True)
class Membership:
    """Which message of a batch it is (from 1), and where it stands in the order of all messages."""

    batch_id: int
    position: int
    order_id: int


@dataclass(frozen=True, slots=True)
class Intake:
    """One arrived frame (or request), screened for card numbers, with the answer that it would get.

    `state` is WAITING, or REFUSED/INCOMPLETE with `reason` (an error code). `answer` is the acknowledgement code that will be
    sent ("" = none). `incidents` name places where a card number was masked.
    """

    source: str
    arrived_at: int
    peer: str
    raw: bytes
    control_id: str
    message_type: str  # ADT^A08
    sender: str  # MSH-3|MSH-4
    state: MessageState
    answer: str
    reason: str = ""
    incidents: tuple[str, ...] = ()
    original_id: int | None = None  # an amended message names the unchanged original
    actor: str = ""
    member: Membership | None = None  # it came in a batch


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one intake. For a repeat, `answer` is the one to give again, `message_id` the first one's."""

    message_id: int
    is_duplicate: bool
    state: MessageState
    answer: str


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A stored message with its opened bytes, as a run needs it. `replay_id` names the request when this is a replay."""

    id: int
    order_id: (
        int  # its place among all messages: that of its arrival, of the message that it amends, or within its batch
    )
    source: str
    arrived_at: int
    raw: bytes
    message_type: str
    state: MessageState
    answer_pending: bool = False  # the sender still waits for the outcome
    replay_id: int | None = None
    force_money: bool = False
    holds_lane: bool = False  # told of replays: whether it blocks, or waits in, a lane itself

    def forced(self, force_money: bool) -> "StoredMessage":
        """The same message, with leave to take back money and book it anew, or without."""
        return replace(self, force_money=force_money)


@dataclass(frozen=True, slots=True)
class Names:
    """What people know a message by: identifier values, family name, birth date (1980-03-04). Sealed at rest.

    `also`: further values of these kinds that it is found by and not shown with, as (kind, value).
    """

    patient: str = ""
    account: str = ""
    visit: str = ""
    family: str = ""
    birth_date: str = ""
    also: tuple[tuple[str, str], ...] = ()


NAMELESS = Names()


@dataclass(frozen=True, slots=True)
class Written:
    """A row that a request was about, as its answer names it: public ids, and how often it had changed once this was written.

    `position` is the place among what the request asked for, from 0; `owner_id` the patient's for whom a guarantor was told of.
    """

    position: int
    public_id: str
    version: int
    is_new: bool
    owner_id: str = ""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The end of one run: the message's new state and what people may search it by."""

    message_id: int
    reason: RunReason
    config_id: int
    state: MessageState
    started_at: int
    ended_at: int
    cause: str = ""  # error code, filter name
    place: str = ""  # field path or rule, never a value
    text: str = ""
    hold: HoldKind | None = None
    changed: bool = False
    warnings: tuple[str, ...] = ()
    names: Names = NAMELESS
    unrestated: tuple[Unrestated, ...] = ()  # of a replay: money that it left as it is booked
    awaited_account: str = ""  # for MISSING_ACCOUNT: authority|type|value of the account that must appear
    due_at: int = 0  # when a hold has lasted long enough to be looked at; 0 = never
    lanes: tuple[int, ...] = ()  # written for what blocks or queues; empty on the fast path
    hl7_code: str = ""  # table 0357, where the outcome is explained to the sender
    answer: str = ""  # the late answer decided here (ack: processed); "" where none is pending
    replay_id: int | None = None
    written: tuple[Written, ...] = ()  # by a request


@dataclass(frozen=True, slots=True)
class Parked:
    """A message that must wait behind another one of its lane(s)."""

    message_id: int
    lanes: tuple[int, ...]
    names: Names = NAMELESS


@dataclass(frozen=True, slots=True)
class StuckMessage:
    """A message that is held or failed (or was, before a person or its account set it going), and why."""

    id: int
    channel: str
    cause: str


@dataclass(frozen=True, slots=True)
class Settled:
    """The decided answer of a message whose sender waits, with what explains it."""

    code: str
    hl7_code: str = ""
    place: str = ""
    text: str = ""
    cause: str = ""
    written: tuple[Written, ...] = ()
