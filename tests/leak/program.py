"""hp24 with a defect that quotes the message: `python -m tests.leak.program VERB ...`. What it raises must not reach the log.

Messages with the word DEFECT fail while they are read; the first with ABORT ends its part by a signal, as a crash in C would.
"""

import faulthandler
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from interface.cli.main import run
from interface.hl7.parser import Message
from interface.mapping import mapping

DEFECT, ABORT = b"DEFECT", b"ABORT"


def quote_and_abort() -> None:
    """Plant both in this process."""
    read = mapping.Mapping.read
    marker = Path(os.environ["HP24_ABORTED"])

    def read_badly(self: mapping.Mapping, message: Message, *rest: object) -> object:
        if DEFECT in message.raw:
            raise RuntimeError(f"cannot read {message.er7}")
        if ABORT in message.raw and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGABRT)
        return read(self, message, *rest)  # type: ignore[arg-type]  # as it was called

    patch.object(mapping.Mapping, "read", read_badly).start()


def main(words: Sequence[str]) -> int:
    """The command line. Its parts are forked, and have both, too."""
    faulthandler.enable()
    quote_and_abort()
    return run(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
