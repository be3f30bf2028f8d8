"""How soon a killed engine listens again while it has a backlog to process."""

import time
from collections.abc import Callable

from tests.bench.engine import Place
from tests.bench.scale.grow import send
from tests.engine.processes import kill_all

_TIMES = 3
_STRETCH = 10_000


def pile_up(place: Place, backlog: int, tell: Callable[[int], None]) -> None:
    """Receive so many messages with nothing that processes them."""
    with place.running("listen") as engine:
        for stored in range(0, backlog, _STRETCH):
            send(engine.port, min(_STRETCH, backlog - stored))
            tell(stored + _STRETCH)


def restarts(place: Place) -> list[float]:
    """Seconds from the command until connections are taken, each time after the engine was killed at work."""
    waits: list[float] = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        with place.running() as engine:
            waits.append(time.perf_counter() - begun)
            kill_all(engine.app.home)
    return waits
