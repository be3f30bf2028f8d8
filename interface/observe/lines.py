"""Where log lines go. Whatever happens there, the engine goes on: a line that cannot be written is counted, and told of later.

Nothing is kept in memory and nothing is waited for longer than a second: a full disk, a reader that is gone, and one that reads no
more cost lines, not messages.
"""

import logging
import os
import select
from collections.abc import Callable
from contextlib import suppress
from io import UnsupportedOperation
from typing import TextIO

from interface.observe.event import Event

_PATIENCE_SECS = 1.0


class Lines(logging.Handler):
    """Writes each record as one line, straight to the file behind `stream` where there is one.

    `lost` makes the event that tells, once lines can be written again, how many were lost before.
    """

    def __init__(self, stream: TextIO, lost: Callable[[int], Event]) -> None:
        super().__init__()
        self._stream = stream
        self._file = _file_of(stream)
        self._lost_event = lost
        self._lost = 0
        self._is_torn = False  # the last line was not written to its end

    def emit(self, record: logging.LogRecord) -> None:
        """Called by the standard library, one record at a time."""
        if self._lost:
            told = logging.LogRecord(record.name, logging.WARNING, "", 0, "", (), None)
            told.msg = self._lost_event(self._lost)  # as `emit` logs events: as they are
            if not self._write(self.format(told)):
                self._lost += 1
                return
            self._lost = 0
        if not self._write(self.format(record)):
            self._lost += 1

    def _write(self, line: str) -> bool:
        begin = "\n" if self._is_torn else ""
        if self._file is None:
            return self._write_text(f"{begin}{line}\n")
        left = f"{begin}{line}\n".encode(errors="replace")
        size = len(left)
        try:
            while left:
                _, ready, _ = select.select([], [self._file], [], 0 if self._lost else _PATIENCE_SECS)
                if not ready:
                    break
                left = left[os.write(self._file, left[: select.PIPE_BUF]) :]  # so much never waits for a reader
        except (OSError, ValueError):  # ValueError: a file number that select does not take
            pass
        self._is_torn = bool(left) and (self._is_torn or len(left) < size)
        return not left

    def _write_text(self, text: str) -> bool:
        with suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()
            return True
        return False


def _file_of(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (UnsupportedOperation, AttributeError, ValueError, OSError):
        return None
