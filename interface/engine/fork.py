"""A part's process, forked from the supervisor: everything it needs is loaded before it begins, and most of that memory is shared.

A part that died works again at once, and by the code that the others run, whatever was installed over it meanwhile.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path

from interface.observe import emit

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_CONTEXT = get_context("fork")


def name_process(name: str) -> None:
    """Let `ps`, `top` and `pgrep` show this process by its name, of 15 letters at most."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name, encoding="ascii")


class Fork:
    """A child of this process: what subprocess.Popen is to a command."""

    def __init__(self, process: ForkProcess, hang_up: Callable[[], None]) -> None:
        self._process = process
        self._hang_up = hang_up
        self.pid = process.pid or 0

    @property
    def returncode(self) -> int | None:
        """Its exit code, minus the number of the signal that ended it, or None while it lives."""
        return self.poll()

    def poll(self) -> int | None:
        """See `returncode`."""
        return self._process.exitcode

    def terminate(self) -> None:
        """Ask it to drain."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def wait(self) -> None:
        """Wait until it has ended."""
        self._process.join()

    def close(self) -> None:
        """Give back what this process keeps for one that has ended."""
        self._hang_up()
        self._process.close()


class Forks:
    """Starts parts: `run` is called in a process of its own, with the arguments of each, and gives its exit code.

    To be used by a process with one thread and no connection to a database: neither survives a fork.
    """

    def __init__(self, run: Callable[[Sequence[str]], int]) -> None:
        self._run = run
        self._lines: list[int] = []

    def __call__(self, name: str, arguments: Sequence[str]) -> Fork:
        """Start one part. OSError where the system has no process or file for it."""
        read, write = os.pipe()
        self._lines.append(write)
        # Told to stop before it listens for that, it would go on as a copy of the supervisor's own answer to the signal.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            process = _CONTEXT.Process(target=self._begin, args=(arguments, read), name=name)
            process.start()
        except OSError:
            self._hang_up(write)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            os.close(read)
        return Fork(process, lambda: self._hang_up(write))

    def _hang_up(self, line: int) -> None:
        self._lines.remove(line)
        os.close(line)

    def _begin(self, arguments: Sequence[str], read: int) -> None:
        """In the new process."""
        os.setsid()  # the terminal's Ctrl-C reaches the supervisor alone, which then drains the parts in order
        os.dup2(read, 0)
        os.close(read)
        for line in self._lines:  # only the supervisor holds them: its parts end when it does
            os.close(line)
        signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))  # there is nothing to drain yet
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        emit.begin_anew()
        sys.exit(self._run(arguments))
