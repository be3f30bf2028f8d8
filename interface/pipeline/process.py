"""One trip down the pipeline for a batch: parse and map, gate by lane, apply to the ledger, write everything in one commit.

Reading, mapping and applying happen in memory, before the write transaction opens; the transaction only writes. A message that
fails spoils only itself: its changes are rolled back in the working set and its lane waits. Replay takes the same path with
another reason. One engine processes at a time (it holds the store's `process` lock), so the ledger has one writer; operators'
acts that touch messages or lanes raise the epoch, and a batch that was read under an older epoch is thrown away and run again.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from interface.errors import InterfaceError, MappingError, StoreUnavailableError
from interface.ledger.reading import Reading
from interface.message import RunReason
from interface.observe.emit import emit
from interface.observe.fault import fault
from interface.observe.process import BatchProcessed, BatchUnpacked, MessageReplayed, MessageRun
from interface.pipeline.batch import Batch, Trip
from interface.pipeline.homeless import queue_homeless
from interface.pipeline.overdue import tell_overdue
from interface.pipeline.plan import ChannelPlan, Plan, Unsound
from interface.pipeline.unconfirmed import tell_unconfirmed
from interface.pipeline.warm import Warm, WarmRows
from interface.ports import Clock, Prepared, Store, Turn
from interface.row.message import BATCH_BYTES, Intake, RunRecord, StoredMessage


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a batch did: messages taken and finished; whether deliveries were queued and waited-for answers settled."""

    taken: int = 0
    finished: int = 0
    has_deliveries: bool = False
    has_answers: bool = False


