"""One trip down the pipeline for a batch: parse and map, gate by lane, apply to the ledger, write everything in one commit.

Reading, mapping and applying happen in memory, before the write transaction opens; the transaction only writes. A message that
fails spoils only itself: its changes are rolled back in the working set and its lane waits. Replay takes the same path with
another reason. One engine processes at a time (it holds the store's `process` lock), so the ledger has one writer; operators'
acts that touch messages or lanes raise the epoch, and a batch that was read under an older epoch is thrown away and run again.
"""

from dataclasses import dataclass

from interface.errors import InterfaceError, MappingError
from interface.observe.emit import emit
from interface.observe.fault import fault
from interface.observe.process import BatchProcessed
from interface.pipeline.batch import Batch, Trip
from interface.pipeline.plan import Plan
from interface.ports import Clock, Store, StoredMessage


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a batch did: messages taken and finished; whether deliveries were queued and waited-for answers settled."""

    taken: int = 0
    finished: int = 0
    has_deliveries: bool = False
    has_answers: bool = False


class ProcessStage:
    """The process stage of one engine part. `plan` may be replaced between batches."""

    def __init__(self, store: Store, plan: Plan, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.plan = plan

    def run_batch(self, limit: int) -> BatchResult:
        """Run up to `limit` messages: received ones first, then requested replays."""
        started = self._clock.now()
        with self._store.snapshot() as reader:
            epoch = reader.epoch()
            messages = reader.waiting(limit) or reader.replays(limit)
        if not messages:
            return BatchResult()
        trips = [understand(self.plan, message, self._clock) for message in messages]
        with self._store.snapshot() as reader:
            batch = Batch(self._store, self.plan, self._clock, reader, trips)
        batch.run()
        with self._store.turn("process") as turn:
            if turn.epoch() != epoch:
                return BatchResult(taken=len(trips))
            batch.write(turn)
        emit(BatchProcessed(messages=len(batch.runs), took_micros=self._clock.now() - started))
        return BatchResult(len(trips), len(batch.runs), batch.has_deliveries, batch.has_answers)


def understand(plan: Plan, message: StoredMessage, clock: Clock) -> Trip:
    """Parse and map one message, or keep the failure that stopped it."""
    started = clock.now()
    channel = plan.channels.get(message.source)
    if channel is None:
        failure = MappingError("channel-unknown", "no active channel reads this source", place=message.source)
        return Trip(message, started, failure=failure)
    try:
        return Trip(message, started, channel.read(message.raw, message.arrived_at))
    except InterfaceError as failure:
        return Trip(message, started, failure=failure)
    except Exception as bug:  # noqa: BLE001 - the edge of the stage: a bug holds one message, never the feed
        emit(fault(bug, f"message {message.id}"))
        return Trip(message, started, failure=unexpected(bug))


def unexpected(bug: Exception) -> InterfaceError:
    """A bug in a mapping function or in the engine, in words that carry no value."""
    return MappingError(
        "internal-error",
        f"an unexpected {type(bug).__name__}",
        advice="the message is kept; release it once the mapping or the engine is mended",
    )


def drain(stage: ProcessStage, limit: int) -> int:
    """Run batches until nothing can run; gives the number of finished runs."""
    finished = 0
    while (result := stage.run_batch(limit)).taken:
        finished += result.finished
    return finished
