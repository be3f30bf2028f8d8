"""The receiving EHR: an MLLP server on threads of its own that takes payments (DFT^P03), books them and answers.

How it answers can be changed while it runs, down to not answering at all, and `record` tells what it received,
answered and booked; that record, not the engine's, is the evidence for or against a payment posted twice.
"""

import itertools
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from interface.errors import WireError
from interface.hl7.ack import AckCode
from interface.hl7.framing import Deframer, Frame, wrap
from interface.hl7.problem import ErrorCode
from interface.simulate.answer import Answer, plan_answers, word_answer
from interface.simulate.behaviour import Behaviour, Manner, Script
from interface.simulate.books import PROBE, Books, Fault, Journal
from interface.simulate.echo import Echo, wall_clock
from interface.simulate.hospital import Hospital
from interface.simulate.incoming import Incoming, read_incoming
from interface.simulate.outbox import Outbox

_LOOK_SECS = 0.1  # how soon the listener notices that it is to stop
_REPLY_AFTER_SECS = 0.05  # lets the accept acknowledgement go first, on its own connection


@dataclass(frozen=True, slots=True)
class Reception:
    """What came in and went out so far. `received` counts by message type, `answered` by MSA-1 of what was written.

    `accepted` are payment messages answered AA or CA, `unanswered` messages of any type that got no answer,
    `turned_away` connections closed because too many were open. `journal` is what was booked.
    """

    received: Mapping[str, int]
    answered: Mapping[AckCode, int]
    accepted: int
    unanswered: int
    connections: int
    turned_away: int
    journal: Journal


