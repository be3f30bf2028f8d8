"""Server processes under test: started, awaited until they listen, stopped."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

START_SECS = 30
STOP_SECS = 30
STEP_SECS = 0.05
QUOTED_CHARACTERS = 300  # of a server's complaint


class ServerFailedError(Exception):
    """A server did not start, stopped by itself, answered wrongly, or did not get through its backlog."""


@contextmanager
def serving(
    command: Sequence[str], ports: Sequence[int], log: Path, environment: Mapping[str, str] = os.environ
) -> Iterator[None]:
    """Run `command` until the block ends; it begins once all `ports` accept connections. Output goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        for port in ports:
            _await_listener(process, port, log)
        yield
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the server to end; one that does not is killed with the processes that it started."""
    process.terminate()
    try:
        process.wait(STOP_SECS)
    except subprocess.TimeoutExpired:
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in family:
            child.kill()
        process.wait()


def _await_listener(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                complaint = log.read_text(errors="replace").strip()[-QUOTED_CHARACTERS:]
                raise ServerFailedError(f"not listening: {complaint}") from None
        time.sleep(STEP_SECS)
