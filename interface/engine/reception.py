"""Between a source and the store: each arrival is examined, made durable, and then answered on the reactor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import NamedTuple, TypeVar

from twisted.internet import defer, threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from interface.connector.mllp.arrival import Arrival, ArrivalKind
from interface.engine.intake import Intake, Result
from interface.engine.outcome import Outcomes
from interface.errors import StoreError
from interface.message import MessageState
from interface.observe.emit import emit
from interface.observe.receive import (
    AnswersGiven,
    MessageRefused,
    MessageRepeated,
    MessagesReceived,
    SenderClockOff,
    SenderClockRight,
)
from interface.pipeline.acknowledge import Verdict, is_positive
from interface.pipeline.receive import WAITS, Answer, Examined, Listening, ack_of, examine, settled_ack
from interface.pipeline.sender_clock import NEVER, ClockRule, SenderClock
from interface.pipeline.unpack import answer_each
from interface.ports import Clock
from interface.row.message import Settled

Waiting = defer.Deferred[bytes | None]
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Listener:
    """One channel as this part needs it."""

    listening: Listening
    answer_within_micros: int
    rejects_when_unstorable: bool
    clock: ClockRule = NEVER


class ControlIds:
    """MSH-10 of our acknowledgements: unique for this part's life, no look-up needed. At most 20 characters.

    Asked by several threads: `count` gives each number once.
    """

    def __init__(self, started_at: int) -> None:
        self._prefix = f"A{started_at // 1000:011X}"
        self._numbers = count(1)

    def next(self) -> str:
        """The next control id."""
        return f"{self._prefix}{next(self._numbers):X}"


class Reception:
    """Takes arrivals of all sources into custody; what each `MllpSource` calls."""

    def __init__(
        self, reactor: AsyncioSelectorReactor, intake: Intake[Examined], outcomes: Outcomes, clock: Clock
    ) -> None:
        self._reactor = reactor
        self._intake = intake
        self._outcomes = outcomes
        self._clock = clock
        self._ids = ControlIds(clock.now())
        self._told: list[_Told] = []
        self._received: dict[tuple[str, str], list[Answer[Examined]]] = {}  # of one commit, by channel and answer
        self._clocks: dict[str, SenderClock] = {}  # of the senders, by channel; touched on the reactor's thread only
        self._unanswered: dict[Waiting, int] = {}  # arrivals, in their order; touched on the reactor's thread only

    def take(self, listener: Listener, arrival: Arrival) -> Waiting:
        """Store one frame; the Deferred fires on the reactor with the answer's bytes."""
        examined = examine(
            arrival.content,
            listener.listening,
            peer=arrival.peer,
            at=arrival.arrived_at,
            is_cut=arrival.kind is ArrivalKind.CUT,
            is_oversize=arrival.kind is ArrivalKind.OVERSIZE,
        )
        self._see_clock(listener, examined)
        waiting: Waiting = defer.Deferred()
        self._unanswered[waiting] = arrival.arrived_at
        waiting.addBoth(self._answered, waiting)
        self._intake.submit(examined, lambda result: self._tell(listener, examined, waiting, result))
        return waiting

    def _see_clock(self, listener: Listener, examined: Examined) -> None:
        if examined.verdict is not Verdict.ACCEPT or examined.header.is_batch:
            return
        channel = examined.intake.source
        clock = self._clocks.get(channel)
        if clock is None or clock.rule != listener.clock:
            clock = self._clocks[channel] = SenderClock(listener.clock)
        by = clock.see(examined.header.timestamp, examined.intake.arrived_at)
        if by is not None:
            emit(SenderClockOff(channel, by) if by else SenderClockRight(channel))

    def clock_off_by(self, channel: str) -> int:
        """By how much (microseconds) the channel's sender is ahead of our clock; behind where negative, 0 where it is right."""
        return self._clocks[channel].off_by if channel in self._clocks else 0

    def _answered(self, result: R, waiting: Waiting) -> R:
        del self._unanswered[waiting]
        return result

    @property
    def oldest_unanswered_at(self) -> int:
        """Arrival of the oldest frame that has no answer yet; 0 for none. On the reactor's thread."""
        return next(iter(self._unanswered.values()), 0)

    def _tell(self, listener: Listener, examined: Examined, waiting: Waiting, result: Result[Examined]) -> None:
        if isinstance(result, StoreError):
            refusal = examined.unstorable_ack(self._ids.next(), self._clock.now())
            self._tell_later(waiting, refusal if listener.rejects_when_unstorable else result, examined)
            return
        self._note(result)
        if result.code == WAITS:
            within = listener.answer_within_micros
            self._outcomes.wait_for(
                result.received.message_id, within, lambda settled: self._settled(waiting, result, settled)
            )
            return
        if examined.answers_each and is_positive(result.code):
            # Thousands of answers may be in it: nobody else waits for that.
            reply = partial(self._answer_each, listener.listening, result)
            self._reactor.callFromThread(self._tell_from_thread, waiting, reply, examined)
            return
        self._tell_later(waiting, ack_of(result, self._ids.next(), self._clock.now()), examined)

    def _answer_each(self, listening: Listening, answer: Answer[Examined]) -> bytes | None:
        each = answer_each(answer.examined, listening, self._ids.next, self._clock.now())
        return ack_of(answer, self._ids.next(), self._clock.now()) if each is None else each

    def _tell_from_thread(self, waiting: Waiting, make: Callable[[], bytes | None], examined: Examined) -> None:
        making = threads.deferToThreadPool(self._reactor, self._reactor.getThreadPool(), make)
        intake = examined.intake
        making.addCallbacks(
            lambda reply: self._fire([_Told(waiting, reply, intake.source, intake.arrived_at)]), waiting.errback
        )

    def _tell_later(self, waiting: Waiting, reply: bytes | None | StoreError, examined: Examined) -> None:
        self._told.append(_Told(waiting, reply, examined.intake.source, examined.intake.arrived_at))

    def _note(self, answer: Answer[Examined]) -> None:
        intake, received = answer.examined.intake, answer.received
        if received.is_duplicate:
            emit(MessageRepeated(channel=intake.source, message_id=received.message_id))
        elif received.state is MessageState.REFUSED:
            emit(MessageRefused(channel=intake.source, code=intake.reason, message_id=received.message_id))
        else:
            self._received.setdefault((intake.source, answer.code), []).append(answer)

    def _settled(self, waiting: Waiting, answer: Answer[Examined], settled: Settled) -> None:
        reply = settled_ack(answer, settled, self._ids.next(), self._clock.now())
        intake = answer.examined.intake
        self._reactor.callFromThread(self._fire, [_Told(waiting, reply, intake.source, intake.arrived_at)])

    def flush(self) -> None:
        """Count what one commit brought, and hand its answers to the reactor in one call."""
        received, self._received = self._received, {}
        for (channel, code), answers in received.items():
            message_ids = tuple(answer.received.message_id for answer in answers)
            size_bytes = sum(len(answer.examined.intake.raw) for answer in answers)
            emit(MessagesReceived(channel, code, message_ids, size_bytes))
        told, self._told = self._told, []
        if told:
            self._reactor.callFromThread(self._fire, told)

    def _fire(self, told: Sequence["_Told"]) -> None:
        took: dict[str, list[int]] = {}
        for one in told:
            if isinstance(one.reply, StoreError):
                one.waiting.errback(one.reply)
                continue
            one.waiting.callback(one.reply)
            if one.reply is not None:
                took.setdefault(one.channel, []).append(self._clock.now() - one.arrived_at)
        for channel, took_micros in took.items():
            emit(AnswersGiven(channel, tuple(took_micros)))


class _Told(NamedTuple):
    """What a sender is told: the answer's bytes, None for none, or why the frame could not be stored."""

    waiting: Waiting
    reply: bytes | None | StoreError
    channel: str
    arrived_at: int
