"""An engine started as processes of its own, as a person would, and ended again."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from interface.errors import InterfaceError

_POLL_SECS = 0.1


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def engine(
    home: Path, root: Path, environ: Mapping[str, str], wait_secs: float, ports: Iterable[int]
) -> Iterator[None]:
    """The engine as its own processes, listening on these ports; its log goes to a file in its home."""
    command = [str(Path(sys.executable).with_name("hp24")), "--home", str(home), "--root", str(root), "run"]
    with (home / "engine.log").open("wb") as log:
        process = subprocess.Popen(command, env=dict(environ), stdout=log, stderr=log, start_new_session=True)
        try:
            for port in ports:
                _await_listener(process, port, wait_secs, home / "engine.log")
            yield
        finally:
            process.terminate()
            try:
                process.wait(wait_secs)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_listener(process: "subprocess.Popen[bytes]", port: int, wait_secs: float, log: Path) -> None:
    deadline = time.monotonic() + wait_secs
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            time.sleep(_POLL_SECS)
        else:
            return
    tail = log.read_text(errors="replace").splitlines()[-5:]
    raise InterfaceError("engine-did-not-start", "the engine does not listen; its last words: " + " / ".join(tail))
