"""One destination's delivery loop: intent, send, outcome; and the probe of a destination that fell silent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar, runtime_checkable

from twisted.internet import defer, threads
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.python.failure import Failure

from interface.errors import BusyError, Disposition, InterfaceError, StoreError, UnansweredError
from interface.hl7.ack import Ack
from interface.observe.deliver import DeliveryAnswered, DeliveryAttempted
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.observe.fault import fault
from interface.pipeline.deliver import DeliverStage, Render, Sending
from interface.pipeline.plan import DestinationPlan
from interface.row.delivery import Answer, Delivery
from interface.settings import Pace

P = ParamSpec("P")
R = TypeVar("R")


class Reply(Protocol):
    """What a destination answers in HL7's words."""

    @property
    def ack(self) -> Ack: ...
    @property
    def raw(self) -> bytes: ...


class Sender(Protocol):
    """The sending half of a connector."""

    async def send(self, payload: bytes, control_id: str) -> Reply | Answer: ...
    def close(self) -> Awaitable[None]: ...


@runtime_checkable
class AskingSender(Sender, Protocol):
    """One that can ask its destination whether an earlier attempt has arrived, and sends again only if not."""

    async def send_again(self, payload: bytes, control_id: str) -> Reply | Answer: ...


@dataclass(frozen=True, slots=True)
class Serving:
    """What a configuration version says of serving one destination. `connect_wait` gives the wait after so many failures."""

    plan: DestinationPlan
    render: Render
    probe: Callable[[], tuple[bytes, str]] | None
    connect_wait: Callable[[int], float]


