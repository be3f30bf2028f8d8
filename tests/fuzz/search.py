"""Looks for inputs that do something new, and for any that break a property: seeded, so that a run can be made again."""

import itertools
import random
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.mutate import mutated
from tests.fuzz.target import Signature, Target

_LIMIT_SECS = 1.0  # of processor time for one input; usual are fractions of a millisecond
_LOOK_AT_TIME_EVERY = 2000
_UNIT_BYTES = 64
_SMALL, _LARGE = 8_192, 32_768
_NOISE_SECS = 0.05  # of processor time; below it nothing is said
_QUADRATIC = 10.0  # four times the bytes: 4 where the time grows with them, 16 where with their square


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that broke something. `where` is the line that raised: one finding for each."""

    target: str
    data: bytes
    where: str
    what: str


@dataclass(slots=True)
class Found:
    """What a search did."""

    executions: int = 0
    secs: float = 0.0
    kept: list[bytes] = field(default_factory=list)
    findings: dict[str, Finding] = field(default_factory=dict)


def search(
    target: Target,
    corpus: Iterable[bytes],
    *,
    seed: int,
    executions: int | None = None,
    secs: float | None = None,
    stops: Callable[[Found], bool] = lambda _found: False,
) -> Found:
    """Run the seeds and the corpus, then change what was kept, until a budget is spent (`secs` of processor time)."""
    chance = random.Random(f"{seed} {target.name}")
    found, seen, pool = Found(), set[str](), list[bytes]()
    began = time.process_time()
    fresh = [*target.seeds, *corpus]
    for number in itertools.count():
        if executions is not None and number >= executions + len(fresh):
            break
        if secs is not None and number >= len(fresh) and time.process_time() - began >= secs:
            break
        data = fresh[number] if number < len(fresh) else mutated(chance.choice(pool), chance, target.tokens, pool)
        signature = run_one(target, data, found)
        if signature is not None and not signature <= seen:
            seen |= signature
            pool.append(data)
            if number >= len(fresh):
                found.kept.append(data)
        if number % _LOOK_AT_TIME_EVERY == _LOOK_AT_TIME_EVERY - 1:
            look_at_time(target, chance.choice(pool), chance, found)
        if stops(found):
            break
        pool = pool or [b""]
    found.secs = time.process_time() - began
    return found


def run_one(target: Target, data: bytes, found: Found) -> Signature | None:
    """One execution; None where it broke something, which is noted."""
    found.executions += 1
    try:
        with _limited():
            return target.check(data)
    except Exception as broken:  # noqa: BLE001 - whatever comes out of a check is a finding
        note(found, target, data, broken)
        return None


class TooSlowError(Exception):
    """One input took longer than any may."""


@contextmanager
def _limited() -> Iterator[None]:
    """A limit of processor time for what may otherwise never end. Regular expressions look for signals, too."""

    def stop(_number: int, _frame: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, _LIMIT_SECS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def note(found: Found, target: Target, data: bytes, broken: BaseException) -> None:
    """Keep the shortest input for each place that raises."""
    frame = traceback.extract_tb(broken.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    known = found.findings.get(where)
    if known is None or len(data) < len(known.data):
        found.findings[where] = Finding(target.name, data, where, f"{type(broken).__name__}: {str(broken)[:200]}")


def look_at_time(target: Target, data: bytes, chance: random.Random, found: Found) -> None:
    """Whether the time for a piece of the input, repeated, grows with the square of its size."""
    start = chance.randint(0, max(0, len(data) - 1))
    unit = data[start : start + chance.randint(1, _UNIT_BYTES)] or b"A"
    lead = data[: chance.choice((0, start))]
    small, large = (lead + unit * (size // len(unit)) for size in (_SMALL, _LARGE))
    if _is_quadratic(target, small, large, 1) and _is_quadratic(target, small, large, 3):
        what = f"{len(large) // len(small)} times the bytes take more than {_QUADRATIC:g} times as long"
        found.findings[f"time of {target.name}"] = Finding(target.name, large, f"time of {target.name}", what)


def _is_quadratic(target: Target, small: bytes, large: bytes, times: int) -> bool:
    """The best of some: a busy machine makes any single one long."""
    took = min(_secs_of(target, large) for _ in range(times))
    return took > _NOISE_SECS and took > _QUADRATIC * max(min(_secs_of(target, small) for _ in range(times)), 0.001)


def _secs_of(target: Target, data: bytes) -> float:
    began = time.process_time()
    run_one(target, data, Found())
    return time.process_time() - began
