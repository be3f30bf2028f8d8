"""What the MLLP connections ask of a TCP transport, and the options that all of them set."""

# ruff: noqa: N802 - the methods of a transport are named by Twisted
import socket
from typing import Protocol

from twisted.internet.interfaces import IAddress

_SILENT_SECS = 60  # before the first probe: below the idle limits of common firewalls
_PROBE_SECS = 15
_PROBES = 4


class Wire(Protocol):
    """A Twisted TCP transport, as far as it is used here."""

    def write(self, data: bytes, /) -> None: ...
    def loseConnection(self) -> object: ...
    def abortConnection(self) -> object: ...
    def pauseProducing(self) -> object: ...
    def resumeProducing(self) -> object: ...
    def registerProducer(self, producer: object, streaming: bool, /) -> object: ...
    def unregisterProducer(self) -> object: ...
    def setTcpNoDelay(self, enabled: bool, /) -> object: ...
    def setTcpKeepAlive(self, enabled: bool, /) -> object: ...
    def getHandle(self) -> socket.socket: ...


def tune(wire: Wire) -> None:
    """Send small frames at once, and notice a peer that is gone without a word within two minutes."""
    wire.setTcpNoDelay(True)
    wire.setTcpKeepAlive(True)
    handle = wire.getHandle()
    for option, value in (("TCP_KEEPIDLE", _SILENT_SECS), ("TCP_KEEPINTVL", _PROBE_SECS), ("TCP_KEEPCNT", _PROBES)):
        if hasattr(socket, option):  # not every system has all three
            handle.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def address_text(address: IAddress | None) -> str:
    """`host:port` of a TCP address."""
    return f"{getattr(address, 'host', '?')}:{getattr(address, 'port', '?')}"
