"""Events of receiving: the listener, its connections, their frames, what became durable."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.event import MILLION, SHORT, SIZES, Event, Histogram, Level, Stage, Sum


class Receiving(Event):
    """What the events of this stage share."""

    __slots__ = ()
    stage: ClassVar = Stage.RECEIVE


@dataclass(frozen=True, slots=True)
class ListenerStarted(Receiving):
    """A source takes connections at `place` (host:port)."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "listeners_started_total"
    split_by: ClassVar = ("channel",)
    channel: str
    place: str


@dataclass(frozen=True, slots=True)
class ListenerStopped(Receiving):
    """A source takes no new connections: the engine stops, or nothing can be stored."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "listeners_stopped_total"
    split_by: ClassVar = ("channel",)
    channel: str
    place: str


@dataclass(frozen=True, slots=True)
class ListenerFailed(Receiving):
    """A source cannot take connections, for its address (`place`) is taken or its file there unfit; it is tried again later."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "listeners_failed_total"
    split_by: ClassVar = ("channel", "code")
    channel: str
    place: str
    code: str


@dataclass(frozen=True, slots=True)
class ConnectionOpened(Receiving):
    """A sender connected."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "connections_opened_total"
    split_by: ClassVar = ("channel",)
    channel: str
    connection: int
    peer: str


@dataclass(frozen=True, slots=True)
class ConnectionClosed(Receiving):
    """A sender's connection ended; `cause` says why. `unanswered` of its `frames` were taken and not answered on it."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "connections_closed_total"
    split_by: ClassVar = ("channel", "cause")
    channel: str
    connection: int
    peer: str
    cause: str
    frames: int
    unanswered: int


@dataclass(frozen=True, slots=True)
class ConnectionRefused(Receiving):
    """A connection was closed unread. `cause`: not-allowed, too-many, too-many-of-peer."""

    counter: ClassVar = "connections_refused_total"
    split_by: ClassVar = ("channel", "cause")
    channel: str
    cause: str


@dataclass(frozen=True, slots=True)
class PeerTurnedAway(Receiving):
    """A peer's connections are refused, for `cause`; told once a minute, however often it comes."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "peers_turned_away_total"
    split_by: ClassVar = ("channel", "cause")
    channel: str
    cause: str
    peer: str


@dataclass(frozen=True, slots=True)
class HandshakeFailed(Receiving):
    """A sender and the channel did not agree on TLS; nothing was read. `cause`: handshake-timeout, or OpenSSL's reason."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "handshakes_failed_total"
    split_by: ClassVar = ("channel",)
    channel: str
    connection: int
    peer: str
    cause: str


@dataclass(frozen=True, slots=True)
class SenderClockOff(Receiving):
    """A channel's sender stamps its messages (MSH-7) ahead of our clock by so much, or behind where negative."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "sender_clocks_off_total"
    split_by: ClassVar = ("channel",)
    channel: str
    by_micros: int


@dataclass(frozen=True, slots=True)
class SenderClockRight(Receiving):
    """What a channel's sender stamps agrees with our clock again."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "sender_clocks_right_total"
    split_by: ClassVar = ("channel",)
    channel: str


@dataclass(frozen=True, slots=True)
class ReadingPaused(Receiving):
    """A connection is not read for a while. `cause`: own-limit, shared-limit, rate, large-frames, or slow-peer."""

    counter: ClassVar = "reading_paused_total"
    split_by: ClassVar = ("channel", "cause")
    channel: str
    connection: int
    cause: str


@dataclass(frozen=True, slots=True)
class FrameCut(Receiving):
    """A block that never ended: the connection closed, time ran out, or another block began inside it."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "frames_cut_total"
    split_by: ClassVar = ("channel",)
    channel: str
    connection: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FrameOversize(Receiving):
    """A block beyond the channel's size limit; it was read to its end and only its beginning was kept."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "frames_oversize_total"
    split_by: ClassVar = ("channel",)
    channel: str
    connection: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class NoiseSkipped(Receiving):
    """Bytes between blocks that belong to no message."""

    counter: ClassVar = "noise_skipped_total"
    split_by: ClassVar = ("channel",)
    sums: ClassVar = (Sum("noise_bytes_total", "size_bytes", "Bytes between blocks."),)
    channel: str
    connection: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class UnframedBytes(Receiving):
    """A peer writes something outside of MLLP blocks; told once a connection. `cause`: it looks like hl7, http, tls, unknown."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "unframed_connections_total"
    split_by: ClassVar = ("channel", "cause")
    channel: str
    connection: int
    peer: str
    cause: str


@dataclass(frozen=True, slots=True)
class AnswerWithheld(Receiving):
    """A frame could not be taken into custody: no answer, its connection is closed, the sender keeps it."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "answers_withheld_total"
    split_by: ClassVar = ("channel", "code")
    channel: str
    connection: int
    code: str


@dataclass(frozen=True, slots=True)
class MessagesReceived(Receiving):
    """A message is durable. `answer` is the acknowledgement code that goes out; one event for a commit's messages."""

    counter: ClassVar = "messages_received_total"
    split_by: ClassVar = ("channel", "answer")
    sums: ClassVar = (Sum("received_bytes_total", "size_bytes", "Bytes of messages that became durable."),)
    each: ClassVar = "message_ids"
    channel: str
    answer: str
    message_ids: tuple[int, ...]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class AnswersGiven(Receiving):
    """An answer to a frame was handed to its connection."""

    counter: ClassVar = "answers_given_total"
    split_by: ClassVar = ("channel",)
    histograms: ClassVar = (
        Histogram("answer_seconds", "took_micros", "From a frame's last byte to its answer.", SHORT, MILLION),
    )
    each: ClassVar = "took_micros"
    channel: str
    took_micros: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MessageRepeated(Receiving):
    """The same bytes came again; they got the first one's answer."""

    counter: ClassVar = "messages_repeated_total"
    split_by: ClassVar = ("channel",)
    channel: str
    message_id: int


@dataclass(frozen=True, slots=True)
class MessageRefused(Receiving):
    """The sender was told no, for the reason `code`."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "messages_refused_total"
    split_by: ClassVar = ("channel", "code")
    channel: str
    code: str
    message_id: int


@dataclass(frozen=True, slots=True)
class BatchStored(Receiving):
    """One commit of received messages."""

    counter: ClassVar = "batches_stored_total"
    histograms: ClassVar = (
        Histogram("store_batch_messages", "messages", "Messages that intake committed at once.", SIZES),
        Histogram("store_batch_seconds", "took_micros", "How long such a commit took.", SHORT, MILLION),
    )
    messages: int
    took_micros: int