def _listener(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise WireError(
            "cannot-listen",
            f"the address cannot be had ({os.strerror(error.errno) if error.errno and error.errno > 0 else 'no such host'})",
            place=f"{host}:{port}",
            advice="give another port, or stop the program that holds it",
        ) from error


class Receiver:
    """A receiving EHR on `host:port`; port 0 takes a free one, see `port`. A context manager, or `start` and `stop`.

    With a `hospital`, payments must name its patients and accounts, and change its balances. `echo`, of the same
    hospital, tells of booked payments. `replies` carries application acknowledgements of messages that ask for them in
    enhanced mode (MSH-16). `max_sessions` limits open connections: one more is closed at once. The last three may be
    set while it runs; whoever made echo and replies ends them. WireError `cannot-listen` where the address is taken.
    """

    def __init__(
        self,
        hospital: Hospital | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        max_sessions: int | None = None,
        deduplicates: bool = True,
        echo: Echo | None = None,
        replies: Outbox | None = None,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        self.max_sessions = max_sessions
        self.echo = echo
        self.replies = replies
        self._clock = clock
        self._books = Books(hospital, clock, deduplicates=deduplicates)
        self._lock = threading.Lock()
        self._script = Script()
        self._received: Counter[str] = Counter()
        self._answered: Counter[AckCode] = Counter()
        self._accepted = self._unanswered = self._connections = self._turned_away = 0
        self._numbers = itertools.count(1)
        self._stopping = threading.Event()
        self._sessions: dict[socket.socket, threading.Thread] = {}
        self._listener = _listener(host, port)
        self._listener.settimeout(_LOOK_SECS)
        self._thread = threading.Thread(target=self._listen, name="receiving EHR", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listener.getsockname()[1])

    @property
    def record(self) -> Reception:
        """A snapshot of what happened so far."""
        with self._lock:
            return Reception(
                received=dict(self._received),
                answered=dict(+self._answered),  # a count taken back leaves no trace
                accepted=self._accepted,
                unanswered=self._unanswered,
                connections=self._connections,
                turned_away=self._turned_away,
                journal=self._books.journal(),
            )

    def behave(
        self,
        behaviour: Behaviour | str,
        *,
        count: int | None = None,
        secs: float = 1.0,
        books: bool = True,
        error: ErrorCode = ErrorCode.UNKNOWN_KEY,
    ) -> None:
        """From now on, treat messages so; with a `count`, only that many, after those of earlier calls with a count.

        Without a count the behaviour stands until changed and whatever was left of counted ones is forgotten.
        """
        manner = Manner(Behaviour(behaviour), secs, books, error)
        if count is None:
            self._script.stand(manner)
        else:
            self._script.add(manner, count)

    def start(self) -> Self:
        """Begin to take connections."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End all connections and the listener."""
        self._stopping.set()
        self._thread.join()
        self._listener.close()
        with self._lock:
            sessions = dict(self._sessions)
        for connection, thread in sessions.items():
            _hang_up(connection)
            thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        thread = threading.Thread(target=self._serve, args=(connection,), name="receiving EHR session", daemon=True)
        with self._lock:
            self._connections += 1
            if self.max_sessions is not None and len(self._sessions) >= self.max_sessions:
                self._turned_away += 1
                connection.close()
                return
            self._sessions[connection] = thread
        thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        deframer = Deframer()
        try:
            while read := connection.recv(65536):
                for item in deframer.feed(read):
                    if isinstance(item, Frame) and not self._take(connection, item.content):
                        return
        except OSError:
            return  # the peer is gone; what it did not hear is its own affair
        finally:
            with self._lock:
                self._sessions.pop(connection, None)
            connection.close()

    def _take(self, connection: socket.socket, content: bytes) -> bool:
        """Receive one message and answer it in the manner of the moment; False ends the connection."""
        incoming, manner = read_incoming(content), self._script.next()
        is_mute = manner.behaviour in (Behaviour.SILENT, Behaviour.CLOSE)
        with self._lock:
            self._received[incoming.message_type] += 1
            self._unanswered += is_mute
            code, fault = self._judge(incoming, manner)
        if manner.behaviour is Behaviour.LATE:
            self._stopping.wait(manner.secs)
        if not is_mute:
            answered = incoming.control_id
            if manner.behaviour is Behaviour.WRONG_CONTROL_ID:
                answered += "X"
            self._answer(connection, incoming, code, answered, fault)
        return manner.behaviour is not Behaviour.CLOSE

    def _judge(self, incoming: Incoming, manner: Manner) -> tuple[AckCode, Fault | None]:
        """Decide on a message, and book it where it is to be booked."""
        if manner.behaviour is Behaviour.ERROR:
            return AckCode.AE, Fault(manner.error, "MSH^1")
        if manner.behaviour is Behaviour.REJECT:
            return AckCode.AR, Fault(manner.error, "MSH^1")
        fault = self._books.check(incoming)
        if fault is not None:
            is_foreign = fault.code is ErrorCode.UNSUPPORTED_MESSAGE_TYPE and incoming.message_type != PROBE
            return (AckCode.AR if is_foreign else AckCode.AE), fault
        if manner.books or manner.behaviour is Behaviour.ACCEPT:
            for posting in self._books.book(incoming):
                if self.echo is not None:
                    self.echo.tell(posting)
        return AckCode.AA, None

    def _answer(
        self, connection: socket.socket, incoming: Incoming, code: AckCode, answered: str, fault: Fault | None
    ) -> None:
        replies = self.replies
        now, later = plan_answers(incoming, code, answered, fault, has_replies=replies is not None)
        if later is not None and replies is not None:
            replies.put(_REPLY_AFTER_SECS, lambda: self._word(incoming, later))
        if now is not None:
            # Counted first: whoever has the answer may look at the record at once.
            self._count(incoming, now.code, 1)
            try:
                connection.sendall(wrap(self._word(incoming, now)))
            except OSError:
                self._count(incoming, now.code, -1)
                raise

    def _count(self, incoming: Incoming, code: AckCode, number: int) -> None:
        with self._lock:
            self._answered[code] += number
            if incoming.message_type == "DFT^P03" and code.is_positive:
                self._accepted += number

    def _word(self, incoming: Incoming, answer: Answer) -> bytes:
        return word_answer(incoming, answer, control_id=f"E{next(self._numbers):09d}", at=self._clock())


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # gone already
