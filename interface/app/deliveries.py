"""The delivery loops of one configuration version, and how they go over to a newer one without losing an answer, or a late one."""

import time
from collections.abc import Callable, Container
from typing import Any

from twisted.internet import defer
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.python.failure import Failure

from interface.app.compose import App
from interface.app.wires import Runnable, Sending
from interface.connector.fhir.destination import FhirDestination
from interface.connector.fhir.settings import FhirSettings
from interface.connector.mllp.destination import DestinationSettings, MllpDestination
from interface.connector.mllp.reply import Reply
from interface.connector.tls import ClientTls
from interface.engine.adopt import adoption
from interface.engine.chance import chance
from interface.engine.delivery import DeliveryLoop, Serving
from interface.hl7.header import CONTROL_ID_LENGTH
from interface.observe.emit import emit
from interface.observe.fault import fault
from interface.pipeline.deliver import DeliverStage
from interface.pipeline.retry import wait_secs
from interface.settings import Pace

Wire = MllpDestination | FhirDestination
_MAX_RETIRED = 32  # destinations of older versions that are still read; the oldest gives way


class Deliveries:
    """One loop for each destination. Lives on the reactor's thread."""

    def __init__(self, app: App, reactor: AsyncioSelectorReactor, pace: Pace) -> None:
        self._app = app
        self._reactor = reactor
        self._pace = pace
        self._loops: dict[str, DeliveryLoop] = {}
        self._settings: dict[str, Any] = {}  # of the loops' destinations
        self._secured: dict[str, ClientTls] = {}
        self._live: dict[str, Wire] = {}
        self._retired: dict[Wire, str] = {}  # by age, with their names: sent to no more, read for late answers
        self._turn = defer.DeferredLock()  # one version after the other

    def secured(self) -> list[ClientTls]:
        """The destinations that speak TLS."""
        return list(self._secured.values())

    def wake(self) -> None:
        """Look for work now."""
        for loop in self._loops.values():
            loop.wake()

    def adopt(self, running: Runnable) -> "defer.Deferred[None]":
        """Serve the destinations of this version. A destination whose address and limits are the same keeps its connection and
        goes by the new version from its next delivery on; of any other the present attempt gets its outcome first, and the old
        connection is read on for late answers, unless its peer takes one at a time.
        """
        return self._turn.run(lambda: defer.ensureDeferred(self._adopt(running))).addErrback(self._record)

    def stop(self) -> "defer.Deferred[None]":
        """End after the present attempts."""
        return self._turn.run(lambda: defer.ensureDeferred(self._end_all())).addErrback(self._record)

    async def _adopt(self, running: Runnable) -> None:
        found = adoption(self._settings, {name: one.settings for name, one in running.senders.items()})
        for name in found.stays:
            self._loops[name].adopt(self._serving(name, running))
        await self._end_retired({name for name, one in running.senders.items() if one.settings.allows_one_session})
        for name in found.opens:
            self._begin(name, running)
        renewed = [defer.ensureDeferred(self._renew(name, running)) for name in found.reopens]
        await defer.gatherResults([*renewed, *(defer.ensureDeferred(self._leave(name)) for name in found.closes)])

    async def _renew(self, name: str, running: Runnable) -> None:
        await self._leave(name, is_read_on=not running.senders[name].settings.allows_one_session)
        self._begin(name, running)

    async def _leave(self, name: str, *, is_read_on: bool = True) -> None:
        """Send there no more. The loop is known until it has ended: never two of one destination at once."""
        await self._loops[name].finish()
        destination = self._live[name]
        is_read_on = is_read_on and not self._settings[name].allows_one_session
        for known in (self._loops, self._settings, self._live, self._secured):
            known.pop(name, None)
        if is_read_on:
            self._retire(name, destination)
        else:
            await destination.close()

    def _retire(self, name: str, destination: Wire) -> None:
        self._retired[destination] = name
        gone = defer.ensureDeferred(destination.retire())
        gone.addCallback(lambda _gone: self._retired.pop(destination, None)).addErrback(self._record)
        if len(self._retired) > _MAX_RETIRED:
            defer.ensureDeferred(next(iter(self._retired)).close()).addErrback(self._record)

    async def _end_retired(self, names: Container[str]) -> None:
        ends = [one.close() for one, name in self._retired.items() if name in names]
        await defer.gatherResults([defer.ensureDeferred(end) for end in ends])

    async def _end_all(self) -> None:
        loops = list(self._loops.values())
        for known in (self._loops, self._settings, self._live, self._secured):
            known.clear()
        ends = [*(loop.stop() for loop in loops), *(one.close() for one in self._retired)]
        await defer.gatherResults([defer.ensureDeferred(end) for end in ends])

    def _begin(self, name: str, running: Runnable) -> None:
        serving, settings = self._serving(name, running), running.senders[name].settings

        def late(ack: Reply) -> None:
            # A newer loop of the same destination is the one to go on with what this settles.
            self._loops.get(name, loop).late(ack.control_id, ack.code)

        destination = self._wire(settings, late)
        stage = DeliverStage(self._app.store, serving.plan, serving.render, self._app.clock, chance)
        loop = DeliveryLoop(
            self._reactor,
            name,
            stage,
            destination,
            self._pace,
            probe=serving.probe,
            connect_wait=serving.connect_wait,
        )
        self._loops[name], self._settings[name], self._live[name] = loop, settings, destination
        if destination.tls is not None:
            self._secured[name] = destination.tls
        loop.start()

    def _wire(self, settings: DestinationSettings | FhirSettings, late: Callable[[Reply], None]) -> Wire:
        if isinstance(settings, FhirSettings):
            return FhirDestination(settings, self._reactor, time.time)
        return MllpDestination(settings, self._reactor, on_late=late)

    def _serving(self, name: str, running: Runnable) -> Serving:
        sending, plan = running.senders[name], running.plan.destinations[name]
        return Serving(
            plan,
            sending.render,
            self._probe(sending),
            lambda failures: wait_secs(failures, plan.retry, chance()),
        )

    def _probe(self, sending: Sending) -> Callable[[], tuple[bytes, str]] | None:
        build = sending.probe
        if build is None:
            return None

        def probe() -> tuple[bytes, str]:
            control_id = self._app.store.wire_id("message", CONTROL_ID_LENGTH)
            return build(control_id, self._app.clock.now()), control_id

        return probe

    @staticmethod
    def _record(failure: Failure) -> None:
        emit(fault(failure, "deliveries"))
