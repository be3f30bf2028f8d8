"""Between the FHIR server and the store: each request is made durable, and answered once it is known what became of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from interface.engine.intake import Intake
from interface.engine.outcome import Outcomes, give_back
from interface.engine.wake import Bell, Ringer
from interface.errors import StoreError
from interface.fhir.outcome import Issue, IssueCode, RefusedError
from interface.message import MessageState
from interface.observe.emit import emit
from interface.observe.receive import AnswersGiven, MessageRefused, MessageRepeated, MessagesReceived
from interface.pipeline.receive import WAITS, Answer
from interface.pipeline.request import Asked, Kept
from interface.ports import Clock, Store
from interface.row.message import Settled
from interface.settings import Pace


class Custody:
    """Takes requests of all channels. `take` belongs to the asyncio loop; two threads do the rest."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        pace: Pace,
        bell: Bell,
        ringer: Ringer,
        refusal: Callable[[], StoreError | None],
    ) -> None:
        """`refusal` gives the reason why nothing can be stored at present."""
        self._store = store
        self._clock = clock
        self._bell = bell
        self._ringer = ringer
        self._outcomes = Outcomes(store, bell, give_back, poll_secs=pace.poll_secs)
        self._intake = Intake[Asked](
            store,
            batch_messages=pace.receive_batch_messages,
            stored=self._stored,
            settled=lambda: None,
            refusal=refusal,
        )

    def start(self) -> None:
        """Take requests from now on."""
        self._intake.start()
        self._outcomes.start()

    def hurry(self) -> None:
        """Wait for no outcome any longer: what is under way is given back to its sender."""
        self._outcomes.hurry()

    def stop(self, timeout_secs: float) -> None:
        """End once nothing is under way."""
        self._intake.stop(timeout_secs)
        self._outcomes.stop(timeout_secs)
        self._bell.close()
        self._ringer.close()

    async def take(self, asked: Asked, within_micros: int) -> Kept:
        """Make a request durable, and wait for its outcome as long as it is wanted. Raises StoreError where it cannot be stored."""
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Kept] = loop.create_future()

        def tell(result: Answer[Asked] | StoreError) -> None:
            if isinstance(result, StoreError):
                loop.call_soon_threadsafe(_fail, told, result)
            elif result.code == WAITS:
                number = result.received.message_id
                self._outcomes.wait_for(number, within_micros, lambda settled: _end(loop, told, Kept(number, settled)))
            else:
                _end(loop, told, self._known(result))

        self._intake.submit(asked, tell)
        kept = await told
        emit(AnswersGiven(asked.intake.source, (max(0, self._clock.now() - asked.intake.arrived_at),)))
        return kept

    def fate(self, number: int, actor: str) -> Kept | None:
        """What became of a request that this actor sent; see `fate`."""
        return fate(self._store, number, actor)

    def _known(self, answer: Answer[Asked]) -> Kept:
        """What is said at once: a refusal, a promise, or again what was said to the first of its kind."""
        number = answer.received.message_id
        if answer.received.is_duplicate:
            with self._store.snapshot() as reader:
                settled = reader.settled_answers([number]).get(number)
            if settled is not None:
                return Kept(number, settled)
        return Kept(number, Settled(answer.code, cause=answer.examined.intake.reason))

    def _stored(self, answers: Sequence[Answer[Asked]]) -> None:
        self._ringer.ring("process")
        received: dict[tuple[str, str], list[Answer[Asked]]] = {}
        for answer in answers:
            intake = answer.examined.intake
            if answer.received.is_duplicate:
                emit(MessageRepeated(channel=intake.source, message_id=answer.received.message_id))
            elif answer.received.state is MessageState.REFUSED:
                emit(MessageRefused(intake.source, intake.reason, answer.received.message_id))
            else:
                received.setdefault((intake.source, answer.code), []).append(answer)
        for (channel, code), some in received.items():
            numbers = tuple(one.received.message_id for one in some)
            emit(MessagesReceived(channel, code, numbers, sum(len(one.examined.intake.raw) for one in some)))


def fate(store: Store, number: int, actor: str) -> Kept | None:
    """What became of a request that this actor sent; None while it is not decided. RefusedError 404 for any other."""
    with store.snapshot() as reader:
        story = reader.message(number)
        settled = reader.settled_answers([number]).get(number)
    if story is None or settled is None or actor not in {one.actor for one in story.arrivals}:
        raise RefusedError(404, Issue(IssueCode.NOT_FOUND, "the token's program has sent no such request"))
    if story.row.state is MessageState.WAITING:
        return None
    type_ = story.row.type.partition(" ")[0]
    return Kept(number, replace(settled, code=_status(story.row.state, settled)), type_)


def _status(state: MessageState, settled: Settled) -> str:
    """What it would have been answered with, had its sender waited."""
    match state:
        case MessageState.FAILED | MessageState.REFUSED:
            return "422"
        case MessageState.HELD:
            return "202"
        case _:
            return "201" if any(one.is_new for one in settled.written) else "200"


def _end(loop: asyncio.AbstractEventLoop, told: "asyncio.Future[Kept]", kept: Kept) -> None:
    loop.call_soon_threadsafe(_set, told, kept)


def _set(told: "asyncio.Future[Kept]", kept: Kept) -> None:
    if not told.done():  # else its client has gone
        told.set_result(kept)


def _fail(told: "asyncio.Future[Kept]", failure: StoreError) -> None:
    if not told.done():
        told.set_exception(failure)
