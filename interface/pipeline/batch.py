"""One batch in memory: the rows that it needs, its lanes, what became of each message, and what is to be written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from interface.errors import InterfaceError, StoreUnavailableError
from interface.ledger.apply import apply
from interface.ledger.change import LedgerChanges
from interface.ledger.needs import needs
from interface.ledger.reading import Reading
from interface.ledger.stamp import Stamp
from interface.ledger.worklist import ItemAct, WorkItem
from interface.ledger.workset import Workset
from interface.message import MessageState, RunReason
from interface.pipeline import conclude, unpack
from interface.pipeline.follow import Follow
from interface.pipeline.marks import marks_of
from interface.pipeline.names import names_by_message, names_of_many
from interface.pipeline.plan import Plan, Sound, Understood
from interface.pipeline.retry import SECOND
from interface.pipeline.sequence import Lanes
from interface.ports import Clock, LedgerRows, Sealed, Turn, Workbench
from interface.row.message import NAMELESS, Intake, Parked, RunRecord, StoredMessage
from interface.row.mirror import MirrorMark


@dataclass(frozen=True, slots=True)
class Trip:
    """A message on its way: understood, or the failure that stopped it."""

    message: StoredMessage
    started_at: int
    understood: Understood | None = None
    failure: InterfaceError | None = None
    owner: Reading | None = None  # whose it is, where it could not be understood: identifiers alone
    owners: tuple[Reading, ...] = ()  # whose the messages of an HL7 batch are, where it is to be held

    @property
    def reading(self) -> Reading | None:
        """The mapped content, where there is one to apply."""
        content = self.understood.content if self.understood else None
        return content if isinstance(content, Reading) else None


class Batch:
    """Runs trips in order on a working set and keeps what a write transaction has to write."""

    def __init__(self, bench: Workbench, plan: Plan, clock: Clock, rows: LedgerRows, trips: Sequence[Trip]) -> None:
        self._plan = plan
        self._clock = clock
        self._trips = trips
        self._stamps = {trip.message.id: self._stamp(trip.message) for trip in trips}
        replayed = [trip.message.id for trip in trips if trip.message.replay_id is not None]
        whose = {trip.message.id: reading for trip in trips if (reading := trip.reading or trip.owner) is not None}
        owners = [owner for trip in trips for owner in trip.owners]
        wanted = needs([*whose.values(), *owners], replayed)
        self._workset = Workset(
            rows.load(wanted), bench.allocate, bench.new_public_id, bench.lane_of, bench.wire_id, plan.policies
        )
        self._awaited = rows.awaited(wanted.account_names())
        self._names = names_by_message(whose, self._workset, rows)
        self._names |= {trip.message.id: names_of_many(trip.owners) for trip in trips if trip.owners}
        lanes = {lane for reading in (*whose.values(), *owners) for lane in self._workset.lanes(reading)}
        roots = rows.lane_roots(lanes)
        self.lanes = Lanes(dict(rows.heads({roots.get(lane, lane) for lane in lanes})), dict(roots))
        self.runs: list[RunRecord] = []
        self.members: Sequence[Intake] = ()  # messages of an HL7 batch that ends here
        self.changes = LedgerChanges()
        self.sealed: Sealed = None
        self._marks: set[MirrorMark] = set()
        self._seal = bench.seal
        self._released: list[str] = []
        self._items: list[tuple[int, WorkItem]] = []  # for a person, by the message that ended so
        self._pending = {trip.message.id for trip in trips if trip.message.answer_pending}
        self._follow = Follow(plan, bench.wire_id)

    @property
    def has_deliveries(self) -> bool:
        """Whether something was queued for a destination."""
        return self._follow.has_deliveries

    @property
    def has_answers(self) -> bool:
        """Whether a sender may be waiting for what this batch settled."""
        return bool(self._pending)

    def run(self) -> None:
        """Take every trip in order, until an account appears that earlier messages wait for.

        Those have lower ids: released in this batch's commit, they run first in the next one, before later money.
        It also ends after a message that is refused or failed, which is only decided in the commit: the one blocks its
        patient, the other is still its sender's.
        """
        for trip in self._trips:
            self._take(trip)
            if self._awaited:
                self._released = [name for name in self._workset.new_account_names() if name in self._awaited]
            if self._released or self._is_answer_open:
                break
        self.changes = self._workset.changes()
        self.changes.lane_joins = self.lanes.joins
        self._follow.postings(self.changes, self._clock.now())
        self._marks = marks_of(self.changes)
        self.sealed = self._seal(self.changes)  # before the transaction opens: it only writes

    @property
    def _is_answer_open(self) -> bool:
        """Whether the last run says no to a sender who waits, unless that sender's time is up first."""
        return bool(self.runs) and self.runs[-1].state is MessageState.FAILED and bool(self.runs[-1].answer)

    def _take(self, trip: Trip) -> None:
        reading = trip.reading
        if trip.message.replay_id is not None and trip.message.state is MessageState.WAITING:
            self._note(trip, conclude.NOT_RUN_YET, ())  # its channel is paused, or it is parked: its own turn comes
            return
        whose = reading or trip.owner
        if whose is None:
            self._take_nameless(trip)
            return
        lanes = self.lanes.rooted(self._workset.lanes(whose))
        is_blocked = self.lanes.is_blocked(trip.message.order_id, lanes)
        if whose.joins_lanes:
            lanes = self.lanes.join(lanes)
        if is_blocked and trip.message.replay_id is None:
            self.lanes.park(Parked(trip.message.id, lanes, self._names[trip.message.id]), trip.message.order_id)
            return
        if trip.message.holds_lane or is_blocked:
            self._note(trip, conclude.HOLDS_ITS_LANE if trip.message.holds_lane else conclude.LANE_BLOCKED, ())
            return
        ending = self._apply(trip, reading) if reading else conclude.without_reading(None, trip.failure)
        self._note(trip, ending, lanes)

    def _take_nameless(self, trip: Trip) -> None:
        """A message that is nobody's, or an HL7 batch: that is many people's, and keeps back all of them where it is held."""
        message, content = trip.message, trip.understood.content if trip.understood else None
        if message.holds_lane:
            self._note(trip, conclude.HOLDS_ITS_LANE, ())
            return
        if isinstance(content, Sound) and message.state is not MessageState.PROCESSED:
            channel = self._plan.channels[message.source]
            self.members = unpack.members(message, content.messages, channel.listening)
        lanes = self.lanes.rooted(lane for owner in trip.owners for lane in self._workset.lanes(owner))
        self._note(trip, conclude.without_reading(trip.understood, trip.failure), lanes)

    def _apply(self, trip: Trip, reading: Reading) -> conclude.Ending:
        try:
            return conclude.applied(apply(reading, self._workset, self._stamps[trip.message.id]), reading)
        except StoreUnavailableError:
            raise  # no fault of the message: it runs again once the store is there
        except InterfaceError as failure:
            return conclude.without_reading(None, failure)

    def _hold_ends(self, message: StoredMessage) -> int:
        channel = self._plan.channels.get(message.source)
        return self._clock.now() + channel.missing_account_hold_secs * SECOND if channel else 0

    def _stamp(self, message: StoredMessage) -> Stamp:
        return Stamp(
            message_id=message.id,
            seq=message.order_id,
            config_id=self._plan.config_id,
            source=message.source,
            reason=self._reason(message),
            recorded_at=self._clock.now(),
            force_money=message.force_money,
        )

    def _note(self, trip: Trip, ending: conclude.Ending, lanes: tuple[int, ...]) -> None:
        message = trip.message
        blocks = ending.blocks and message.replay_id is None
        if blocks:
            self.lanes.block(message.order_id, lanes)
        if ending.awaited_account and message.replay_id is None:
            self._awaited.setdefault(ending.awaited_account, []).append(message.id)  # it may appear in this very batch
        run = RunRecord(
            message_id=message.id,
            reason=self._reason(message),
            config_id=self._plan.config_id,
            state=self._state(message, ending),
            started_at=trip.started_at,
            ended_at=self._clock.now(),
            cause=ending.cause,
            place=ending.place,
            text=ending.text,
            hold=ending.hold,
            changed=ending.changed,
            warnings=ending.warnings,
            unrestated=ending.unrestated,
            hl7_code=ending.hl7_code,
            awaited_account=ending.awaited_account,
            due_at=self._hold_ends(message) if ending.awaited_account else 0,
            lanes=lanes if blocks else (),
            answer=ending.verdict if message.answer_pending else "",
            replay_id=message.replay_id,
            names=self._names.get(message.id, NAMELESS),
        )
        self.runs.append(run)
        if ending.work_item is not None and message.replay_id is None:
            self._items.append((message.id, self._offered(message, ending.work_item(message))))
        if message.replay_id is None:
            self._follow.message(trip.message, trip.understood, ending, self._clock.now())

    def _offered(self, message: StoredMessage, item: WorkItem) -> WorkItem:
        """The item with those acts alone that its message can take."""
        channel = self._plan.channels.get(message.source)
        if channel is None or channel.is_amendable:
            return item
        return replace(item, acts=tuple(act for act in item.acts if act is not ItemAct.AMEND))

    @staticmethod
    def _state(message: StoredMessage, ending: conclude.Ending) -> MessageState:
        return message.state if ending in conclude.SAYS_NOTHING else ending.state

    @staticmethod
    def _reason(message: StoredMessage) -> RunReason:
        return RunReason.RECEIVED if message.replay_id is None else RunReason.REPLAY

    def write(self, turn: Turn) -> None:
        """Everything that this batch changed, in one transaction."""
        runs = [self._settled(turn, run) if run.answer else run for run in self.runs]
        # Deliveries before allocations, as the delivery loops take them: two that take rows in turn may wait for each other.
        self._follow.write(turn, self._clock.now())
        turn.save(self.sealed, self._plan.config_id)
        self._follow.doubt(turn, self._clock.now())  # it reads what was saved
        turn.mark(self._marks)
        turn.finish(runs)
        refused = {
            run.message_id for run in runs if run.state is MessageState.REFUSED
        }  # their senders keep them, and know
        turn.open_work_items([item for message_id, item in self._items if message_id not in refused])
        turn.park(self.lanes.parked)
        if self._released:
            turn.release_awaited(self._released)

    @staticmethod
    def _settled(turn: Turn, run: RunRecord) -> RunRecord:
        # One compare-and-set decides between the outcome and the sender's deadline. Where the deadline won, the sender was told
        # yes: what would have been a refusal is a failure that a person sees.
        if turn.settle_answer(run.message_id, run.answer) == run.answer and run.state is MessageState.FAILED:
            return replace(run, state=MessageState.REFUSED, hold=None, lanes=())
        return run
