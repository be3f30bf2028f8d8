"""Events of processing: runs of stored messages."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.event import LONG, MILLION, SHORT, SIZES, Event, Histogram, Stage


class Processing(Event):
    """What the events of this stage share."""

    __slots__ = ()
    stage: ClassVar = Stage.PROCESS


@dataclass(frozen=True, slots=True)
class BatchProcessed(Processing):
    """One commit of runs."""

    counter: ClassVar = "batches_processed_total"
    histograms: ClassVar = (
        Histogram("process_batch_messages", "messages", "Messages that processing committed at once.", SIZES),
        Histogram("process_batch_seconds", "took_micros", "How long a batch took to run and commit.", SHORT, MILLION),
    )
    messages: int
    took_micros: int


@dataclass(frozen=True, slots=True)
class BatchUnpacked(Processing):
    """An HL7 batch (FHS, BHS) was found right: its messages run in its place."""

    counter: ClassVar = "hl7_batches_unpacked_total"
    split_by: ClassVar = ("channel",)
    channel: str
    message_id: int
    messages: int


@dataclass(frozen=True, slots=True)
class MessageRun(Processing):
    """A message that arrived, or was released, was run; `outcome` is the state that it reached."""

    counter: ClassVar = "messages_run_total"
    split_by: ClassVar = ("channel", "outcome")
    measured_by: ClassVar = ("channel",)
    histograms: ClassVar = (
        Histogram(
            "processing_seconds", "age_micros", "From a message's arrival to the commit of a run.", LONG, MILLION
        ),
    )
    channel: str
    outcome: str
    age_micros: int


@dataclass(frozen=True, slots=True)
class MessageReplayed(Processing):
    """A stored message was run again because a person asked for it."""

    counter: ClassVar = "messages_replayed_total"
    split_by: ClassVar = ("channel", "outcome")
    channel: str
    outcome: str
