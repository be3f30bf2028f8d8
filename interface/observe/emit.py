"""The one way to tell that something happened, and the one place that says where it is told."""

import logging
from pathlib import Path
from typing import TextIO

from interface.observe.count import Count, Counters
from interface.observe.event import Event
from interface.observe.line import JsonLine, LibraryLines

_LOG = logging.getLogger("interface")
_COUNTERS = Counters()


def emit(event: Event) -> None:
    """Count the event and, where its level is wanted, write its line. From any thread; a microsecond without a line."""
    _COUNTERS.count(event)
    level = event.level
    if _LOG.isEnabledFor(level):
        _LOG.log(level, event)


def counts() -> list[Count]:
    """What this process has counted since it started."""
    return _COUNTERS.read()


def share(home: Path, part: str) -> None:
    """Let other processes see what this one counts, as `part` of the engine in `home`. To be called once."""
    # Commands that only look do without the library.
    from interface.observe.shared import open_shared  # noqa: PLC0415

    open_shared(home, part, _COUNTERS.share)


def configure(stream: TextIO, level: str = "info") -> None:
    """Write events of `level` (debug, info, warning, error) and above to `stream`, one JSON object a line.

    What libraries log is taken over too, as events that name its origin and leave out its text. Until this is called,
    only warnings and errors are written (to standard error). The last call wins.
    """
    lines = logging.StreamHandler(stream)
    lines.setFormatter(JsonLine())
    _LOG.handlers[:] = [lines]
    _LOG.propagate = False
    _LOG.setLevel(level.upper())
    logging.getLogger().handlers[:] = [LibraryLines(emit)]
