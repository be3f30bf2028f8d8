"""Ports that tests are given: another process cannot have them, and whoever is to listen there can."""

import socket
import subprocess
import sys

import pytest

from tests.ports import _is_kept, free_port


def test_a_port_that_was_given_is_free_for_nobody_else() -> None:
    port = free_port()
    asked = subprocess.run(
        [sys.executable, "-c", f"import socket; socket.socket().bind(('127.0.0.1', {port}))"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Address already in use" in asked.stderr
    assert not _is_kept(port)


def test_nobody_answers_there_until_somebody_listens() -> None:
    port = free_port()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    with socket.create_server(("127.0.0.1", port)):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
