"""Which processes of an engine are alive: to the last thread, for a listener is open as long as one of them runs."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.processes import kill_all, processes_of, wait_until

# The first thread ends and the other one does not, as for a moment in any process that is killed.
HALF_GONE = """
import ctypes, socket, threading, time
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_is_gone_when_its_last_thread_is(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HALF_GONE, "--home", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as half_gone:
        assert half_gone.stdout is not None
        port = int(half_gone.stdout.readline())
        first = Path("/proc") / str(half_gone.pid) / "stat"
        wait_until(lambda: ") Z " in first.read_text(), "the first thread has ended")
        assert list(processes_of(tmp_path)) == [half_gone.pid]
        kill_all(tmp_path)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=5)
