"""The sending half of an EHR: MLLP over plain blocking sockets, one message in flight, resent until it is answered.

A sender trusts nothing but an answer that echoes its control id (MSA-2). It resends the same bytes, so the receiver
has to recognise them; that is how EHRs behave, and what makes losing an acknowledged message impossible from their
side.
"""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from interface.errors import InterfaceError, MessageError, UnansweredError, WireError
from interface.hl7.ack import Ack, AckCode, read_ack
from interface.hl7.framing import Deframer, Frame, wrap
from interface.hl7.header import read_header
from interface.simulate.sent import WHOLE, Sent, Shape

_FIRST_WAIT_SECS = 0.05
_MAX_WAIT_SECS = 2.0
_BETWEEN_CUTS_SECS = 0.001  # long enough for the peer's read to return with the first part
_READ_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Answered:
    """One message and what came back: MSA-1, how often it was written, seconds from first write to answer."""

    control_id: str
    code: AckCode
    attempts: int
    secs: float


@dataclass(slots=True)
class Counts:
    """What a sender did. `strays` are answers that cannot be read or echo no control id in flight."""

    accepted: int = 0
    refused: int = 0
    resent: int = 0
    connections: int = 0
    strays: int = 0

    @property
    def answered(self) -> int:
        """Messages with an answer, of whatever kind."""
        return self.accepted + self.refused


@dataclass(slots=True)
class _Flight:
    """A message between its first write and its answer."""

    control_id: str
    content: bytes
    shape: Shape
    began: float
    attempts: int = 0
    ack: Ack | None = None


class Sender:
    """One connection to a receiver, made at the first send and made again, with back-off, whenever it is lost.

    Not for use from several threads. `send` raises WireError `peer-unreachable` when no connection could be made
    within `give_up_secs`, and UnansweredError `no-answer` when the message was written and nothing valid came back
    in that time.
    """

    def __init__(self, host: str, port: int, *, reply_timeout_secs: float = 10.0, give_up_secs: float = 30.0) -> None:
        self.counts = Counts()
        self.answers: list[Answered] = []
        self._address = (host, port)
        self._reply_timeout_secs = reply_timeout_secs
        self._give_up_secs = give_up_secs
        self._socket: socket.socket | None = None
        self._deframer = Deframer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, content: bytes, shape: Shape = WHOLE) -> Ack:
        """Send one message, `content` without MLLP bytes, and return its answer."""
        return self._fly([_Flight(control_id_of(content), content, shape, time.perf_counter())])[0]

    def send_joined(self, group: Sequence[Sent]) -> list[Ack]:
        """Send several messages in one write and return their answers in the same order."""
        began = time.perf_counter()
        return self._fly([_Flight(sent.control_id, sent.content, sent.shape, began) for sent in group])

    def close(self) -> None:
        """Give the connection up; the next send makes a new one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _fly(self, flights: list[_Flight]) -> list[Ack]:
        give_up_at = time.monotonic() + self._give_up_secs
        wait_secs = _FIRST_WAIT_SECS
        while True:
            try:
                self._exchange([flight for flight in flights if flight.ack is None])
                return [flight.ack for flight in flights if flight.ack is not None]
            except OSError as error:
                # An answer to this attempt may still come: it must not meet the next attempt on the same socket.
                self.close()
                if time.monotonic() + wait_secs > give_up_at:
                    raise self._failure(was_written=any(flight.attempts for flight in flights)) from error
            time.sleep(wait_secs)
            wait_secs = min(2 * wait_secs, _MAX_WAIT_SECS)

    def _exchange(self, flights: list[_Flight]) -> None:
        """Write the frames and read until each is answered; OSError (time-outs included) when that fails."""
        connection = self._socket or self._connect()
        for flight in flights:
            flight.attempts += 1
            self.counts.resent += flight.attempts > 1
        _write(connection, flights)
        deadline = time.monotonic() + self._reply_timeout_secs
        waiting = list(flights)
        while waiting:
            left_secs = deadline - time.monotonic()
            if left_secs <= 0:  # strays alone must not keep us waiting
                raise TimeoutError("no answer in time")
            connection.settimeout(left_secs)
            read = connection.recv(_READ_BYTES)
            if not read:
                raise ConnectionResetError("closed before answering")
            for item in self._deframer.feed(read):
                if isinstance(item, Frame):
                    self._take(item.content, waiting)

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=self._reply_timeout_secs)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket, self._deframer = connection, Deframer()
        self.counts.connections += 1
        return connection

    def _take(self, content: bytes, waiting: list[_Flight]) -> None:
        try:
            ack = read_ack(content)
        except MessageError:
            self.counts.strays += 1
            return
        flight = next((flight for flight in waiting if flight.control_id == ack.control_id), None)
        if flight is None:
            self.counts.strays += 1
            return
        waiting.remove(flight)
        flight.ack = ack
        answered = Answered(flight.control_id, ack.code, flight.attempts, time.perf_counter() - flight.began)
        self.answers.append(answered)
        self.counts.accepted += ack.code.is_positive
        self.counts.refused += not ack.code.is_positive

    def _failure(self, *, was_written: bool) -> InterfaceError:
        place = f"{self._address[0]}:{self._address[1]}"
        if was_written:
            return UnansweredError("no-answer", "the receiver gave no valid answer in time", place=place)
        return WireError(
            "peer-unreachable", "no connection could be made in time", place=place, advice="is it listening?"
        )


def control_id_of(content: bytes) -> str:
    """Return MSH-10 of a message, BHS-11 (else FHS-11) of a batch, empty when there is none; reads the header only."""
    if content[:3] in (b"FHS", b"BHS"):
        return read_header(content).control_id
    fields = content[:1024].partition(b"\r")[0].split(content[3:4], 10)
    return fields[9].decode("latin-1") if len(fields) > 9 else ""


def _write(connection: socket.socket, flights: list[_Flight]) -> None:
    """Write all frames as one stream of bytes, pausing where a shape says so."""
    stream = bytearray()
    for flight in flights:
        shape = flight.shape
        frame = wrap(flight.content)
        stream += shape.noise
        written = 0
        for cut in shape.cuts:
            stream += frame[written:cut]
            connection.sendall(stream)
            time.sleep(_BETWEEN_CUTS_SECS)
            stream.clear()
            written = cut
        stream += frame[written:-1] if shape.bare_end else frame[written:]
    connection.sendall(stream)
