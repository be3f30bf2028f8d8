"""The two parts of a running engine, each in a process of its own: wiring, start, stop."""

import secrets
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, cast

import uvloop
from twisted.internet import asyncioreactor, defer
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from interface.app.baseline import BaselineOnDemand, keep_baseline
from interface.app.collect import calm_collector
from interface.app.compose import App, open_app
from interface.app.pay import hosted
from interface.app.wires import Runnable, Sending, runnable
from interface.connector.mllp.destination import MllpDestination
from interface.connector.tls import ClientTls
from interface.engine.certificates import CertificateWatch
from interface.engine.delivery import DeliveryLoop
from interface.engine.heartbeat import Heartbeat, SignOfLife, standing_by
from interface.engine.keep import KeepThread
from interface.engine.listen import ListenPart
from interface.engine.process import ProcessThread
from interface.engine.push import PushThread
from interface.engine.standby import only_one
from interface.engine.supervise import CANNOT_START, FAILED, end_with_supervisor
from interface.engine.wake import Bell, Ringer
from interface.errors import ConfigurationError, Disposition, InterfaceError
from interface.healthpay24.push import PushPace, PushStage
from interface.hl7.header import CONTROL_ID_LENGTH
from interface.observe.emit import configure, emit
from interface.observe.engine import EngineStopped
from interface.observe.fault import record_stray_failures
from interface.operate.purge import ENGINE, purge
from interface.pipeline.deliver import DeliverStage
from interface.pipeline.plan import Plan
from interface.pipeline.process import ProcessStage
from interface.pipeline.purge import PurgeReport, Rest
from interface.pipeline.recover import recover_sends
from interface.pipeline.retry import RetryPolicy, wait_secs
from interface.view.count import PartState


def _install_reactor() -> AsyncioSelectorReactor:
    asyncioreactor.install(uvloop.new_event_loop())
    from twisted.internet import reactor  # noqa: PLC0415 - importing it earlier would install another one

    return cast(AsyncioSelectorReactor, reactor)


def _chance() -> float:
    return secrets.randbelow(1_000_000) / 1_000_000


def run_listen(app: App, sign: SignOfLife) -> int:
    """The listening part; returns when it was told to stop and has drained."""
    reactor = _install_reactor()
    record_stray_failures(emit)
    pace = app.settings.pace()
    part = ListenPart(reactor, app.store, app.clock, pace, Bell(app.home, "listen"), Ringer(app.home))
    sources = runnable(*app.active(), root=app.root).sources
    heartbeat = Heartbeat(reactor, sign, pace.heartbeat_secs, lambda: PartState.RUNNING)
    return _run(reactor, heartbeat, start=lambda: part.start(sources), stop=part.drain)


def run_process(app: App, sign: SignOfLife) -> int:
    """The processing and delivering part."""
    reactor = _install_reactor()
    record_stray_failures(emit)
    processing = Processing(app, reactor, sign)
    heartbeat = Heartbeat(reactor, sign, app.settings.heartbeat_secs, lambda: processing.state)
    return _run(reactor, heartbeat, start=processing.start, stop=processing.stop)


def _run(
    reactor: AsyncioSelectorReactor,
    heartbeat: Heartbeat,
    *,
    start: Callable[[], object],
    stop: Callable[[], "defer.Deferred[Any]"],
) -> int:
    exit_codes = [0]

    def begin() -> None:
        try:
            start()
            heartbeat.start()
        except ConfigurationError as wrong:
            _tell_stop(wrong)
            exit_codes[0] = CANNOT_START
            reactor.stop()

    stopping: list[object] = []

    def end() -> None:
        if not stopping:
            ending = stop().addBoth(lambda _result: heartbeat.stop())
            stopping.append(ending.addBoth(lambda _result: reactor.stop()))

    def on_signal(_number: int, _frame: object) -> None:
        reactor.callFromThread(end)

    reactor.callWhenRunning(begin)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    reactor.run(installSignalHandlers=False)
    return exit_codes[0]


def _tell_stop(failure: InterfaceError) -> None:
    emit(EngineStopped(code=failure.code, place=failure.place, text=failure.text, advice=failure.advice))