class DeliveryLoop:
    """Sends what is due, one at a time and in order. Lives on the reactor; the stage's calls run on its thread pool."""

    def __init__(
        self,
        reactor: AsyncioSelectorReactor,
        name: str,
        stage: DeliverStage,
        sender: Sender,
        pace: Pace,
        *,
        probe: Callable[[], tuple[bytes, str]] | None,
        connect_wait: Callable[[int], float],
    ) -> None:
        self._reactor = reactor
        self._name = name
        self._stage = stage
        self._sender = sender
        self._pace = pace
        self._probe = probe
        self._connect_wait = connect_wait
        self._newer: Serving | None = None  # to be gone over to between two sends
        self._is_stopping = False
        self._failures = 0  # connections in a row that could not be made
        self._bell: defer.Deferred[None] | None = None  # fired by `wake`
        self._rest_now: defer.Deferred[None] | None = None  # fired by `stop`, also where nothing else may wake it
        self._ended: defer.Deferred[None] | None = None
        self._owed: Callable[[], object] | None = None  # what is known of the last send and not written yet
        self._writing = defer.DeferredLock()  # what the destination said is written in the order in which it was said

    def start(self) -> None:
        """Begin to send."""
        self._ended = defer.ensureDeferred(self._run())

    def wake(self) -> None:
        """Look for work now. To be called on the reactor's thread."""
        bell, self._bell = self._bell, None
        if bell is not None:
            bell.callback(None)

    def adopt(self, serving: Serving) -> None:
        """Serve by a newer configuration version from the next delivery on. To be called on the reactor's thread."""
        self._newer = serving
        self.wake()

    def _go_over(self) -> None:
        if (
            self._newer is not None and self._owed is None
        ):  # what is owed is written by the words under which it was sent
            serving, self._newer = self._newer, None
            self._stage.adopt(serving.plan, serving.render)
            self._probe, self._connect_wait = serving.probe, serving.connect_wait

    def late(self, control_id: str, code: str) -> None:
        """Take an acknowledgement of an earlier send. To be called on the reactor's thread."""
        written = self._writing.run(self._off, self._stage.late_ack, control_id, code)
        written.addCallbacks(lambda _nothing: self.wake(), self._late_lost)

    def _late_lost(self, failure: Failure) -> None:
        # What it would have settled stays for a person, as without it.
        if isinstance(failure.value, StoreError):
            emit(StorageFailed(code=failure.value.code, place=self._name))
        else:
            emit(fault(failure, self._name))

    async def stop(self) -> None:
        """Finish the present attempt, then end, and with it the connection."""
        await self.finish()
        await self._sender.close()

    async def finish(self) -> None:
        """Finish the present attempt, then send no more. The connection is left as it is; `late` goes on."""
        self._is_stopping = True
        if self._rest_now is not None and not self._rest_now.called:
            self._rest_now.callback(None)
        if self._ended is not None:
            await self._ended
        if self._owed is not None:
            await self._write_last(self._owed)

    async def _write_last(self, call: Callable[[], object]) -> None:
        # Whoever sends next would find an intent without an outcome, and nobody but us knows better.
        try:
            await self._write(call)
        except StoreError as failure:
            emit(StorageFailed(code=failure.code, place=self._name))
        except Exception as bug:  # noqa: BLE001 - the end must come: what was owed is found as ambiguous
            emit(fault(bug, self._name))

    async def _run(self) -> None:
        while not self._is_stopping:
            try:
                is_idle = not await self._once()
            except StoreError as failure:
                emit(StorageFailed(code=failure.code, place=self._name))
                is_idle = True
            except Exception as bug:  # noqa: BLE001 - the edge of the loop: a bug must not end delivering for good
                emit(fault(bug, self._name))
                is_idle = True
            if is_idle:
                await self._rest(self._pace.poll_secs)

    async def _once(self) -> bool:
        """One delivery or one probe; False where there is nothing to do."""
        if self._owed is not None:
            await self._write(self._owed)
        self._go_over()
        look = await self._off(self._stage.look)
        if self._probe is not None and look.is_probe_due:
            await self._send_probe(*await self._off(self._probe))
            return False
        if look.delivery is None:
            return False
        sending = await self._begin(look.delivery)
        if sending is not None:
            await self._send(sending)
        return True

    async def _begin(self, delivery: Delivery) -> Sending | None:
        # Where the store fails, the intent may be committed all the same, and nobody would ever end it.
        self._owed = lambda: self._stage.not_sent(delivery)
        sending = await self._off(self._stage.begin, delivery)
        self._owed = None
        return sending

    async def _send(self, sending: Sending) -> None:
        delivery = sending.delivery
        emit(DeliveryAttempted(self._name, delivery.id, delivery.attempts + 1, len(sending.payload)))
        started = self._reactor.seconds()
        try:
            reply = await self._give(sending)
        except InterfaceError as failure:
            await self._note_failure(sending, failure, started)
            return
        except Exception as bug:  # noqa: BLE001 - a defect in the sender: nobody knows whether bytes went out
            emit(fault(bug, self._name))
            unknown = UnansweredError("internal-error", f"an unexpected {type(bug).__name__}", place=self._name)
            await self._note_failure(sending, unknown, started)
            return
        self._failures = 0
        if isinstance(reply, Answer):
            said = reply
            self._note(delivery.id, said.code, started)
            await self._write(lambda: self._stage.heard(sending, said))
            return
        self._note(delivery.id, reply.ack.code, started)
        first = reply.ack.problems[0] if reply.ack.problems else None
        code, place = (first.code, first.place) if first else ("", "")
        await self._write(lambda: self._stage.answered(sending, reply.ack.code, code, reply.raw, place))

    async def _give(self, sending: Sending) -> Reply | Answer:
        if sending.may_be_there and isinstance(self._sender, AskingSender):
            return await self._sender.send_again(sending.payload, sending.control_id)
        return await self._sender.send(sending.payload, sending.control_id)

    async def _note_failure(self, sending: Sending, failure: InterfaceError, started: float) -> None:
        self._note(sending.delivery.id, failure.code, started)
        await self._write(lambda: self._stage.failed(sending, failure))
        await self._back_off(failure)

    async def _write(self, call: Callable[[], object]) -> None:
        """Write what became of a send. It stays owed while the store takes nothing: nobody else knows it."""
        self._owed = call
        try:
            await self._writing.run(self._off, call)
        except StoreError:
            raise
        except BaseException:
            self._owed = None  # a defect: trying again would not help
            raise
        self._owed = None

    async def _back_off(self, failure: InterfaceError) -> None:
        # Nothing could be sent: the whole destination waits, so that what is first in line stays first.
        if failure.disposition is Disposition.TRANSIENT:
            self._failures += 1
            asked_secs = failure.wait_secs if isinstance(failure, BusyError) else 0.0
            await self._rest(max(self._connect_wait(self._failures), asked_secs), is_wakeable=False)

    async def _send_probe(self, payload: bytes, control_id: str) -> None:
        try:
            await self._sender.send(payload, control_id)
        except InterfaceError:
            await self._off(lambda: self._stage.probed(is_alive=False))
        else:
            await self._off(lambda: self._stage.probed(is_alive=True))
            self.wake()

    def _note(self, delivery_id: int, code: str, started: float) -> None:
        took = int((self._reactor.seconds() - started) * 1_000_000)
        emit(DeliveryAnswered(self._name, code, delivery_id, took))

    async def _rest(self, secs: float, *, is_wakeable: bool = True) -> None:
        if self._is_stopping:
            return
        rest: defer.Deferred[None] = defer.Deferred()
        alarm = self._reactor.callLater(secs, rest.callback, None)
        self._rest_now = rest
        self._bell = rest if is_wakeable else None
        await rest
        self._bell = None
        if alarm.active():
            alarm.cancel()

    def _off(self, call: Callable[P, R], *args: P.args, **named: P.kwargs) -> "defer.Deferred[R]":
        return threads.deferToThreadPool(self._reactor, self._reactor.getThreadPool(), call, *args, **named)
