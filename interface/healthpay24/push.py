"""What changed in the ledger is told to HealthPay24: patients, guarantors, accounts, encounters, balances, in this order.

Each round takes the rows that are marked, makes their records, and tells those that HealthPay24 does not know yet. A row that
changed twice is told once. The idempotency key names row, version and content, so that telling again after a crash is harmless;
where HealthPay24 left it open what it did, it is asked before it is told anything else about the row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from interface.errors import Disposition, InterfaceError
from interface.healthpay24.protocol import Answered, Done, HealthPay24, Pending, Put, Rejected, Unknown
from interface.healthpay24.record import Record, build, encode, parents
from interface.ledger.due import BalancePolicy
from interface.ledger.worklist import REJECTED_RECORD, ItemKind, WorkItem
from interface.message import MirrorState, move
from interface.observe.emit import emit
from interface.observe.push import RecordRejected, RecordsPushed
from interface.ports import Clock, Store, Turn
from interface.row.mirror import Material, MirrorOutcome, MirrorRow, Subject

DESTINATION = "healthpay24"  # the name under which people pause and resume it
OWNER_NOT_KNOWN = "waits-for-owner"
_SECOND = 1_000_000
_MOST_DOUBLINGS = 6  # of the wait for what stays open
_OPEN = (MirrorState.PENDING, MirrorState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class PushPace:
    """`batch_records` are told at once; what was left open is asked again after `lookup_secs`, then after twice as long ..."""

    batch_records: int = 64
    lookup_secs: float = 30.0


@dataclass(frozen=True, slots=True)
class PushResult:
    """What a round did. `failure`: HealthPay24 could not be reached, and the rows stay as they were."""

    taken: int = 0
    told: int = 0
    failure: InterfaceError | None = None


@dataclass(slots=True)
class _Round:
    """One round in memory."""

    material: Material
    states: dict[tuple[Subject, int], MirrorState]
    outcomes: list[MirrorOutcome] = field(default_factory=list)
    told: int = 0

    def end(self, outcome: MirrorOutcome) -> None:
        row = outcome.row
        if outcome.state is not row.state:
            move(row.state, outcome.state)
        self.states[row.subject, row.entity_id] = outcome.state
        self.outcomes.append(outcome)


@dataclass(frozen=True, slots=True)
class _Telling:
    """One row on its way to HealthPay24."""

    row: MirrorRow
    record: Record
    digest: bytes
    version: int
    key: str


def longest_wait_secs(pace: "PushPace") -> float:
    """The longest wait before HealthPay24 is asked again."""
    return pace.lookup_secs * float(2**_MOST_DOUBLINGS)


class PushStage:
    """Tells HealthPay24. One at a time for a database: what holds the `process` lock. `rules` may be replaced by `adopt`."""

    def __init__(self, store: Store, healthpay24: HealthPay24, clock: Clock, pace: PushPace) -> None:
        self._store = store
        self._far_side = healthpay24
        self._clock = clock
        self._pace = pace
        self._rules: Mapping[str, BalancePolicy] = {}

    def adopt(self, rules: Mapping[str, BalancePolicy]) -> int:
        """Reckon balances by these rules from now on; gives how many balances are told anew because a rule changed."""
        self._rules = rules
        named = {facility: f"{rule.is_stated}:{rule.posting_lag_micros}" for facility, rule in rules.items()}
        with self._store.turn("process") as turn:
            return turn.adopt_rules(named)

    def run(self) -> PushResult:
        """One round: what is due, longest first. Nothing while HealthPay24 is paused, or a restored store may not send yet."""
        now = self._clock.now()
        with self._store.snapshot() as reader:
            state = reader.destination_state(DESTINATION)
            if state.paused_by or state.is_standing:
                return PushResult()
            rows = reader.mirror_due(now, self._pace.batch_records)
            if not rows:
                return PushResult()
            material = reader.material(rows)
            owners = {owner for row in rows for owner in parents(row, material)}
            this = _Round(material, reader.mirror_states(owners))
        failure = self._tell_all(rows, this)
        if this.outcomes:
            with self._store.turn("process") as turn:
                _tell_people(turn, this.outcomes, material)
                turn.settle_mirror(this.outcomes)
        _note(this)
        return PushResult(len(this.outcomes), this.told, failure)

    def _tell_all(self, rows: Sequence[MirrorRow], this: _Round) -> InterfaceError | None:
        for subject in Subject:
            tellings = [self._telling(row, this) for row in rows if row.subject is subject]
            wanted = self._settled([one for one in tellings if one is not None], this)
            if isinstance(wanted, InterfaceError):
                return wanted
            if not wanted:
                continue
            try:
                answers = self._put(subject, wanted)
            except InterfaceError as failure:
                if failure.disposition is Disposition.AMBIGUOUS:  # each of them may have arrived
                    for one in wanted:
                        self._end(this, one, Unknown(one.row.reference))
                return failure
            this.told += len(wanted)
            for one, answer in zip(wanted, answers, strict=True):
                self._end(this, one, answer)
        return None

    def _telling(self, row: MirrorRow, this: _Round) -> _Telling | None:
        """What is to be told of a row; None where it is known already, or names something that HealthPay24 must know first."""
        record = build(row, this.material, self._rules)
        digest = self._store.fingerprint(encode(record))
        if digest == row.digest and row.state in (MirrorState.KNOWN, *_OPEN):
            if row.state is MirrorState.KNOWN:
                this.end(MirrorOutcome(row, row.state, row.version, digest, row.reference, row.key))
                return None
            return _Telling(row, record, digest, row.version, row.key)
        if any(this.states.get(owner) is not MirrorState.KNOWN for owner in parents(row, this.material)):
            this.end(self._later(row, OWNER_NOT_KNOWN))
            return None
        version = row.version + 1
        return _Telling(row, record, digest, version, f"{record.public_id}:{version}:{digest.hex()[:8]}")

    def _later(self, row: MirrorRow, cause: str) -> MirrorOutcome:
        due_at = self._due_at(row)
        return MirrorOutcome(row, row.state, row.version, row.digest, row.reference, row.key, cause, due_at)

    def _due_at(self, row: MirrorRow) -> int:
        wait_secs = self._pace.lookup_secs * 2 ** min(row.attempts, _MOST_DOUBLINGS)
        return self._clock.now() + int(wait_secs * _SECOND)

    def _settled(self, tellings: Iterable[_Telling], this: _Round) -> list[_Telling] | InterfaceError:
        """Ask what became of rows that were left open; what is left is to be told now."""
        wanted: list[_Telling] = []
        for one in tellings:
            if one.row.state not in _OPEN:
                wanted.append(one)
                continue
            try:
                answer = self._far_side.lookup(one.row.key)
            except InterfaceError as failure:
                return failure
            match answer:
                case Pending() | Unknown():
                    this.end(self._later(one.row, _answer_name(answer)))
                case Done() if one.key == one.row.key:
                    self._end(this, one, answer)
                case Done() | Rejected():
                    wanted.append(one)  # it is known now, or never came: in both cases the next telling is right
        return wanted

    def _put(self, subject: Subject, wanted: Sequence[_Telling]) -> list[Answered]:
        puts: list[Put[Any]] = [Put(one.record, one.key) for one in wanted]
        match subject:
            case Subject.PATIENT:
                return self._far_side.put_patients(puts)
            case Subject.GUARANTOR:
                return self._far_side.put_guarantors(puts)
            case Subject.ACCOUNT:
                return self._far_side.put_accounts(puts)
            case Subject.ENCOUNTER:
                return self._far_side.put_encounters(puts)
            case Subject.BALANCE:
                return self._far_side.put_balances(puts)

    def _end(self, this: _Round, one: _Telling, answer: Answered) -> None:
        due_at, cause, reference = 0, "", one.row.reference
        match answer:
            case Done():
                state, reference = MirrorState.KNOWN, answer.reference
            case Rejected():
                state, cause = MirrorState.REJECTED, answer.code
            case Pending() | Unknown():
                state = MirrorState.PENDING if isinstance(answer, Pending) else MirrorState.UNKNOWN
                reference, cause = answer.reference, _answer_name(answer)
                due_at = self._due_at(one.row)
        this.end(MirrorOutcome(one.row, state, one.version, one.digest, reference, one.key, cause, due_at))


def _is_rejection(one: MirrorOutcome) -> bool:
    """Whether HealthPay24 said no in this round; one that it refused before may merely wait for its owner."""
    return one.state is MirrorState.REJECTED and one.cause != OWNER_NOT_KNOWN


def _answer_name(answer: Answered) -> str:
    """The answer's kind as a word for people."""
    return type(answer).__name__.lower()


def _subject_of(row: MirrorRow, material: Material) -> str:
    """What a work item about this row is about."""
    return f"{row.subject}:{material.entities[row.subject.noun, row.entity_id].public_id}"


def _tell_people(turn: Turn, outcomes: Iterable[MirrorOutcome], material: Material) -> None:
    for one in outcomes:
        if _is_rejection(one):
            turn.open_work_items(
                [WorkItem(ItemKind.REJECTED_RECORD, _subject_of(one.row, material), one.cause, acts=REJECTED_RECORD)]
            )
        elif one.row.state is MirrorState.REJECTED and one.state is MirrorState.KNOWN:
            about = _subject_of(one.row, material)
            turn.close_work_items(ItemKind.REJECTED_RECORD, about, "HealthPay24 took it after all", "engine")


def _note(this: _Round) -> None:
    if this.told:
        emit(RecordsPushed(records=this.told))
    for one in this.outcomes:
        if _is_rejection(one):
            emit(RecordRejected(subject=one.row.subject, code=one.cause, row=one.row.entity_id))
