"""hp24 with a defect that quotes the message: `python -m tests.leak.program VERB ...`. What it raises must not reach the log.

Messages with the word DEFECT fail while they are read; the first with ABORT ends its part by a signal, as a crash in C would.
"""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from unittest.mock import patch

from interface.app import part
from interface.app import run as running
from interface.cli.main import run
from interface.engine import supervise
from interface.hl7.parser import Message
from interface.mapping import mapping

DEFECT, ABORT = b"DEFECT", b"ABORT"
_PART = "one-part"


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


class PlantedSupervisor(supervise.Supervisor):
    """Starts parts that have the defect, too."""

    def __init__(self, commands: Mapping[str, Sequence[str]], patience_secs: float) -> None:
        program = [sys.executable, "-X", "faulthandler", "-m", "tests.leak.program", _PART]
        super().__init__({name: [*program, *command[3:]] for name, command in commands.items()}, patience_secs)


def main(words: Sequence[str]) -> int:
    """The command line."""
    quote_and_abort()
    if words[0] == _PART:
        return part.main(list(words[1:]))
    patch.object(supervise, "Supervisor", PlantedSupervisor).start()
    patch.object(running, "Supervisor", PlantedSupervisor).start()
    return run(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
