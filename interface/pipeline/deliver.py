"""Sending what is queued, one delivery at a time per destination, so that nothing is ever sent twice without being reported.

The attempt's intent is committed before the first byte is written. An intent without an outcome is ambiguous. Blocking
functions: the engine calls `look`, `begin` and then `answered` or `failed` from a thread, and sends in between.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from interface.errors import ActRefusedError, Disposition, InterfaceError, StoreError, UnclearError
from interface.hl7.header import CONTROL_ID_LENGTH
from interface.ledger.worklist import NOTICE, ItemKind, WorkItem
from interface.mapping.posting import SETTLEMENT_NOTICE, Posting
from interface.message import DeliveryState, PostingState
from interface.observe.deliver import DestinationResumed, DestinationSuspended
from interface.observe.emit import emit
from interface.observe.fault import fault
from interface.pipeline import answer
from interface.pipeline.plan import DestinationPlan
from interface.pipeline.process import unexpected
from interface.pipeline.retry import SECOND, GiveUp, RetryAt, decide, wait_secs
from interface.ports import Clock, Store, Turn
from interface.row.delivery import Answer, Delivery, DestinationState, Outcome

_JUDGED = frozenset({"resolved", "resent"})  # causes of being queued that are a person's word
_NOT_POSTED = "payment-not-posted"
Render = Callable[[Posting, str, int], bytes]  # posting, control id, now -> payload


@dataclass(frozen=True, slots=True)
class Sending:
    """An attempt whose intent is durable: now, and only now, its bytes may go out."""

    delivery: Delivery
    payload: bytes
    control_id: str

    @property
    def may_be_there(self) -> bool:
        """Whether the destination may have it already, of an earlier attempt that no person has looked into since."""
        return self.delivery.attempts > 0 and self.delivery.cause not in _JUDGED


@dataclass(frozen=True, slots=True)
class Look:
    """What a destination is to be served with: the oldest delivery that may go out, or a probe of one that fell silent."""

    delivery: Delivery | None = None
    is_probe_due: bool = False


class DeliverStage:
    """The deliver stage of one destination."""

    def __init__(
        self, store: Store, plan: DestinationPlan, render: Render, clock: Clock, chance: Callable[[], float]
    ) -> None:
        self._store = store
        self._plan = plan
        self._render = render
        self._clock = clock
        self._chance = chance
        self._is_suspended = False  # as last seen
        self._alive_by = ""  # what proved, here and now, that it lives

    def adopt(self, plan: DestinationPlan, render: Render) -> None:
        """Serve the same destination by a newer configuration version. To be called between two sends."""
        self._plan, self._render = plan, render

    def look(self) -> Look:
        """What is to be done now, in one look: idle destinations ask for it again and again."""
        now = self._clock.now()
        with self._store.snapshot() as reader:
            state = reader.destination_state(self._plan.name)
            self._see(state)
            if state.paused_by or state.is_standing:
                return Look()
            if state.suspended_at:
                return Look(is_probe_due=state.next_probe_at <= now)
            return Look(next(iter(reader.due(self._plan.name, now, 1)), None))

    def next_due(self) -> Delivery | None:
        """The oldest delivery that may go out now; None while the destination is paused or suspended, or nothing may go out."""
        return self.look().delivery

    def _see(self, state: DestinationState) -> None:
        # Told where it takes effect: a person resumes it from another process.
        if self._is_suspended and not state.suspended_at:
            emit(DestinationResumed(destination=self._plan.name, cause=self._alive_by or "operator"))
            self._alive_by = ""
        self._is_suspended = bool(state.suspended_at)

    def begin(self, delivery: Delivery) -> Sending | None:
        """Freeze the payload and commit the intent. None where it cannot be rendered or is no longer queued."""
        try:
            payload, control_id = self._payload(delivery)
        except StoreError:
            raise
        except InterfaceError as failure:
            self._unrenderable(delivery, failure)
            return None
        except Exception as bug:  # noqa: BLE001 - a defect in rendering stops one delivery, not the destination
            emit(fault(bug, f"delivery {delivery.id}"))
            self._unrenderable(delivery, unexpected(bug))
            return None
        # Named after the lock: an engine that lost it must not send any more.
        with self._store.turn(self._plan.lock) as turn:
            begun = turn.begin_attempt(delivery.id, payload, control_id, self._clock.now())
        return Sending(delivery, payload, control_id) if begun else None

    def _payload(self, delivery: Delivery) -> tuple[bytes, str]:
        if delivery.payload:
            return delivery.payload, delivery.control_id or self._store.wire_id("message", CONTROL_ID_LENGTH)
        with self._store.snapshot() as reader:
            posting = reader.posting(int(delivery.subject.partition(":")[2]))
        if delivery.kind == SETTLEMENT_NOTICE:
            posting = _noticed(posting, delivery)
        if posting.original_posting in (PostingState.REJECTED, PostingState.WITHDRAWN):
            raise ActRefusedError(
                "original-not-posted",
                "what this takes back is not in the EHR's books",
                place=f"delivery:{delivery.id}",
                advice="withdraw both, or post the payment first",
            )
        control_id = self._store.wire_id("message", CONTROL_ID_LENGTH)
        return self._render(posting, control_id, self._clock.now()), control_id

    def not_sent(self, delivery: Delivery) -> None:
        """Take back an intent that may have been committed although `begin` failed: no byte of it went out."""
        with self._store.turn(self._plan.lock) as turn:
            now = turn.delivery(delivery.id)
            if now.state is DeliveryState.SENDING and now.attempts == delivery.attempts + 1:
                turn.end_attempt(delivery.id, Outcome(DeliveryState.QUEUED, self._clock.now(), "not-sent"))

    def _unrenderable(self, delivery: Delivery, failure: InterfaceError) -> None:
        now = self._clock.now()
        with self._store.turn("deliver") as turn:
            if turn.delivery(delivery.id).state is not DeliveryState.QUEUED:
                return  # withdrawn or settled meanwhile
            if failure.code == _NOT_POSTED:
                turn.withdraw(delivery.id, failure.code)
                return
            turn.end_attempt(delivery.id, Outcome(DeliveryState.REJECTED, now, failure.code, failure.text))
            turn.posting_facts(answer.facts(delivery, "rejected", now, failure.code))
            turn.open_work_items([answer.item(delivery, DeliveryState.REJECTED, failure.code)])

    def answered(self, sending: Sending, code: str, hl7_code: str, reply: bytes, place: str = "") -> Outcome:
        """Write an HL7 reply that names this attempt's control id. `place` is what its ERR names."""
        meaning = answer.meaning(code, hl7_code)
        return self.heard(sending, Answer(code, meaning, answer.said(hl7_code, place), reply))

    def heard(self, sending: Sending, said: Answer) -> Outcome:
        """Write what the destination answered to this attempt."""
        now, code = self._clock.now(), said.code
        outcome = Outcome(said.state, now, code, said.text, said.raw)
        if said.state is DeliveryState.QUEUED:
            outcome = self._again(sending, Disposition.TRANSIENT, outcome)
        with self._store.turn("deliver") as turn:
            if _is_open(turn, sending):
                self._end(turn, sending, outcome)
            elif outcome.state is DeliveryState.DELIVERED:
                # Something else came first (an acknowledgement apart, a take-over, a person): as strong as a late one.
                self._late(turn, sending.control_id, code, now)
            self._note_alive(turn, "answered")
        return outcome

    def _end(self, turn: Turn, sending: Sending, outcome: Outcome) -> None:
        delivery = sending.delivery
        turn.end_attempt(delivery.id, outcome)
        match outcome.state:
            case DeliveryState.AMBIGUOUS:
                turn.posting_facts(answer.facts(delivery, "ambiguous", outcome.at, outcome.code))
            case state:
                turn.posting_facts(answer.of_reply(delivery, self._plan.posted_when, outcome.code, state, outcome.at))
        if outcome.state in (DeliveryState.AMBIGUOUS, DeliveryState.REJECTED):
            turn.open_work_items([self._item(delivery, outcome)])

    def _item(self, delivery: Delivery, outcome: Outcome) -> WorkItem:
        if self._plan.is_news:  # one thing to look at, however much was not told
            return WorkItem(ItemKind.REJECTED_DELIVERY, f"destination:{self._plan.name}", outcome.code, NOTICE)
        return answer.item(delivery, outcome.state, outcome.code)

    def failed(self, sending: Sending, failure: InterfaceError) -> Outcome:
        """Write an attempt that got no answer of its own: never sent (transient), perhaps taken (ambiguous), or unsendable."""
        now = self._clock.now()
        if failure.disposition is Disposition.TRANSIENT:
            # Nothing was sent: it stays first in line, and the engine backs off for the whole destination.
            state = DeliveryState.REJECTED if self._is_old(sending.delivery, now) else DeliveryState.QUEUED
            outcome = Outcome(state, now, failure.code, failure.text)
        else:
            outcome = Outcome(DeliveryState.AMBIGUOUS, now, failure.code, failure.text)
            if not isinstance(failure, UnclearError):
                outcome = self._again(sending, failure.disposition, outcome)
        with self._store.turn("deliver") as turn:
            if _is_open(turn, sending):  # else an answer came after all, and overtook the news of its absence
                self._end(turn, sending, outcome)
                if isinstance(failure, UnclearError):
                    self._note_alive(turn, "answered")
                elif failure.disposition is Disposition.AMBIGUOUS and not self._plan.is_news:
                    self._note_silence(turn, now)
        return outcome

    def _again(self, sending: Sending, why: Disposition, otherwise: Outcome) -> Outcome:
        policy, attempt = self._plan.retry, sending.delivery.attempts + 1
        choice = decide(
            why, attempt, policy, now=otherwise.at, chance=self._chance(), deduplicates=self._plan.deduplicates
        )
        if isinstance(choice, RetryAt) and not self._is_old(sending.delivery, otherwise.at):
            return Outcome(
                DeliveryState.QUEUED, otherwise.at, otherwise.code, otherwise.text, otherwise.reply, choice.due_at
            )
        is_open = why is Disposition.AMBIGUOUS and not self._plan.is_news
        state = DeliveryState.AMBIGUOUS if is_open else DeliveryState.REJECTED
        reason = choice.why if isinstance(choice, GiveUp) else "too old to be told"
        return Outcome(state, otherwise.at, otherwise.code, reason, otherwise.reply)

    def _is_old(self, delivery: Delivery, now: int) -> bool:
        return self._plan.is_news and now - delivery.created_at >= self._plan.gives_up_secs * SECOND

    def _note_alive(self, turn: Turn, proof: str) -> None:
        state = turn.destination_state(self._plan.name)
        if state.suspended_at:
            self._is_suspended, self._alive_by = True, proof
        if state.unanswered or state.suspended_at:
            turn.set_destination_state(DestinationState(self._plan.name, paused_by=state.paused_by))

    def _note_silence(self, turn: Turn, now: int) -> None:
        state = turn.destination_state(self._plan.name)
        unanswered = state.unanswered + 1
        suspended = now if unanswered >= self._plan.max_unresolved_sends else 0
        probe_at = now + int(wait_secs(1, self._plan.probe, self._chance()) * SECOND) if suspended else 0
        turn.set_destination_state(
            DestinationState(self._plan.name, suspended, probe_at, 0, state.paused_by, unanswered)
        )
        if suspended:
            emit(DestinationSuspended(destination=self._plan.name, unresolved=unanswered))

    def probed(self, *, is_alive: bool) -> None:
        """Note a probe's outcome: resume, or wait longer for the next one."""
        now = self._clock.now()
        with self._store.turn("probe") as turn:
            state = turn.destination_state(self._plan.name)
            if is_alive:
                self._note_alive(turn, "probe-answered")
                return
            probes = state.probes + 1
            wait = int(wait_secs(probes + 1, self._plan.probe, self._chance()) * SECOND)
            turn.set_destination_state(
                DestinationState(
                    self._plan.name, state.suspended_at, now + wait, probes, state.paused_by, state.unanswered
                )
            )

    def late_ack(self, control_id: str, code: str) -> None:
        """An answer that came after its time-out: proof of delivery, or of refusal, and that the destination lives."""
        with self._store.turn("deliver") as turn:
            self._late(turn, control_id, code, self._clock.now())
            self._note_alive(turn, "answered")

    def _late(self, turn: Turn, control_id: str, code: str, now: int) -> None:
        delivery = turn.application_ack(control_id, code, now)
        if delivery is not None:
            answer.write_late(turn, delivery, self._plan.posted_when, control_id, code, now)


def _noticed(posting: Posting, delivery: Delivery) -> Posting:
    """What a notice says of; refused where the EHR has nothing in its books that it could speak of."""
    if posting.posting not in (PostingState.ACCEPTED, PostingState.POSTED):
        text = "the payment that settled is not in the EHR's books"
        raise ActRefusedError(_NOT_POSTED, text, place=f"delivery:{delivery.id}")
    return replace(posting, kind=SETTLEMENT_NOTICE)


def _is_open(turn: Turn, sending: Sending) -> bool:
    """Whether this attempt still waits for its outcome."""
    now = turn.delivery(sending.delivery.id)
    return now.state is DeliveryState.SENDING and now.attempts == sending.delivery.attempts + 1
