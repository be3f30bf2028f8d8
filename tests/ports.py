"""Ports for what tests start and start again.

They lie below the range that the system gives to outgoing connections: an engine that is started again must not find that some
connection was given its port meanwhile.
"""

import os
import random
import socket

_FIRST, _LAST = 20_000, 32_000
_chance = random.Random(os.getpid())
_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on now, and that this process was not given before."""
    ports: list[int] = []
    while len(ports) < count:
        port = _chance.randrange(_FIRST, _LAST)
        if port not in _given and _is_free(port):
            _given.add(port)
            ports.append(port)
    return ports


def free_port() -> int:
    """One of them."""
    return free_ports(1)[0]


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
