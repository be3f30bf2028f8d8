"""Waking another part of the engine: one datagram on a local socket, lost without harm.

The parts talk through the store only; a wake-up merely spares them a poll. A part that is not there, or whose socket is full, is
found at its next poll.
"""

import hashlib
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

_LONGEST_PATH = 100  # sun_path holds 108 bytes on Linux


def _address(home: Path, part: str) -> str:
    plain = home / "run" / f"{part}.wake"
    if len(str(plain)) <= _LONGEST_PATH:
        return str(plain)
    short = hashlib.blake2b(str(plain).encode(), digest_size=8).hexdigest()
    return str(Path(tempfile.gettempdir()) / f"hp24-{short}.wake")


class Bell:
    """The waiting side of one part."""

    def __init__(self, home: Path, part: str) -> None:
        self._path = _address(home, part)
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        Path(self._path).unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._path)
        Path(self._path).chmod(0o600)

    def wait(self, timeout_secs: float) -> bool:
        """Wait for a ring; further rings that came meanwhile count as the same one. False: the time ran out."""
        self._socket.settimeout(max(timeout_secs, 0.001))
        try:
            self._socket.recv(1)
        except TimeoutError:
            return False
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                self._socket.recv(1)
        return True

    def close(self) -> None:
        """Give the address back."""
        self._socket.close()
        Path(self._path).unlink(missing_ok=True)


class Ringer:
    """The waking side; one per process, safe from several threads."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def ring(self, part: str) -> None:
        """Wake a part, where it is there to hear."""
        with suppress(OSError):
            self._socket.sendto(b"!", _address(self._home, part))

    def close(self) -> None:
        """Close the sending socket."""
        self._socket.close()
