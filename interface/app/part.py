"""The three parts of a running engine, each in a process of its own: wiring, start, stop."""

import asyncio
import os
import secrets
import signal
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Coroutine, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import uvloop
from twisted.internet import asyncioreactor, defer
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from interface.app.baseline import keep_baseline
from interface.app.collect import calm_collector
from interface.app.compose import App, open_app
from interface.app.pay import hosted
from interface.app.wires import Runnable, Sending, runnable
from interface.connector.mllp.destination import MllpDestination
from interface.connector.tls import ClientTls
from interface.engine.certificates import CertificateWatch
from interface.engine.clock import ArrivalClock, ClockWatch
from interface.engine.delivery import DeliveryLoop
from interface.engine.files import fit_file_limit
from interface.engine.heartbeat import Heartbeat, SignOfLife, standing_by
from interface.engine.listen import ListenPart
from interface.engine.process import ProcessThread
from interface.engine.push import PushThread
from interface.engine.room import DiskRoom
from interface.engine.standby import only_one
from interface.engine.supervise import CANNOT_START, FAILED, end_with_supervisor
from interface.engine.wake import Bell, Ringer
from interface.errors import ConfigurationError, Disposition, InterfaceError, StoreError, StoreReplacedError
from interface.healthpay24.push import PushPace, PushStage, longest_wait_secs
from interface.hl7.header import CONTROL_ID_LENGTH
from interface.observe.clock import ClockBehind
from interface.observe.emit import configure, emit, share
from interface.observe.engine import EngineStopped
from interface.observe.fault import fault, record_stray_failures
from interface.pipeline.deliver import DeliverStage
from interface.pipeline.forward import bring_forward
from interface.pipeline.plan import Plan
from interface.pipeline.process import ProcessStage
from interface.pipeline.recover import recover_sends
from interface.pipeline.retry import RetryPolicy, wait_secs
from interface.settings import Settings, read_settings
from interface.view.count import PartState, Vitals

LISTEN, PROCESS, WATCH = "listen", "process", "watch"

_POOL_THREADS = 10  # of the reactor, for what blocks: signs of life, what deliveries write, looks at files


def _install_reactor() -> AsyncioSelectorReactor:
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
    from twisted.internet import reactor  # noqa: PLC0415 - importing it earlier would install another one

    installed = cast(AsyncioSelectorReactor, reactor)
    # Its own clock is the one that people set: every wait and time-out would stand still for as long as that was set back.
    installed.seconds = time.monotonic
    # All threads from the start: one that cannot be had later would leave its work undone; a part that cannot start is tried again.
    installed.getThreadPool().adjustPoolsize(_POOL_THREADS, _POOL_THREADS)
    return installed


def _chance() -> float:
    return secrets.randbelow(1_000_000) / 1_000_000


def run_listen(app: App, sign: SignOfLife) -> int:
    """The listening part; returns when it was told to stop and has drained."""
    reactor = _install_reactor()
    pace = app.settings.pace()
    bell, ringer = Bell(app.home, "listen"), Ringer(app.home)
    part = ListenPart(reactor, app.store, app.clock, pace, bell, ringer, _room(app), _arrivals(app).now)
    record_stray_failures(emit, part.out_of_files)
    sources = runnable(*app.active(), root=app.root).sources
    fit_file_limit("listen", sum(source.settings.max_connections for source in sources))
    heartbeat = Heartbeat(reactor, sign, pace.heartbeat_secs, lambda: PartState.RUNNING, part.vitals)
    return _run(reactor, heartbeat, start=lambda: part.start(sources), stop=part.drain)


def _arrivals(app: App) -> ArrivalClock:
    with app.store.snapshot() as reader:
        last = max((one.last_arrival_at for one in reader.channel_counts()), default=0)
    behind = last - app.clock.now()
    if behind > app.settings.clock_tolerance_secs * 1_000_000:
        emit(ClockBehind("listen", behind))
    return ArrivalClock(app.clock.now, last, hold_secs=app.settings.clock_hold_hours * 3600)


def _room(app: App) -> Callable[[], StoreError | None]:
    folder = app.store.folder
    if folder is None:  # a server, whose disk is its own to watch
        return lambda: None
    pace = app.settings.pace()
    return DiskRoom(folder, warn_mb=pace.disk_warn_mb, reserve_mb=pace.disk_reserve_mb).refusal


def run_process(app: App, sign: SignOfLife) -> int:
    """The processing and delivering part."""
    reactor = _install_reactor()
    record_stray_failures(emit)
    processing = Processing(app, reactor, sign)
    heartbeat = Heartbeat(reactor, sign, app.settings.heartbeat_secs, lambda: processing.state, processing.vitals)
    return _run(reactor, heartbeat, start=processing.start, stop=processing.stop)


