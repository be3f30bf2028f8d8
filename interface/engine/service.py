"""What the supervisor tells the system's own service manager, where one asks to be told (sd_notify(3)): ready, alive, stopping.

One datagram each, lost without harm. The protocol is stable and fits a few lines; a library would be the larger part.
"""

import socket
from collections.abc import Mapping
from contextlib import suppress

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


class ServiceWatch:
    """Tells what `environ` (NOTIFY_SOCKET) says where to tell; nothing where nobody asks."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def tell(self, word: str) -> None:
        """Send one word. Nothing that goes wrong with it matters to the engine."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(word.encode(), self._address)
