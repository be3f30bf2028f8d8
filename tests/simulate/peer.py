"""A receiver of HL7 over real sockets that is not ours: framing by hand, answers by python-hl7, one reply rule per test."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import hl7

Reply = Callable[[bytes, int], bytes | None]
"""From a message and its running number to the bytes to write; None closes the connection."""


def positive(content: bytes, _number: int) -> bytes:
    """Answer AA."""
    return answer(content, "AA")


def answer(content: bytes, code: str) -> bytes:
    """Return a framed acknowledgement worded by python-hl7."""
    text = content.decode("utf-8", "replace").replace("\n", "\r")
    return b"\x0b" + str(hl7.parse(text).create_ack(code)).encode() + b"\x1c\r"


class Peer:
    """Takes connections one after the other or at once; `messages` in order of arrival, with the number of connections."""

    def __init__(self, reply: Reply) -> None:
        self.messages: list[bytes] = []
        self.by_connection: list[list[bytes]] = []
        self.reads: list[bytes] = []
        self._reply = reply
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self._open: list[socket.socket] = []
        self._stopping = False
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def stop(self) -> None:
        self._stopping = True
        self._threads[0].join()
        self._listener.close()
        for connection in self._open:
            with_shutdown(connection)
        for thread in self._threads[1:]:
            thread.join()

    def _listen(self) -> None:
        while not self._stopping:
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(None)
            mine: list[bytes] = []
            self.by_connection.append(mine)
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection, mine), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, mine: list[bytes]) -> None:
        buffer = b""
        with connection:
            try:
                while read := connection.recv(65536):
                    self.reads.append(read)
                    buffer += read
                    while b"\x1c" in buffer:
                        block, _, buffer = buffer.partition(b"\x1c")
                        content = block.partition(b"\x0b")[2]
                        with self._lock:
                            self.messages.append(content)
                            mine.append(content)
                            number = len(self.messages)
                        reply = self._reply(content, number)
                        if reply is None:
                            return
                        connection.sendall(reply)
            except OSError:
                return


def with_shutdown(connection: socket.socket) -> None:
    """Wake a reader of the connection, if it is open still."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


@contextmanager
def peer(reply: Reply = positive) -> Iterator[Peer]:
    """A peer for the length of a test."""
    running = Peer(reply)
    try:
        yield running
    finally:
        running.stop()
