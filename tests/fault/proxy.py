"""The network between an engine and its database server, as bad as a test wants: through, hanging, cut, or refusing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_STEP_SECS = 0.05


class Network:
    """Carries connections from a port of loopback to a server's Unix socket."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._flows = threading.Event()
        self._flows.set()
        self._takes = True
        self._is_over = False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.settimeout(_STEP_SECS)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def hang(self) -> None:
        """Take everything and carry nothing: no error, no answer."""
        self._flows.clear()

    def cut(self) -> None:
        """End every connection and take none."""
        self._takes = False
        for pair in self._pairs:
            for one in pair:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        self._flows.set()

    def mend(self) -> None:
        """Be a network again."""
        self._takes = True
        self._flows.set()

    def close(self) -> None:
        self._is_over = True
        self._threads[0].join()
        self._listener.close()
        self.cut()
        for thread in self._threads[1:]:
            thread.join()
        for pair in self._pairs:
            for one in pair:
                one.close()

    def _accept(self) -> None:
        while not self._is_over:
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            if not self._takes:
                near.close()
                continue
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._server)
            self._pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                thread = threading.Thread(target=self._carry, args=(source, sink), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while read := source.recv(65536):
                self._flows.wait()
                sink.sendall(read)
        except OSError:
            pass
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def network(server: str) -> Iterator[Network]:
    """A network for the length of a test."""
    running = Network(server)
    try:
        yield running
    finally:
        running.close()
