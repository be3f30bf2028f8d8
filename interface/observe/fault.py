"""Defects as events: the exception's class and the calls that led there, never its text, which may quote a message."""

import traceback
from collections.abc import Callable
from pathlib import Path

from interface.errors import InterfaceError
from interface.observe.engine import FaultFound
from interface.observe.event import Event

_PORTS, _NO_FILES = "twisted.internet.tcp", "EMFILE encountered"


def fault(caught: BaseException, place: str) -> FaultFound:
    """The event of an exception that nobody foresaw, met at `place` (a part of the engine). May be a Twisted Failure."""
    within = getattr(caught, "value", None)
    error = within if isinstance(within, BaseException) else caught
    frames = traceback.extract_tb(error.__traceback__)
    trail = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    kind = error.code if isinstance(error, InterfaceError) else type(error).__name__
    return FaultFound(kind=kind, place=place, trail=trail)


def record_stray_failures(emit: Callable[[Event], None], no_files: Callable[[], None] = lambda: None) -> None:
    """Send what Twisted logs of failures (an unhandled Deferred, a protocol that raised) to `emit`, without its text.

    `no_files` is called, on the reactor, where a connection could not be taken: Twisted tells of that in its log alone.

    To be called once in each process that runs a reactor, before the reactor starts.
    """
    # Twisted is imported here because parts of the engine without a reactor do without it.
    from twisted.logger import ILogObserver, LogEvent, globalLogBeginner  # noqa: PLC0415
    from zope.interface import provider  # noqa: PLC0415

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        if str(event.get("log_namespace", "")).startswith(_PORTS) and (
            "acceptError" in event or str(event.get("log_format", "")).startswith(_NO_FILES)
        ):
            no_files()
        failure = event.get("log_failure")
        if failure is not None:
            emit(fault(failure, place=f"reactor {event.get('log_namespace', '')}".strip()))

    globalLogBeginner.beginLoggingTo([observe], redirectStandardIO=False)
