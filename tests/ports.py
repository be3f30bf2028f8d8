"""Ports for what tests start and start again.

They lie below the range that the system gives to outgoing connections, and are kept bound, though nobody listens: an engine that
is started again must not find that a connection, or a test in another process, was given its port meanwhile, and no test must
meet another one's engine.
"""

import os
import random
import socket
from collections import deque

_FIRST, _LAST = 20_000, 32_000
_chance = random.Random(os.getpid())
_given: set[int] = set()
_MOST_KEPT = 400  # a process may have 1,024 files
_kept: deque[socket.socket] = deque()


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody has now, in any process, and that this process was not given before."""
    ports: list[int] = []
    while len(ports) < count:
        port = _chance.randrange(_FIRST, _LAST)
        if port not in _given and _is_kept(port):
            _given.add(port)
            ports.append(port)
    return ports


def free_port() -> int:
    """One of them."""
    return free_ports(1)[0]


def _is_kept(port: int) -> bool:
    keeping = socket.socket()
    try:
        keeping.bind(("127.0.0.1", port))  # alone: where anybody has it, even one who would share it, this fails
    except OSError:
        keeping.close()
        return False
    # From here on shared with whoever listens there; all servers that tests start ask for that.
    keeping.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if len(_kept) == _MOST_KEPT:
        _kept.popleft().close()
    _kept.append(keeping)
    return True
