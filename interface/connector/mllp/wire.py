"""What the MLLP connections ask of a transport, with TLS or without, and the options that all of them set."""

# ruff: noqa: N802 - the methods of a transport are named by Twisted
import socket
from typing import Protocol, cast

from twisted.internet.interfaces import IAddress
from twisted.internet.tcp import Server
from twisted.protocols.tls import TLSMemoryBIOProtocol

_SILENT_SECS = 60  # before the first probe: below the idle limits of common firewalls
_PROBE_SECS = 15
_PROBES = 4


class Wire(Protocol):
    """A Twisted transport, as far as it is used here."""

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
    handle = _carrier(wire).getHandle()
    for option, value in (("TCP_KEEPIDLE", _SILENT_SECS), ("TCP_KEEPINTVL", _PROBE_SECS), ("TCP_KEEPCNT", _PROBES)):
        if hasattr(socket, option):  # not every system has all three
            handle.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def send(wire: Wire, blocks: bytes) -> None:
    """Write, at once what the socket takes: Twisted alone waits for the reactor's next turn, which costs more than the answer."""
    if isinstance(wire, Server) and _is_idle(wire):
        sent = wire.writeSomeData(blocks)
        blocks = blocks[sent:] if isinstance(sent, int) else blocks  # a lost connection is found out again by `write`
    if blocks:
        wire.write(blocks)


def _is_idle(wire: Server) -> bool:
    """Whether nothing waits to be written before; there is no public way to ask, and what comes later must stay behind it."""
    return bool(wire.connected) and not (wire.dataBuffer or wire._tempDataLen)


def hang_up(wire: Wire) -> None:
    """Close once everything is written. The peer's own farewell is not waited for (RFC 8446 section 6.1): many send none."""
    wire.loseConnection()
    if is_secured(wire):
        _carrier(wire).loseConnection()


def is_secured(wire: Wire) -> bool:
    """Whether TLS is spoken on it, and therefore nothing may be sent before its handshake is done."""
    return isinstance(wire, TLSMemoryBIOProtocol)


def _carrier(wire: Wire) -> Wire:
    """The TCP transport that carries it."""
    return cast(Wire, wire.transport) if isinstance(wire, TLSMemoryBIOProtocol) else wire


def address_text(address: IAddress | None) -> str:
    """`host:port` of a TCP address."""
    return f"{getattr(address, 'host', '?')}:{getattr(address, 'port', '?')}"
