"""One batch in memory: the rows that it needs, its lanes, what became of each message, and what is to be written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from interface.errors import InterfaceError, StoreUnavailableError
from interface.ledger.apply import apply_all
from interface.ledger.change import LedgerChanges
from interface.ledger.needs import needs
from interface.ledger.noun import Identifier, Noun
from interface.ledger.outcome import Touched
from interface.ledger.reading import Reading
from interface.ledger.stamp import Stamp
from interface.ledger.worklist import ItemAct, WorkItem
from interface.ledger.workset import Workset
from interface.message import MessageState, RunReason
from interface.pipeline import conclude, unpack
from interface.pipeline.follow import Follow
from interface.pipeline.marks import marks_of
from interface.pipeline.names import names_by_message, names_of_many
from interface.pipeline.plan import Plan, Sound, Together, Understood
from interface.pipeline.retry import SECOND
from interface.pipeline.sequence import Lanes
from interface.ports import Clock, LedgerRows, Sealed, Turn, Workbench
from interface.row.message import NAMELESS, Intake, Parked, RunRecord, StoredMessage, Written
from interface.row.mirror import MirrorMark

_Places = tuple[tuple[int, Touched | None], ...]  # rows that a request was about, by their place in it


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
    def readings(self) -> tuple[Reading, ...]:
        """The mapped content, where there is some to apply."""
        return self.understood.readings if self.understood else ()

    @property
    def positions(self) -> tuple[int, ...]:
        """The place of each reading in the message."""
        content = self.understood.content if self.understood else None
        return content.positions if isinstance(content, Together) else (0,) * len(self.readings)

    @property
    def whose(self) -> tuple[Reading, ...]:
        """What tells whom it is about."""
        return self.readings or ((self.owner,) if self.owner is not None else ())


class Batch:
    """Runs trips in order on a working set and keeps what a write transaction has to write."""

    def __init__(self, bench: Workbench, plan: Plan, clock: Clock, rows: LedgerRows, trips: Sequence[Trip]) -> None:
        self._plan = plan
        self._clock = clock
        self._trips = trips
        self._stamps = {trip.message.id: self._stamp(trip.message) for trip in trips}
        replayed = [trip.message.id for trip in trips if trip.message.replay_id is not None]
        whose = {trip.message.id: readings for trip in trips if (readings := trip.whose)}
        everybody = [reading for trip in trips for reading in (*trip.whose, *trip.owners)]
        self._workset = Workset(
            rows.load(wanted := needs(everybody, replayed)),
            bench.allocate,
            bench.new_public_id,
            bench.lane_of,
            bench.wire_id,
            plan.policies,
            lambda noun, row_id: self._versions.get((noun, row_id)),
        )
        self._versions = self._versions_met(rows)
        self._awaited = rows.awaited(wanted.account_names())
        self._names = names_by_message(whose, self._workset, rows)
        self._names |= {trip.message.id: names_of_many(trip.owners) for trip in trips if trip.owners}
        lanes = {lane for reading in everybody for lane in self._workset.lanes(reading)}
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
        self._has_requests = any(reading.is_request for trip in trips for reading in trip.readings)
        self._spoken_of: set[int | Identifier] = set()  # lanes, and numbers of requests' rows, of the trips taken
        self._touched: dict[int, _Places] = {}  # by the message that was a request

    def _versions_met(self, rows: LedgerRows) -> dict[tuple[Noun, int], int]:
        """How often the rows had changed whose version a request demands."""
        found: dict[tuple[Noun, int], int] = {}
        for trip in self._trips:
            for target in (reading.target for reading in trip.readings if reading.target is not None):
                row = self._workset.rows.known(target.noun, target.ids) if target.version else None
                counted = rows.row_versions(target.noun, [row.id]) if row is not None else {}
                found.update(((target.noun, row_id), times) for row_id, times in counted.items())
        return found

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
            if self._has_to_wait(trip):
                break
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

    def _has_to_wait(self, trip: Trip) -> bool:
        """Whether a request is about what this batch changes: which version it meets, and is told of, is decided by commits."""
        if not self._has_requests:
            return False
        subjects: set[int | Identifier] = set(
            self.lanes.rooted(lane for reading in trip.whose for lane in self._workset.lanes(reading))
        )
        targets = [reading.target for reading in trip.readings if reading.target is not None]
        subjects.update(identifier for target in targets for identifier in target.ids)
        is_request = any(reading.is_request for reading in trip.readings)
        has_met = is_request and not self._spoken_of.isdisjoint(subjects)
        self._spoken_of |= subjects
        return has_met

    def _take(self, trip: Trip) -> None:
        if trip.message.replay_id is not None and trip.message.state is MessageState.WAITING:
            self._note(trip, conclude.NOT_RUN_YET, ())  # its channel is paused, or it is parked: its own turn comes
            return
        whose = trip.whose
        if not whose:
            self._take_nameless(trip)
            return
        lanes = self.lanes.rooted(lane for reading in whose for lane in self._workset.lanes(reading))
        is_blocked = self.lanes.is_blocked(trip.message.order_id, lanes)
        if any(reading.joins_lanes for reading in whose):
            lanes = self.lanes.join(lanes)
        if is_blocked and trip.message.replay_id is None:
            self.lanes.park(Parked(trip.message.id, lanes, self._names[trip.message.id]), trip.message.order_id)
            return
        if trip.message.holds_lane or is_blocked:
            self._note(trip, conclude.HOLDS_ITS_LANE if trip.message.holds_lane else conclude.LANE_BLOCKED, ())
            return
        ending = self._apply(trip) if trip.readings else conclude.without_reading(None, trip.failure)
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

    def _apply(self, trip: Trip) -> conclude.Ending:
        try:
            outcome = apply_all(trip.readings, self._workset, self._stamps[trip.message.id])
            return conclude.applied(outcome, trip.readings)
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
            answer=self._answer(message, ending) if message.answer_pending else "",
            replay_id=message.replay_id,
            names=self._names.get(message.id, NAMELESS),
        )
        self.runs.append(run)
        if any(ending.touched):
            self._touched[message.id] = tuple(zip(trip.positions, ending.touched, strict=True))
        if ending.work_item is not None and message.replay_id is None:
            self._items.append((message.id, self._offered(message, ending.work_item(message))))
        if message.replay_id is None:
            self._follow.message(trip.message, trip.understood, ending, self._clock.now())

    def _answer(self, message: StoredMessage, ending: conclude.Ending) -> str:
        channel = self._plan.channels.get(message.source)
        return ending.verdict if channel is None else channel.answer(ending)

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
        runs = self._settled(turn)
        # Deliveries before allocations, as the delivery loops take them: two that take rows in turn may wait for each other.
        self._follow.write(turn, self._clock.now())
        turn.save(self.sealed, self._plan.config_id)
        self._follow.doubt(turn, self._clock.now())  # it reads what was saved
        turn.mark(self._marks)
        turn.finish(self._named(turn, runs) if self._touched else runs)
        refused = {
            run.message_id for run in runs if run.state is MessageState.REFUSED
        }  # their senders keep them, and know
        turn.open_work_items([item for message_id, item in self._items if message_id not in refused])
        turn.park(self.lanes.parked)
        if self._released:
            turn.release_awaited(self._released)

    def _settled(self, turn: Turn) -> list[RunRecord]:
        """The runs, once their senders' answers are decided.

        One compare-and-set decides between the outcome and the sender's deadline. Where the deadline won, the sender was told yes:
        what would have been a refusal is a failure that a person sees.
        """
        asked = {run.message_id: run.answer for run in self.runs if run.answer}
        stands = turn.settle_answers(asked) if asked else {}
        return [
            replace(run, state=MessageState.REFUSED, hold=None, lanes=())
            if run.answer and run.state is MessageState.FAILED and stands[run.message_id] == run.answer
            else run
            for run in self.runs
        ]

    def _named(self, turn: Turn, runs: Sequence[RunRecord]) -> list[RunRecord]:
        """The runs of requests with the rows that they were about, each in its version of this commit."""
        rows = {(one.noun, one.row_id) for touched in self._touched.values() for _, one in touched if one is not None}
        versions = {
            noun: turn.row_versions(noun, [row_id for each, row_id in rows if each is noun])
            for noun in {each for each, _ in rows if each is not None}
        }
        return [
            replace(run, written=tuple(_written(touched, versions)))
            if (touched := self._touched.get(run.message_id))
            else run
            for run in runs
        ]


def _written(touched: _Places, versions: Mapping[Noun, Mapping[int, int]]) -> Iterator[Written]:
    for position, one in touched:
        if one is not None:
            version = versions[one.noun].get(one.row_id, 0) if one.noun is not None else 1
            yield Written(position, one.public_id, version, one.is_new, one.owner_id)
