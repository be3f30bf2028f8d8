"""How an event looks as a log line, and how a library's log line becomes an event."""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from interface.observe.engine import LibraryComplained
from interface.observe.event import Event


class JsonLine(logging.Formatter):
    """`{"at": ..., "level": "info", "stage": "receive", "event": "connection-opened", ...the event's fields}`."""

    def format(self, record: logging.LogRecord) -> str:
        event: Any = record.msg  # `emit`, the only caller, logs the event itself
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "at": at,
            "level": record.levelname.lower(),
            "stage": event.stage,
            "event": event_name(event),
        }
        return json.dumps(line | asdict(event))


def event_name(event: Event) -> str:
    """The class name in kebab-case: `ConnectionOpened` is `connection-opened`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(event).__name__).lower()


class LibraryLines(logging.Handler):
    """Turns what libraries log at WARNING or above into events without its text, which may quote a message."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        super().__init__(logging.WARNING)
        self._emit = emit

    def emit(self, record: logging.LogRecord) -> None:
        """Called by the standard library for every record that no other logger keeps."""
        library = record.name.split(".")[0]
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else record.levelname.lower()
        self._emit(LibraryComplained(library=library, place=f"{Path(record.pathname).name}:{record.lineno}", kind=kind))