class Processing:
    """The process thread and the delivery loops of all destinations of the active configuration."""

    def __init__(self, app: App, reactor: AsyncioSelectorReactor, sign: SignOfLife) -> None:
        self.state = PartState.STANDING_BY  # until the store's lock for processing is had
        self._app = app
        self._sign = sign
        self._reactor = reactor
        self._pace = app.settings.pace()
        self._running = self._current()
        self._loops: list[DeliveryLoop] = []
        self._secured: list[ClientTls] = []  # of the loops' destinations
        self._watch = CertificateWatch(reactor, app.clock, self._pace, lambda: list(self._secured))
        self._push: PushThread | None = None
        self._keep: KeepThread | None = None
        self._baseline = BaselineOnDemand(app.store)
        self._ringer = Ringer(app.home)
        self._bell = Bell(app.home, "process")
        self._checked_at = 0
        self._thread = ProcessThread(
            app.store,
            ProcessStage(app.store, self._running.plan, app.clock),
            self._pace,
            self._bell,
            self._ringer,
            take_over=self._take_over,
            hand_over=self._hand_over,
            plan_changed=self._plan_changed,
            deliver=lambda: reactor.callFromThread(self._wake_loops),
            between=self._baseline.take_if_asked,
        )

    def _current(self) -> Runnable:
        return runnable(*self._app.active(), root=self._app.root)

    def start(self) -> None:
        """Process and deliver, once no other engine does."""
        self._thread.start()
        self._watch.start()

    def _take_over(self) -> None:
        # Only now: what another engine is still sending has no outcome yet either, and is not ours to judge.
        keep_baseline(self._app.store)
        self._app.store.renew_wire_ids()
        recover_sends(self._app.store, self._running.plan.destinations, self._app.clock)
        self._push = self._push_thread()
        self._push.start()
        self._keep = KeepThread(self._app.store, self._pace, purge=self._purge, take_baseline=self._baseline.ask)
        self._keep.start()
        self.state = PartState.RUNNING
        self._sign.write(self.state)
        _on_reactor(self._reactor, self._start_loops)

    def _hand_over(self) -> None:
        self.state = PartState.STANDING_BY
        if self._push is not None:
            self._push.stop()
        self._baseline.give_up()
        if self._keep is not None:
            self._keep.stop()
        _on_reactor(self._reactor, self._stop_loops)

    def _push_thread(self) -> PushThread:
        pace = self._pace
        stage = PushStage(
            self._app.store,
            hosted(self._app),
            self._app.clock,
            PushPace(pace.push_batch_records, pace.push_lookup_secs),
        )
        policy = RetryPolicy(pace.push_first_wait_secs, pace.push_max_wait_secs)
        return PushThread(stage, pace, self._running.rules, lambda failures: wait_secs(failures, policy, _chance()))

    def _purge(self, rest: Rest) -> PurgeReport | None:
        settings = self._app.settings
        return purge(self._app.store, self._app.clock, ENGINE, settings.keeping(), settings.purge_pace(), rest)

    def _start_loops(self) -> None:
        self._secured = []
        self._loops = [self._loop(name) for name in self._running.senders]
        for loop in self._loops:
            loop.start()

    def _stop_loops(self) -> "defer.Deferred[list[None]]":
        loops, self._loops = self._loops, []
        ends: Sequence[Coroutine[Any, Any, None]] = [loop.stop() for loop in loops]
        return defer.gatherResults([defer.ensureDeferred(end) for end in ends])

    def _loop(self, name: str) -> DeliveryLoop:
        app, sending = self._app, self._running.senders[name]
        stage = DeliverStage(app.store, self._running.plan.destinations[name], sending.render, app.clock, _chance)
        policy = self._running.plan.destinations[name].retry
        destination = MllpDestination(
            sending.settings, self._reactor, on_late=lambda ack: loop.late(ack.control_id, ack.code)
        )
        if destination.tls is not None:
            self._secured.append(destination.tls)
        loop = DeliveryLoop(
            self._reactor,
            name,
            stage,
            destination,
            self._pace,
            probe=self._probe(sending),
            connect_wait=lambda failures: wait_secs(failures, policy, _chance()),
        )
        return loop

    def _probe(self, sending: Sending) -> Callable[[], tuple[bytes, str]] | None:
        build = sending.probe
        if build is None:
            return None

        def probe() -> tuple[bytes, str]:
            control_id = self._app.store.wire_id("message", CONTROL_ID_LENGTH)
            return build(control_id, self._app.clock.now()), control_id

        return probe

    def _wake_loops(self) -> None:
        for loop in self._loops:
            loop.wake()

    def _plan_changed(self) -> Plan | None:
        now = self._app.clock.now()
        if now - self._checked_at < self._pace.config_check_secs * 1_000_000:
            return None
        self._checked_at = now
        with self._app.store.snapshot() as reader:
            found = reader.active_config()
        if found is None or found[0] == self._running.plan.config_id:
            return None
        self._running = self._current()
        if self._push is not None:
            self._push.adopt(self._running.rules)
        return self._running.plan

    def stop(self) -> "defer.Deferred[None]":
        """End after the present batch and the present attempts."""
        self._watch.stop()
        return _in_thread(self._reactor, self._thread.stop)


def _in_thread(reactor: AsyncioSelectorReactor, call: Callable[[], None]) -> "defer.Deferred[None]":
    from twisted.internet import threads  # noqa: PLC0415 - only after the reactor is installed

    return threads.deferToThreadPool(reactor, reactor.getThreadPool(), call)


def _on_reactor(reactor: AsyncioSelectorReactor, call: Callable[[], object]) -> None:
    """Call on the reactor's thread from another one, and wait until what it gives is done."""
    from twisted.internet import threads  # noqa: PLC0415 - only after the reactor is installed

    threads.blockingCallFromThread(reactor, call)


def main(arguments: list[str]) -> int:
    """`python -m interface.app.part listen|process --home DIR --root DIR --supervised`, as the supervisor calls it."""
    parser = ArgumentParser(prog="hp24 part")
    parser.add_argument("part", choices=("listen", "process"))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--supervised", action="store_true", help="end when standard input does")
    asked = parser.parse_args(arguments)
    calm_collector()
    configure(sys.stderr, "info")
    try:
        # Never a new home: what has vanished under a running engine must not come back empty.
        with open_app(asked.home, asked.root, makes=False) as app:
            configure(sys.stderr, app.settings.log_level)
            if asked.supervised:
                end_with_supervisor()
            signal.signal(
                signal.SIGTERM, lambda _number, _frame: sys.exit(0)
            )  # until the reactor runs, there is nothing to drain
            sign = SignOfLife(app.store, app.clock, asked.part)
            with only_one(app.home, asked.part, lambda: standing_by(sign, app.settings.heartbeat_secs)):
                return run_listen(app, sign) if asked.part == "listen" else run_process(app, sign)
    except InterfaceError as failure:
        _tell_stop(failure)
        return CANNOT_START if failure.disposition is Disposition.PERMANENT else FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
