"""How the engine stands: counts by channel and destination, living parts, and what people brought to a stop."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from interface.message import DeliveryState, MessageState


class PauseKind(StrEnum):
    """What a person can bring to a stop without stopping the engine."""

    CHANNEL = "channel"  # its messages are received, answered and kept waiting
    DESTINATION = "destination"  # what goes to it stays queued, and it is not probed
    PATIENT = "patient"  # messages of the patient's lane wait behind each other


@dataclass(frozen=True, slots=True)
class ChannelCount:
    """`received` = `duplicates` + the sum of `states`, always: they count all that ever came. Every state has its number.

    Of `purged_bodies` of these messages the bytes are gone, `forgotten` are gone whole: the purge undoes no arrival.
    """

    channel: str
    received: int
    duplicates: int
    states: Mapping[MessageState, int]
    last_arrival_at: int = 0
    oldest_waiting_at: int = 0  # arrival of the oldest message that is waiting
    purged_bodies: int = 0
    forgotten: int = 0


@dataclass(frozen=True, slots=True)
class DestinationCount:
    """Deliveries of one destination by state. `posted` counts those whose posting the EHR is known to have made."""

    destination: str
    states: Mapping[DeliveryState, int]
    posted: int
    oldest_queued_at: int = 0  # creation of the oldest queued delivery
    oldest_unconfirmed_at: int = 0  # acknowledgement of the oldest payment that nothing proves to be posted
    unconfirmed: int = 0  # such payments that were not proved in time, so that a person was told
    suspended_at: int = 0
    next_probe_at: int = 0
    paused_by: str = ""


class PartState(StrEnum):
    """How a part of an engine stands."""

    RUNNING = "running"
    STANDING_BY = "standing-by"  # another engine does this work; it takes over when that one ends
    STOPPED = "stopped"  # ended on purpose


@dataclass(frozen=True, slots=True)
class Ear:
    """One channel's listener, as the listening part says."""

    channel: str
    place: str  # host:port
    is_open: bool
    connections: int
    sender_off_by: int = (
        0  # microseconds that its sender's clock is ahead of ours, behind where negative; 0: it is right
    )


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a part says of itself beside being alive. Times are UTC microseconds; 0 where there is nothing to tell."""

    ears: tuple[Ear, ...] = ()
    oldest_unanswered_at: int = 0  # arrival of the oldest frame without an answer
    worked_at: int = 0  # when its thread last came round: what beats may be stuck all the same


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of an engine, alive as long as it beats."""

    name: str
    pid: int
    host: str
    state: PartState
    started_at: int
    beat_at: int
    vitals: Vitals = Vitals()


@dataclass(frozen=True, slots=True)
class HeldCount:
    """Messages that stand still for one cause. `kind` is the kind of hold; empty for failed ones."""

    state: MessageState
    kind: str
    cause: str
    count: int


@dataclass(frozen=True, slots=True)
class Restored:
    """This database was restored at `restored_at` from a backup of `backup_at`; it sends nothing while `resumed_at` is 0."""

    backup_at: int
    restored_at: int
    resumed_at: int = 0

    @property
    def is_standing(self) -> bool:
        """Whether nothing is sent."""
        return not self.resumed_at


@dataclass(frozen=True, slots=True)
class PauseRow:
    """Something that a person brought to a stop. A patient's subject is the lane, its name the public id, once it has one."""

    kind: PauseKind
    subject: str
    since: int
    actor: str
    name: str
