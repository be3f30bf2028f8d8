"""Deliveries on their way, and what is known of postings and destinations. Times are UTC microseconds, ids are bigints."""

from dataclasses import dataclass

from interface.message import DeliveryState, PostingState


@dataclass(frozen=True, slots=True)
class DeliveryWanted:
    """Something to be sent. `subject` names what it is about (allocation:17); `order_key` keeps order (an account's id)."""

    destination: str  # channel/destination
    kind: str  # payment, void, refund, acknowledgement ...
    subject: str
    order_key: int
    due_at: int
    config_id: int
    payload: bytes = b""  # empty: rendered at the first attempt
    control_id: str = ""  # MSH-10 of a payload that is given


@dataclass(frozen=True, slots=True)
class Delivery:
    """A stored delivery. `payload` is empty until the first attempt freezes it."""

    id: int
    destination: str
    kind: str
    subject: str
    order_key: int
    state: DeliveryState
    due_at: int
    attempts: int
    payload: bytes
    control_id: str
    config_id: int
    created_at: int
    cause: str = ""
    amount_minor: int | None = None  # what it posts, in minor units of `currency`; none where it carries no money
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; `reply` is kept sealed. `application` tells an application ack from an accept ack."""

    state: DeliveryState
    at: int
    code: str = ""  # AA, AE, CA ... or an error code
    text: str = ""
    reply: bytes = b""
    due_at: int = 0  # next attempt when state is QUEUED; 0: as due as it was, so it keeps its place


@dataclass(frozen=True, slots=True)
class Answer:
    """What a destination said of one attempt, whatever the wire: delivered, rejected, or queued for not now.

    `code` is MSA-1, or http- and the status; `text` says a refusal in words that hold no patient's value; `raw` is kept sealed.
    """

    code: str
    state: DeliveryState
    text: str = ""
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A part of a payment that the EHR acknowledged, and whose posting nothing has proved."""

    allocation_id: int
    delivery_id: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class PostingFact:
    """A fact about one allocation's posting, each kept apart: accepted, application-acked, confirmed, posted, rejected ..."""

    allocation_id: int
    fact: str  # a PostingState value, or "application-acked", "confirmed"
    at: int
    cause: str = ""
    message_id: int | None = None  # what the EHR sent to confirm it


@dataclass(frozen=True, slots=True)
class Homeless:
    """An allocation that no channel took when it was made, and the open work item that tells of it.

    `posting` is how far it has come by other ways; `account_id` is the account that stands for its own since a merge.
    """

    item_id: int
    allocation_id: int
    kind: str
    account_id: int
    facility: str
    posting: PostingState | None


@dataclass(frozen=True, slots=True)
class DestinationState:
    """What is known of one destination. Suspended: it did not answer; it is probed. Paused: a person said so.

    `is_standing`: the store was restored from a backup, and nothing goes anywhere until a person says that it may.
    """

    destination: str
    suspended_at: int = 0
    next_probe_at: int = 0
    probes: int = 0
    paused_by: str = ""
    unanswered: int = 0  # sends in a row that got no answer
    is_standing: bool = False