def run_watch(home: Path, root: Path, settings: Settings) -> int:
    """The watching part; it opens the store by itself, and answers while it cannot."""
    # The other parts do without the libraries of HTTP.
    from interface.app.alerting import Alerting  # noqa: PLC0415
    from interface.app.outbox import Outbox  # noqa: PLC0415
    from interface.app.watch import Watch  # noqa: PLC0415

    reactor = _install_reactor()
    record_stray_failures(emit)
    loop = asyncio.get_event_loop()

    def settle(ending: Coroutine[Any, Any, None]) -> "asyncio.Future[None]":
        return defer.ensureDeferred(ending).asFuture(loop)

    watch = Watch(home, root, settings, lambda app: Alerting(app, Outbox(app, reactor), loop, settle))

    def stop() -> "defer.Deferred[None]":
        return defer.Deferred.fromFuture(asyncio.ensure_future(watch.stop()))

    # One step later: the reactor calls what starts before its loop runs.
    return _run(reactor, None, start=lambda: reactor.callLater(0, watch.start), stop=stop)


def _run(
    reactor: AsyncioSelectorReactor,
    heartbeat: Heartbeat | None,
    *,
    start: Callable[[], object],
    stop: Callable[[], "defer.Deferred[Any]"],
) -> int:
    exit_codes = [0]

    def begin() -> None:
        try:
            start()
            if heartbeat is not None:
                heartbeat.start(replaced)
        except ConfigurationError as wrong:
            _tell_stop(wrong)
            exit_codes[0] = CANNOT_START
            reactor.stop()

    stopping: list[object] = []

    def end() -> None:
        if not stopping:
            ending = stop()
            if heartbeat is not None:
                ending.addBoth(lambda _result: heartbeat.stop())
            stopping.append(ending.addBoth(lambda _result: reactor.stop()))

    def replaced(failure: StoreReplacedError) -> None:
        # Started again, the part opens what is there now.
        if not stopping:
            _tell_stop(failure)
            exit_codes[0] = FAILED
            end()

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
        self._ringer = Ringer(app.home)
        self._bell = Bell(app.home, "process")
        self._checked_at = 0.0
        self._clock_watch = ClockWatch(app.clock.now, tolerance_secs=app.settings.clock_tolerance_secs)
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
        )

    def vitals(self) -> Vitals:
        """When the process thread last came round; nothing while another engine works."""
        if self.state is not PartState.RUNNING:
            return Vitals()
        idle_micros = int((time.monotonic() - self._thread.came_round) * 1_000_000)
        return Vitals(worked_at=self._app.clock.now() - idle_micros)

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
        self._bring_forward()
        self._push = self._push_thread()
        self._push.start()
        self.state = PartState.RUNNING
        self._sign.write(self.state)
        _on_reactor(self._reactor, self._start_loops)

    def _bring_forward(self) -> None:
        longest_secs = longest_wait_secs(PushPace(self._pace.push_batch_records, self._pace.push_lookup_secs))
        bring_forward(self._app.store, self._running.plan.destinations, self._app.clock, longest_secs)

    def _hand_over(self) -> None:
        self.state = PartState.STANDING_BY
        if self._push is not None:
            self._push.stop()
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
        now = time.monotonic()
        if now - self._checked_at < self._pace.config_check_secs:
            return None
        self._checked_at = now
        if self._clock_watch.step() < 0:
            self._bring_forward()
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
    """`python -m interface.app.part listen|process|watch --home DIR --root DIR --supervised`, as the supervisor calls it."""
    parser = ArgumentParser(prog="hp24 part")
    parser.add_argument("part", choices=(LISTEN, PROCESS, WATCH))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--supervised", action="store_true", help="end when standard input does")
    asked = parser.parse_args(arguments)
    calm_collector()
    configure(sys.stderr, "info")
    try:
        return _watch_part(asked) if asked.part == WATCH else _store_part(asked)
    except InterfaceError as failure:
        _tell_stop(failure)
        return CANNOT_START if failure.disposition is Disposition.PERMANENT else FAILED
    except (
        OSError,
        RuntimeError,
        MemoryError,
    ) as bound:  # no room, no file, no thread: what the machine lacks now it may have soon
        emit(fault(bound, asked.part))
        return FAILED


def _watch_part(asked: Namespace) -> int:
    settings = read_settings(asked.root, asked.home, os.environ)
    _until_the_reactor_runs(asked, settings)
    with only_one(asked.home, WATCH, nullcontext):
        share(asked.home, WATCH)
        return run_watch(asked.home, asked.root, settings)


def _store_part(asked: Namespace) -> int:
    # Never a new home: what has vanished under a running engine must not come back empty.
    with open_app(asked.home, asked.root, makes=False, is_part=True) as app:
        _until_the_reactor_runs(asked, app.settings)
        sign = SignOfLife(app.store, app.clock, asked.part, tolerance_secs=app.settings.clock_tolerance_secs)
        with only_one(app.home, asked.part, lambda: standing_by(sign, app.settings.heartbeat_secs)):
            share(app.home, asked.part)
            return run_listen(app, sign) if asked.part == LISTEN else run_process(app, sign)


def _until_the_reactor_runs(asked: Namespace, settings: Settings) -> None:
    configure(sys.stderr, settings.log_level)
    if asked.supervised:
        end_with_supervisor()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))  # there is nothing to drain yet


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
