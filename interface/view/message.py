"""Messages as people see them: the filter that finds them, a row in a list, and everything about one."""

from dataclasses import dataclass
from datetime import UTC, datetime

from interface.message import HoldKind, MessageState, RunReason


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages to show: all conditions hold; an empty one asks for nothing. Pages go on from `beyond_id`.

    `is_parked`: those that wait behind another of their patient, beside `states`. `type` is `ADT^A08`, or `ADT` for all of
    its events. `family` is found in any case; all other values to the letter. `since` and `until` (exclusive) bound the
    first arrival. `newest_first` turns the order around.
    """

    ids: tuple[int, ...] = ()
    channel: str = ""
    states: tuple[MessageState, ...] = ()
    is_parked: bool = False
    hold: HoldKind | None = None
    cause: str = ""
    warning: str = ""  # code of a warning that one of its runs gave
    type: str = ""
    control_id: str = ""
    patient: str = ""
    account: str = ""
    visit: str = ""
    family: str = ""
    birth_date: str = ""
    since: int = 0
    until: int = 0
    beyond_id: int = 0
    newest_first: bool = False
    limit: int = 100


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message in a list.

    Opens its sealed identity: control id, and patient, account and visit as the last run read them, or as they were read when it
    was parked. What HealthPay24 asks for is shown with the numbers of the accounts that its money is for.
    """

    id: int
    channel: str
    type: str
    state: MessageState
    hold: HoldKind | None
    reason: str  # why it stands so: an error code, a filter's name ...; the `cause` that filters ask for
    is_parked: bool  # waits behind another message of its patient
    arrived_at: int
    size_bytes: int
    answer: str
    control_id: str
    sender: str  # MSH-3|MSH-4
    patient: str = ""
    account: str = ""
    visit: str = ""
    family: str = ""
    birth_date: str = ""
    original_id: int | None = None  # it was amended from this one
    is_pan_redacted: bool = False
    is_purged: bool = False  # its bytes are gone
    batch_id: int | None = None  # it came in this batch, as its `batch_position`th message
    batch_position: int = 0


@dataclass(frozen=True, slots=True)
class ArrivalRow:
    """One time that the message came: the first, or a repeat."""

    at: int
    peer: str
    answer: str
    actor: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """One trip down the pipeline. `text` and `place` name rules and paths, never values."""

    id: int
    message_id: int
    reason: RunReason
    config_id: int
    state: MessageState
    hold: HoldKind | None
    cause: str
    place: str
    text: str
    changed: bool
    warnings: tuple[str, ...]
    started_at: int
    ended_at: int
    replay_id: int | None = None


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """Something that happened to a message's bytes on arrival, such as a card number that was masked."""

    at: int
    code: str
    place: str


@dataclass(frozen=True, slots=True)
class PurgedPart:
    """What was removed when its time was over: the body, arrivals or runs of a message, the payload of a delivery, or all of it."""

    what: str
    at: int
    rule: str

    @property
    def sentence(self) -> str:
        """When and under which rule, in words."""
        day = datetime.fromtimestamp(self.at / 1_000_000, UTC).date()
        return f"purged on {day} under the rule {self.rule}"


@dataclass(frozen=True, slots=True)
class MessageStory:
    """Everything about one message but its bytes."""

    row: MessageRow
    arrivals: tuple[ArrivalRow, ...]
    runs: tuple[RunRow, ...]
    incidents: tuple[IncidentRow, ...]
    amended_by: tuple[int, ...]  # messages that a person made of it
    behind: tuple[int, ...]  # older messages in its lanes: what it waits for
    purged: tuple[PurgedPart, ...] = ()
    members: tuple[int, ...] = ()  # of a batch: the messages that it brought, in its order
    repeats: int = 0  # how many of them were here already
    namesakes: tuple[int, ...] = ()  # other messages that this sender gave the same control id to

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about how it came, whatever its runs found; code and place."""
        return ("control-id-reused MSH-10",) if self.namesakes else ()

    def purged_body(self) -> PurgedPart | None:
        """When and why its bytes went; None where they are here."""
        return next((one for one in self.purged if one.what == "body"), None)
