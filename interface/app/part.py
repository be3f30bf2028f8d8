"""The parts of a running engine, each in a process of its own: wiring, start, stop."""

import asyncio
import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Coroutine, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet import defer

from interface.app.collect import calm_collector
from interface.app.compose import App, open_app
from interface.app.reactor import install_reactor, run, tell_stop
from interface.channel.environment import settings_at
from interface.engine.clock import ArrivalClock
from interface.engine.fork import name_process
from interface.engine.heartbeat import Heartbeat, SignOfLife, standing_by
from interface.engine.standby import only_one
from interface.engine.supervise import CANNOT_START, FAILED, end_with_supervisor
from interface.engine.wake import Bell, Ringer
from interface.errors import Disposition, InterfaceError, StoreError
from interface.observe.clock import ClockBehind
from interface.observe.emit import configure, emit, share
from interface.observe.fault import fault, record_stray_failures
from interface.settings import Settings
from interface.view.count import PartState, Vitals

if TYPE_CHECKING:
    from interface.app.wires import Runnable

LISTEN, PROCESS, SERVE, WATCH = "listen", "process", "serve", "watch"
# Reading frames and storing them are two threads that both want the interpreter. With Python's own 5 ms, a commit that gave it up
# for a moment, as it does at each statement, waits so long for it again, and every sender of that commit with it.
_TURN_SECS = 0.0005


def run_listen(app: App, sign: SignOfLife) -> int:
    """The listening part; returns when it was told to stop and has drained."""
    from interface.app.version import Versions
    from interface.engine.listen import ListenPart
    from interface.engine.versions import VersionWatch

    reactor = install_reactor()
    sys.setswitchinterval(_TURN_SECS)
    pace = app.settings.pace()
    bell, ringer = Bell(app.home, "listen"), Ringer(app.home)
    part = ListenPart(reactor, app.store, app.clock, pace, bell, ringer, _room(app), _arrivals(app).now)
    record_stray_failures(emit, part.out_of_files)
    versions = Versions(app, LISTEN)

    def adopt(version: "Runnable") -> None:
        _fit_files(version)
        part.adopt(version.sources)
        versions.taken()

    watch = VersionWatch(reactor, pace.config_check_secs, versions.newer, adopt)
    heartbeat = Heartbeat(reactor, sign, pace.heartbeat_secs, lambda: PartState.RUNNING, part.vitals)

    def start() -> None:
        _fit_files(versions.running)
        part.start(versions.running.sources)
        watch.start()

    def stop() -> "defer.Deferred[object]":
        watch.stop()
        return part.drain()

    return run(reactor, heartbeat, start=start, stop=stop)


def _fit_files(version: "Runnable") -> None:
    from interface.engine.files import fit_file_limit

    fit_file_limit(LISTEN, sum(source.settings.max_connections for source in version.sources))


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
    from interface.engine.room import DiskRoom

    pace = app.settings.pace()
    return DiskRoom(folder, warn_mb=pace.disk_warn_mb, reserve_mb=pace.disk_reserve_mb).refusal


def run_process(app: App, sign: SignOfLife) -> int:
    """The processing and delivering part."""
    from interface.app.processing import Processing

    reactor = install_reactor()
    record_stray_failures(emit)
    sys.setswitchinterval(_TURN_SECS)
    processing = Processing(app, reactor, sign)
    heartbeat = Heartbeat(reactor, sign, app.settings.heartbeat_secs, lambda: processing.state, processing.vitals)
    return run(reactor, heartbeat, start=processing.start, stop=processing.stop)


def run_serve(app: App, sign: SignOfLife) -> int:
    """The part that answers programs."""
    from interface.app.serve import Serve
    from interface.app.version import Versions
    from interface.engine.versions import VersionWatch

    reactor = install_reactor()
    record_stray_failures(emit)
    versions = Versions(app, SERVE)
    serve = Serve(app, versions.running, _arrivals(app).now, _room(app))

    def adopt(version: "Runnable") -> None:
        serve.adopt(version)
        versions.taken()

    watch = VersionWatch(reactor, app.settings.config_check_secs, versions.newer, adopt)
    heartbeat = Heartbeat(reactor, sign, app.settings.heartbeat_secs, lambda: PartState.RUNNING, Vitals)

    def start() -> None:
        watch.start()
        reactor.callLater(0, serve.start)  # one step later: the reactor calls what starts before its loop runs

    def stop() -> "defer.Deferred[None]":
        watch.stop()
        return defer.Deferred.fromFuture(asyncio.ensure_future(serve.stop()))

    return run(reactor, heartbeat, start=start, stop=stop)


def run_watch(home: Path, root: Path, settings: Settings) -> int:
    """The watching part; it opens the store by itself, and answers while it cannot."""
    from interface.app.alerting import Alerting
    from interface.app.outbox import Outbox
    from interface.app.watch import Watch

    reactor = install_reactor()
    record_stray_failures(emit)
    loop = asyncio.get_event_loop()

    def settle(ending: Coroutine[Any, Any, None]) -> "asyncio.Future[None]":
        return defer.ensureDeferred(ending).asFuture(loop)

    watch = Watch(home, root, settings, lambda app: Alerting(app, Outbox(app, reactor), loop, settle))

    def stop() -> "defer.Deferred[None]":
        return defer.Deferred.fromFuture(asyncio.ensure_future(watch.stop()))

    # One step later: the reactor calls what starts before its loop runs.
    return run(reactor, None, start=lambda: reactor.callLater(0, watch.start), stop=stop)


_RUNS = {LISTEN: run_listen, PROCESS: run_process, SERVE: run_serve}


def load() -> None:
    """Load what any part needs, for a process that parts are forked from."""
    import interface.app.alerting
    import interface.app.outbox
    import interface.app.processing
    import interface.app.serve
    import interface.app.version
    import interface.app.watch
    import interface.engine.files
    import interface.engine.listen
    import interface.engine.room
    import interface.engine.versions  # noqa: F401 - all of them for their being loaded


def main(arguments: Sequence[str]) -> int:
    """`listen|process|serve|watch --home DIR --root DIR [--supervised]`, as the supervisor calls it."""
    parser = ArgumentParser(prog="hp24 part")
    parser.add_argument("part", choices=(LISTEN, PROCESS, SERVE, WATCH))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--supervised", action="store_true", help="end when standard input does")
    asked = parser.parse_args(arguments)
    name_process(f"hp24 {asked.part}")
    calm_collector()
    configure(sys.stderr, "info")
    try:
        return _watch_part(asked) if asked.part == WATCH else _store_part(asked)
    except InterfaceError as failure:
        tell_stop(failure)
        return CANNOT_START if failure.disposition is Disposition.PERMANENT else FAILED
    except (
        OSError,
        RuntimeError,
        MemoryError,
    ) as bound:  # no room, no file, no thread: what the machine lacks now it may have soon
        emit(fault(bound, asked.part))
        return FAILED


def _watch_part(asked: Namespace) -> int:
    settings = settings_at(asked.root, asked.home, os.environ)
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
            return _RUNS[asked.part](app, sign)


def _until_the_reactor_runs(asked: Namespace, settings: Settings) -> None:
    configure(sys.stderr, settings.log_level)
    if asked.supervised:
        end_with_supervisor()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))  # there is nothing to drain yet
