"""Runs traffic of any kind against an engine while a program's blows fall, until everything has been answered and has settled."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.crash.part import Traffic
from tests.crash.program import Program
from tests.crash.seen import Seen, StoreAwayError
from tests.crash.world import World
from tests.engine.harness import Engine
from tests.engine.processes import wait_until

FINISH_SECS = 120.0
_LOOK_SECS = 0.25


class _Score:
    """Steps counted over all traffic, for the blows to wait for."""

    def __init__(self) -> None:
        self._steps = 0
        self._changed = threading.Condition()
        self._is_over = False

    def add(self, steps: int) -> None:
        with self._changed:
            self._steps += steps
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def await_steps(self, number: int) -> bool:
        """Wait for so many steps; False where the traffic ended before."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: self._steps >= number or self._is_over, FINISH_SECS)
            assert arrived, f"{self._steps} of {number} steps within {FINISH_SECS:g} s"
            return not self._is_over


@dataclass(frozen=True, slots=True)
class Driven:
    """How many blows fell, and whether the engine came to rest in time."""

    fallen: int
    is_settled: bool


def drive(program: Program, world: World, traffic: Sequence[Traffic], *, settle_secs: float = FINISH_SECS) -> Driven:
    """Run the program to its end. What traffic raised is raised again."""
    score = _Score()
    failures: list[BaseException] = []
    left = len(traffic)

    def send(one: Traffic) -> None:
        nonlocal left
        try:
            one.send(world, score.add)
        except BaseException as failure:  # noqa: BLE001 - the edge of a thread: raised again below
            failures.append(failure)
            score.end()
        left -= 1
        if not left:
            score.end()

    threads = [threading.Thread(target=send, args=(one,), daemon=True) for one in traffic]
    with _kept_running(world.engine):
        for thread in threads:
            thread.start()
        fallen = _strike(program, world, score)
        for thread in threads:
            thread.join(FINISH_SECS)
        if failures:
            raise failures[0]
        assert not any(thread.is_alive() for thread in threads), "traffic is not answered to its end"
        return Driven(fallen, _comes_to_rest(world, traffic, settle_secs))


def _strike(program: Program, world: World, score: _Score) -> int:
    """Let the blows fall; gives how many did before the traffic ended."""
    for fallen, blow in enumerate(program.blows):
        if not score.await_steps(blow.after_steps):
            return fallen
        time.sleep(blow.wait_secs)  # part of the program, not a wait for something
        blow.fault.strike(world)
    return len(program.blows)


@contextmanager
def _kept_running(engine: Engine) -> Iterator[None]:
    """An engine that cannot start, for its database is away, ends; whoever runs services starts it again."""
    stopping = threading.Event()

    def keep() -> None:
        while not stopping.wait(_LOOK_SECS):
            engine.start_again()

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        keeper.join()


def _comes_to_rest(world: World, traffic: Sequence[Traffic], settle_secs: float) -> bool:
    """Wait until the engine has nothing left to do; False where it still has something then."""

    def is_settled() -> bool:
        try:
            with Seen(world.engine) as seen:
                return all(one.is_settled(seen) for one in traffic)
        except StoreAwayError:
            return False

    wait_until(world.engine.is_listening, "the engine listens", secs=FINISH_SECS)
    deadline = time.monotonic() + settle_secs
    while not is_settled():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_SECS)
    return True


def differences(world: World, traffic: Sequence[Traffic], driven: Driven) -> list[str]:
    """Everything that is not as the traffic knows it must be."""
    unsettled = [] if driven.is_settled else ["the engine did not come to rest"]
    with Seen(world.engine) as seen:
        return unsettled + [
            found for one in traffic for check in one.checks(world) for found in check.differences(seen)
        ]
