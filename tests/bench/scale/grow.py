"""Growing a store through the engine's own door, and what a message costs on the way."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from tests.bench import load, usage
from tests.bench.engine import Engine
from tests.bench.server import ServerFailedError

PATIENTS = 50_000
CONNECTIONS = 32
_FIRST = (10_000, 10_000, 30_000, 50_000)  # the curve begins finely, where it could bend
_STEP = 50_000
_MIB = 2**20
Tell = Callable[[int], None]  # messages that are stored


@dataclass(frozen=True, slots=True)
class Point:
    """The store after one stretch of messages, and what each message of the stretch cost."""

    stored: int
    messages: int  # of the stretch
    seconds: float  # until the last of the stretch was in the ledger
    p99_ms: float  # a sender's wait
    cpu_secs: dict[str, float]  # by part
    memory_mib: dict[str, float]  # resident, by part
    bytes: int  # of the whole database without its write-ahead log

    @property
    def micros_per_message(self) -> float:
        """Time from the first byte until processed, of all messages of the stretch together, for one."""
        return self.seconds / self.messages * 1e6

    @property
    def cpu_micros_per_message(self) -> float:
        """Processor time of all parts and the database for one message, whatever else the machine does."""
        return sum(self.cpu_secs.values()) / self.messages * 1e6


def stretches(total: int) -> Iterator[int]:
    """How many messages to send between two measurements, `total` in all."""
    left = total
    for size in _FIRST:
        if left > 0:
            yield min(size, left)
            left -= size
    while left > 0:
        yield min(_STEP, left)
        left -= _STEP


def grow(engine: Engine, database_url: str, total: int, tell: Tell) -> list[Point]:
    """Send and process until `total` messages are stored; a point for each stretch."""
    points: list[Point] = []
    stored = 0
    for messages in stretches(total):
        before, begun = usage.cpu_secs(), time.perf_counter()
        met = send(engine.port, messages)
        stored += messages
        engine.await_processed(stored)
        seconds = time.perf_counter() - begun
        spent = {part: secs - before.get(part, 0.0) for part, secs in usage.cpu_secs().items() if part != usage.ENDED}
        size = usage.stored_bytes(database_url)
        points.append(Point(stored, messages, seconds, met.p99_ms, spent, resident_mib(), size))
        tell(stored)
    return points


def send(port: int, messages: int) -> load.Load:
    """New messages; every one must be answered well."""
    prefix = f"S{time.time_ns() // 1_000_000 % 10**9}"
    met = load.send(port, CONNECTIONS, messages, prefix, patients=PATIENTS)
    if met.refused or met.errors or met.messages != messages:
        raise ServerFailedError(f"of {messages} messages {met.refused} were refused, {met.errors} connections failed")
    return met


def resident_mib() -> dict[str, float]:
    """Resident memory of the engine's parts."""
    held: dict[str, float] = {}
    for process in psutil.Process().children(recursive=True):
        try:
            part = usage.part_of(process.cmdline(), process.name())
            if part in usage.PARTS:
                held[part] = held.get(part, 0.0) + process.memory_info().rss / _MIB
        except psutil.NoSuchProcess:
            continue
    return held
