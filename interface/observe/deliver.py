"""Events of delivering: destinations, attempts, answers."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.event import MILLION, SHORT, Event, Histogram, Level, Stage


class Delivering(Event):
    """What the events of this stage share."""

    __slots__ = ()
    stage: ClassVar = Stage.DELIVER


@dataclass(frozen=True, slots=True)
class DestinationConnected(Delivering):
    """A connection to a destination stands."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "destinations_connected_total"
    split_by: ClassVar = ("destination",)
    destination: str
    place: str


@dataclass(frozen=True, slots=True)
class DestinationDisconnected(Delivering):
    """A connection to a destination ended; `cause` says by whom and why."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "destinations_disconnected_total"
    split_by: ClassVar = ("destination", "cause")
    destination: str
    place: str
    cause: str


@dataclass(frozen=True, slots=True)
class DeliveryAttempted(Delivering):
    """An attempt's intent is committed; its first byte is about to be written."""

    counter: ClassVar = "deliveries_attempted_total"
    split_by: ClassVar = ("destination",)
    destination: str
    delivery_id: int
    attempt: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DeliveryAnswered(Delivering):
    """An attempt ended: `code` is the acknowledgement code, or the error code where none came."""

    counter: ClassVar = "deliveries_answered_total"
    split_by: ClassVar = ("destination", "code")
    measured_by: ClassVar = ("destination",)
    histograms: ClassVar = (
        Histogram("delivery_seconds", "took_micros", "From the first byte of a send to its answer.", SHORT, MILLION),
    )
    destination: str
    code: str
    delivery_id: int
    took_micros: int


@dataclass(frozen=True, slots=True)
class LateAck(Delivering):
    """An acknowledgement of something sent earlier, after its time-out or beside its first answer."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "late_acks_total"
    split_by: ClassVar = ("destination", "code")
    destination: str
    code: str


@dataclass(frozen=True, slots=True)
class StrayReply(Delivering):
    """A destination sent what answers nothing of ours. `cause`: unknown-id, not-an-ack, cut or noise."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "stray_replies_total"
    split_by: ClassVar = ("destination", "cause")
    destination: str
    cause: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DestinationSuspended(Delivering):
    """Too many sends stay unanswered; the queue waits until a probe is answered or a person resumes it."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "destinations_suspended_total"
    split_by: ClassVar = ("destination",)
    destination: str
    unresolved: int


@dataclass(frozen=True, slots=True)
class DestinationResumed(Delivering):
    """A suspended destination is used again. `cause`: probe-answered, answered (late) or operator."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "destinations_resumed_total"
    split_by: ClassVar = ("destination", "cause")
    destination: str
    cause: str
