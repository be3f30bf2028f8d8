"""Deliveries as people see them, with every attempt and answer."""

from dataclasses import dataclass

from interface.message import DeliveryState


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries to show; conditions as in `MessageFilter`. `reply_to` names messages that deliveries answer."""

    ids: tuple[int, ...] = ()
    destination: str = ""
    states: tuple[DeliveryState, ...] = ()
    subjects: tuple[str, ...] = ()  # allocation:17
    reply_to: tuple[int, ...] = ()
    since: int = 0
    until: int = 0
    beyond_id: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try to send.

    `ended_at` 0 while its outcome is unknown. `code` is an acknowledgement code or an error code.
    """

    number: int
    at: int
    ended_at: int
    state: DeliveryState | None
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """An answer of the destination: to an attempt, or apart from it (late, or as a message of its own)."""

    at: int
    code: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class DeliveryStory:
    """One delivery with its attempts and replies; not its payload, which `payload` opens."""

    id: int
    destination: str
    kind: str
    subject: str
    order_key: int
    state: DeliveryState
    cause: str
    control_id: str
    created_at: int
    due_at: int
    config_id: int
    amount_minor: int | None
    currency: str
    attempts: tuple[AttemptRow, ...]
    replies: tuple[ReplyRow, ...]
    reply_to: int | None = None
    original_id: int | None = None  # a resend names what it sends again