class ProcessStage:
    """The process stage of one engine part. `plan` may be replaced between batches.

    `warm_rows` bounds the ledger rows that are kept opened, `ahead_messages` how many of an HL7 batch's messages are written in one
    transaction, `batch_bytes` the messages that are read at once. Call `forget` whenever another process may have written the
    ledger.
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        clock: Clock,
        *,
        warm_rows: int = 20_000,
        ahead_messages: int = 256,
        batch_bytes: int = BATCH_BYTES,
    ) -> None:
        self._store = store
        self._ahead_messages = ahead_messages
        self._batch_bytes = batch_bytes
        self._clock = clock
        self._warm = Warm(warm_rows)
        self._alone = 0  # messages still to be run one by one, after a batch that could not be written
        self.plan = plan

    def forget(self) -> None:
        """Read ledger rows anew."""
        self._warm.forget()

    def queue_homeless(self) -> int:
        """Queue payments that wait for a destination that the plan has; gives how many. Before the plan's first batch."""
        return queue_homeless(self._store, self.plan, self._clock)

    def tell_overdue(self) -> None:
        """Tell a person of money that waits too long for its account, and of payments that wait too long for their posting."""
        tell_overdue(self._store, self._clock)
        tell_unconfirmed(self._store, self.plan, self._clock)

    def run_batch(self, limit: int) -> BatchResult:
        """Run up to `limit` messages: received ones first, then requested replays."""
        with self._store.snapshot() as reader:
            epoch = reader.epoch()
            wanted = 1 if self._alone else limit
            messages = reader.waiting(wanted, self._batch_bytes) or reader.replays(wanted, self._batch_bytes)
        if not messages:
            self._alone = 0
            return BatchResult()
        self._alone = max(0, self._alone - 1)
        trips = [understand(self.plan, message, self._clock) for message in messages]
        try:
            return self._run(trips, epoch)
        except StoreUnavailableError:
            self._warm.forget()
            raise
        except Exception as bug:  # noqa: BLE001 - the edge of the stage: one bad message spoils only itself
            self._warm.forget()
            emit(fault(bug, f"batch of {len(trips)}, message {messages[0].id}"))
            if len(trips) > 1:
                self._alone = len(trips)
                return BatchResult(taken=len(trips))
            spoiled = replace(trips[0], understood=None, failure=unexpected(bug))
            return self._run([spoiled], epoch)

    def _run(self, trips: Sequence[Trip], epoch: int) -> BatchResult:
        started = time.monotonic_ns()
        with self._store.snapshot() as reader:
            batch = Batch(self._store, self.plan, self._clock, WarmRows(self._warm, reader), trips)
        batch.run()
        members, is_ahead = self._written_ahead(batch.members) if batch.members else ([], False)
        with self._store.turn("process") as turn:
            is_current = turn.epoch() == epoch
            if is_current:
                batch.write(turn)
                self._write_members(turn, members, trips[0].message, is_ahead=is_ahead)
        if not is_current:
            self._warm.forget()
            return BatchResult(taken=len(trips))
        self._warm.settle(batch.changes)
        self._tell(trips, batch.runs, started)
        if batch.members:
            emit(BatchUnpacked(trips[0].message.source, trips[0].message.id, len(batch.members)))
        return BatchResult(len(trips), len(batch.runs), batch.has_deliveries, batch.has_answers)

    def _written_ahead(self, members: Sequence[Intake]) -> tuple[Sequence[Prepared], bool]:
        """Write all of an HL7 batch's messages but the last where nothing runs them yet; gives the last ones, and whether any were.

        One transaction for ten thousand would keep every receiver waiting. What was written before the engine stopped is there.
        """
        batch_id = self._batch_of(members)
        with self._store.snapshot() as reader:
            done = reader.members_written(batch_id)
        while len(members) - done > self._ahead_messages:
            prepared = self._store.prepare(members[done : done + self._ahead_messages])
            with self._store.turn("process") as turn:
                turn.receive(prepared, is_ahead=True)
            done += len(prepared)
        return self._store.prepare(members[done:]), done > 0

    @staticmethod
    def _write_members(turn: Turn, members: Sequence[Prepared], batch: StoredMessage, *, is_ahead: bool) -> None:
        if members:
            turn.receive(members)
        if is_ahead:
            turn.let_members_run(batch.id)

    @staticmethod
    def _batch_of(members: Sequence[Intake]) -> int:
        membership = members[0].member
        assert membership is not None, "these came in a batch"
        return membership.batch_id

    def _tell(self, trips: Sequence[Trip], runs: Sequence[RunRecord], started: int) -> None:
        emit(BatchProcessed(messages=len(runs), took_micros=(time.monotonic_ns() - started) // 1000))
        now = self._clock.now()
        messages = {trip.message.id: trip.message for trip in trips}
        for run in runs:
            message = messages[run.message_id]
            if run.reason is RunReason.REPLAY:
                emit(MessageReplayed(message.source, run.state))
            else:
                emit(MessageRun(message.source, run.state, max(0, now - message.arrived_at)))


def understand(plan: Plan, message: StoredMessage, clock: Clock) -> Trip:
    """Parse and map one message, or keep the failure that stopped it."""
    started = clock.now()
    channel = plan.channels.get(message.source)
    if channel is None:
        failure = MappingError("channel-unknown", "no active channel reads this source", place=message.source)
        return Trip(message, started, failure=failure)
    try:
        understood = channel.read(message.raw, message.arrived_at)
        found = understood.content
        owners = _owners(channel, message, found.messages) if isinstance(found, Unsound) else ()
        return Trip(message, started, understood, owners=owners)
    except InterfaceError as failure:
        return Trip(message, started, failure=failure, owner=_owner(channel, message))
    except Exception as bug:  # noqa: BLE001 - the edge of the stage: a bug holds one message, never the feed
        emit(fault(bug, f"message {message.id}"))
        return Trip(message, started, failure=unexpected(bug), owner=_owner(channel, message))


def _owners(channel: ChannelPlan, batch: StoredMessage, messages: Sequence[bytes]) -> tuple[Reading, ...]:
    found = (_owner(channel, replace(batch, raw=raw)) for raw in messages)
    return tuple(owner for owner in found if owner is not None)


def _owner(channel: ChannelPlan, message: StoredMessage) -> Reading | None:
    try:
        return channel.identify(message.raw)
    except Exception as bug:  # noqa: BLE001 - the same edge: what broke the reading may break this, too
        emit(fault(bug, f"message {message.id}"))
        return None


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
