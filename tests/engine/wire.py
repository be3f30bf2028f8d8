"""An EHR's side of the wire, byte by byte: what the simulator's polite sender would never do, and messages to do it with."""

import socket
import ssl
import time
from itertools import count
from types import TracebackType
from typing import Self

from interface.hl7.framing import Deframer, Frame, wrap
from interface.simulate.incoming import Incoming, read_incoming

_REPLY_SECS = 30.0
_NUMBERS = count(1)


def control_id(prefix: str = "T") -> str:
    """A control id that no other test of this process uses."""
    return f"{prefix}{next(_NUMBERS):06d}"


def adt(
    number: str,
    *,
    event: str = "A08",
    mrn: str = "770001",
    account: str = "990001",
    visit: str = "550001",
    facility: str = "NORTH",
    accept: str = "",
    application: str = "",
    version: str = "2.5.1",
    balance: str = "",
) -> bytes:
    """An ADT message of an invented patient under the control id `number`; `accept` and `application` are MSH-15 and 16."""
    acks = f"|||{accept}|{application}" if accept or application else ""
    pv1 = f"PV1|1|O|CLINIC^^^{facility}" + "|" * 16 + f"{visit}^^^{facility}^VN"
    if balance:
        pv1 += "|" * 27 + balance
    return _lines(
        f"MSH|^~\\&|EPICADT|{facility}|HP24ENG|HP24|20250304090000-0600||ADT^{event}|{number}|P|{version}{acks}",
        f"EVN|{event}|20250304090000-0600",
        f"PID|1||{mrn}^^^{facility}^MR||SPECIMEN^{number}||19700101|F|||1 TEST ST^^EXAMPLE^IL^60601"
        + "|" * 7
        + f"{account}^^^{facility}^AN",
        pv1,
    )


def charge(
    number: str, amount: str, *, line: str = "", mrn: str = "770001", account: str = "990001", facility: str = "NORTH"
) -> bytes:
    """A DFT^P03 with one charge; `line` is FT1-2."""
    return _lines(
        f"MSH|^~\\&|EPICFIN|{facility}|HP24ENG|HP24|20250304091000-0600||DFT^P03|{number}|P|2.5.1",
        "EVN|P03|20250304091000-0600",
        f"PID|1||{mrn}^^^{facility}^MR||SPECIMEN^{number}" + "|" * 13 + f"{account}^^^{facility}^AN",
        f"FT1|1|{line or number}|B1|20250304|20250304|CG|HN1001^Visit|||1|{amount}&USD",
    )


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\r" for line in lines).encode()


class Wire:
    """One connection to a listener."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=_REPLY_SECS)
        self._socket = plain if tls is None else tls.wrap_socket(plain, server_hostname="127.0.0.1")
        self._deframer = Deframer()
        self._replies: list[Incoming] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def peer_certificate(self) -> bytes:
        """The certificate that the listener showed."""
        assert isinstance(self._socket, ssl.SSLSocket)
        return self._socket.getpeercert(binary_form=True) or b""

    def write(self, block: bytes) -> None:
        """Write bytes as they are."""
        self._socket.sendall(block)

    def ask(self, content: bytes, *, secs: float = _REPLY_SECS) -> Incoming:
        """Send one message and give its answer."""
        self.write(wrap(content))
        return self.read(secs=secs)

    def read(self, *, secs: float = _REPLY_SECS) -> Incoming:
        """The next answer; AssertionError where none comes in time or the connection ends."""
        deadline = time.monotonic() + secs
        while not self._replies:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                read = self._socket.recv(65536)
            except TimeoutError:
                raise AssertionError(f"no answer within {secs:g} s") from None
            assert read, "closed without an answer"
            self._replies += [read_incoming(one.content) for one in self._deframer.feed(read) if isinstance(one, Frame)]
        return self._replies.pop(0)

    def read_end(self, *, secs: float = _REPLY_SECS) -> bytes:
        """Everything until the peer closes."""
        self._socket.settimeout(secs)
        got = b""
        while read := self._socket.recv(65536):
            got += read
        return got

    def hang_up_writing(self) -> None:
        """End our half of the connection; the other half is still read."""
        self._socket.shutdown(socket.SHUT_WR)


def code(reply: Incoming) -> str:
    """MSA-1."""
    return reply.field("MSA", 1)


def is_taken(port: int, content: bytes) -> bool:
    """Whether a new connection gets a yes for this message now: to be asked again and again, as an EHR does."""
    try:
        with Wire(port) as wire:
            return code(wire.ask(content, secs=10)) == "AA"
    except (OSError, AssertionError):
        return False


def answered(reply: Incoming) -> str:
    """MSA-2."""
    return reply.field("MSA", 2)
