"""A shell that a tutorial's commands are typed into, one after the other, and how long its reader looks."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.tutorial.page import Command, File

_END = "--- the command has ended:"  # and then its exit code
_COMMAND_SECS = 60.0
_PATIENCE_SECS = 20.0
_AGAIN_SECS = 0.4  # a look costs as much processor time as what it waits for
# They only look, and the engine may need another moment: whoever reads along looks again, too.
_LOOKS = ("health", "accounts", "messages", "show", "trace", "worklist", "status")


class TutorialError(AssertionError):
    """What happened is not what the page says; names the line."""


class Shell:
    """bash, in `folder`, with exactly this environment. What it started in the background is ended with it."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._came = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        while self._process.stdout.read(65536):
            pass  # until all that it started have closed it, too
        self._process.stdout.close()

    def follow(self, step: File | Command) -> None:
        """Do one step. Raises TutorialError where something else comes of it than the page says."""
        match step:
            case File():
                told, _code = self.type("pwd")
                path = Path(told.strip()) / step.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(step.text, encoding="utf-8")
            case Command():
                self._look(step)

    def _look(self, command: Command) -> None:
        words = command.text.split()
        patience = _PATIENCE_SECS if words[0] == "hp24" and words[1] in _LOOKS else 0.0
        until = time.monotonic() + patience
        while True:
            told, code = self.type(command.text)
            is_as_written = command.is_shown_by(told) and (code != 0) == command.fails
            if is_as_written or time.monotonic() >= until:
                break
            time.sleep(_AGAIN_SECS)
        if not is_as_written:
            place = command.line if command.is_shown_by(told) else command.differs_at(told)
            raise TutorialError(f"line {place}: `{command.text}` ended with {code} and showed\n{told}")

    def type(self, command: str) -> tuple[str, int]:
        """Type a command and wait for its end; gives what it showed, on both streams, and its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\nprintf '\\n%s %d\\n' '{_END}' $?\n".encode())
        self._process.stdin.flush()
        shown, code = self._read_to_end(command).rsplit(f"\n{_END} ", 1)
        return shown, int(code)

    def _read_to_end(self, command: str) -> str:
        assert self._process.stdout is not None
        until = time.monotonic() + _COMMAND_SECS
        ends = f"\n{_END} ".encode()
        while not (ends in self._came and self._came.endswith(b"\n")):
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, until - time.monotonic()))
            read = os.read(self._process.stdout.fileno(), 65536) if ready else b""
            if not read:
                raise TutorialError(f"`{command}` did not end; it showed\n{self._came.decode()}")
            self._came += read
        came, self._came = self._came.decode(), b""
        return came
