"""The one way to tell that something happened, and the one place that says where it is told."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from interface.observe.count import Count, Counters
from interface.observe.engine import LogLost
from interface.observe.event import Event
from interface.observe.line import JsonLine, LibraryLines
from interface.observe.lines import Lines

_LOG = logging.getLogger("interface")
_COUNTERS = Counters()
_MOST_REMEMBERED = 1024


def _nothing_shared() -> None:
    return None


_close_shared: Callable[[], None] = _nothing_shared
_written_at: dict[Event, float] = {}  # of events that are not written again at once; seconds of the monotonic clock


def emit(event: Event) -> None:
    """Count the event and, where its level is wanted, write its line. From any thread; a microsecond without a line."""
    _COUNTERS.count(event)
    level = event.level
    if event.ends_quiet:
        _written_at.clear()
    if _LOG.isEnabledFor(level) and (not event.quiet_secs or _is_news(event)):
        _LOG.log(level, event)


def _is_news(event: Event) -> bool:
    now = time.monotonic()
    if now - _written_at.get(event, now - event.quiet_secs) < event.quiet_secs:
        return False
    if len(_written_at) >= _MOST_REMEMBERED:
        _written_at.clear()
    _written_at[event] = now
    return True


def counts() -> list[Count]:
    """What this process has counted since it started."""
    return _COUNTERS.read()


def share(home: Path, part: str) -> None:
    """Let other processes see what this one counts, as `part` of the engine in `home`. To be called once."""
    # Commands that only look do without the library.
    from interface.observe.shared import open_shared  # noqa: PLC0415

    global _close_shared  # noqa: PLW0603 - with the counters, the one thing of its kind in a process
    _close_shared = open_shared(home, part, _COUNTERS.share)


def begin_anew() -> None:
    """In a process just forked: what was counted before is its parent's, which goes on counting."""
    global _close_shared  # noqa: PLW0603
    _COUNTERS.clear()
    _close_shared()
    _close_shared = _nothing_shared
    _written_at.clear()


def configure(stream: TextIO, level: str = "info") -> None:
    """Write events of `level` (debug, info, warning, error) and above to `stream`, one JSON object a line.

    What libraries log is taken over too, as events that name its origin and leave out its text. Until this is called,
    only warnings and errors are written (to standard error). The last call wins.
    """
    lines = Lines(stream, LogLost)
    lines.setFormatter(JsonLine())
    _LOG.handlers[:] = [lines]
    _LOG.propagate = False
    _LOG.setLevel(level.upper())
    logging.getLogger().handlers[:] = [LibraryLines(emit)]


@contextmanager
def hushed() -> Iterator[None]:
    """Write no line meanwhile, in any thread: what a mere trial makes the engine tell is no news."""
    before = _LOG.level
    _LOG.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        _LOG.setLevel(before)
