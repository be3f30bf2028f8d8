"""Events of processing: runs of stored messages."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.event import Event, Stage


class Processing(Event):
    """What the events of this stage share."""

    __slots__ = ()
    stage: ClassVar = Stage.PROCESS


@dataclass(frozen=True, slots=True)
class BatchProcessed(Processing):
    """One commit of runs."""

    counter: ClassVar = "batches_processed_total"
    sums: ClassVar = (("processed_messages_total", "messages"), ("processed_micros_total", "took_micros"))
    messages: int
    took_micros: int
