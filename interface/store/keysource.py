"""Where the master key comes from: a file, or a command that asks whoever keeps it. Only the environment of the engine says which.

What people edit (channels, mappings, settings) has no word in this. A command runs without a shell, with a bounded wait and a
bounded answer; nothing that it says is logged.
"""

import os
import select
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from interface.errors import StoreError
from interface.store import keyfile

COMMAND = "HP24_KEY_COMMAND"
_NOTICE = (
    "This database is sealed under the key that the command gives: without that key no stored message, name or payment can be"
    " read again, by anyone."
)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file that the engine made, or that was put there."""

    path: Path

    @property
    def place(self) -> str:
        """Its name."""
        return str(self.path)

    @property
    def is_there(self) -> bool:
        """Whether the next start would find it."""
        return self.path.is_file()

    def keys(self) -> tuple[bytes, ...]:
        """The keys that it gives now, newest first."""
        return keyfile.read(self.path)

    def first(self) -> tuple[bytes, str]:
        """The key of a new database, durable, and what a person must know about it."""
        return keyfile.make(self.path), keyfile.NOTICE


@dataclass(frozen=True, slots=True)
class KeyCommand:
    """A program that prints the key, as a file holds it."""

    words: tuple[str, ...]
    environ: Mapping[str, str]
    limit_secs: float

    @property
    def place(self) -> str:
        """The program; its arguments may tell too much."""
        return f"{COMMAND} ({Path(self.words[0]).name})"

    @property
    def is_there(self) -> bool:
        """Whether the program exists; it is not called."""
        return Path(self.words[0]).is_file()

    def keys(self) -> tuple[bytes, ...]:
        """The keys that it gives now, newest first.

        Errors: StoreError `key-command-failed`, `key-exposed`, `key-wrong`.
        """
        program = Path(self.words[0])
        if not program.is_absolute() or not program.exists():
            raise self._failed("it is not the full path of a program")
        for path in (program, program.parent):
            keyfile.require_own(path)
        try:
            process = subprocess.Popen(
                self.words,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise self._failed(f"it cannot be run ({type(error).__name__})") from error
        with process:
            try:
                content = self._answer(process)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # it, or what it left behind
        return keyfile.parse(content, self.place)

    def _answer(self, process: "subprocess.Popen[bytes]") -> bytes:
        assert process.stdout is not None, "asked for above"
        deadline, content = time.monotonic() + self.limit_secs, b""
        while True:
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(process.stdout.fileno(), keyfile.MOST_BYTES) if ready else b""
            content += piece
            if not ready or len(content) > keyfile.MOST_BYTES:
                raise self._failed("it says too much" if ready else f"it did not end within {self.limit_secs:g} s")
            if not piece:
                break
        try:
            code = process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise self._failed(f"it did not end within {self.limit_secs:g} s") from error
        if code:
            raise self._failed(f"it ended with {code}")
        return content

    def _failed(self, text: str) -> StoreError:
        return StoreError(
            "key-command-failed",
            f"the command that gives the master key does not: {text}",
            place=self.place,
            advice="call it by hand as the engine's user",
        )

    def first(self) -> tuple[bytes, str]:
        """The key of a new database, and what a person must know about it."""
        return self.keys()[0], _NOTICE


KeySource: TypeAlias = KeyFile | KeyCommand


def key_source(database_id: str, environ: Mapping[str, str], limit_secs: float) -> KeySource:
    """Where the key of a database is: $HP24_KEY_COMMAND or $HP24_KEY_FILE, else ~/.config/hp24/<database id>.key.

    Errors: StoreError `key-ambiguous` where both are named, `key-command-failed` where the command cannot be read.
    """
    command, file = environ.get(COMMAND, ""), environ.get(keyfile.VARIABLE, "")
    if command and file:
        raise StoreError(
            "key-ambiguous",
            "a file and a command are both to give the master key",
            place=COMMAND,
            advice=f"take {COMMAND} or {keyfile.VARIABLE} out of the environment",
        )
    if command:
        try:
            words = tuple(shlex.split(command))
        except ValueError:
            words = ()
        return KeyCommand(words or ("",), environ, limit_secs)
    if file:
        return KeyFile(Path(file).expanduser())
    return KeyFile(Path(environ.get("HOME") or Path.home()) / ".config" / "hp24" / f"{database_id}.key")
