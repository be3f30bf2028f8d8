"""Runs traffic of any kind against an engine while a program's blows fall, until everything has been answered and run."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from tests.crash.program import Blow, Program, Victim
from tests.engine.harness import Engine
from tests.engine.processes import wait_until

FINISH_SECS = 90.0


class Traffic(Protocol):
    """One kind of load, and what it knows afterwards of how the engine must stand.

    `send` may use threads of its own; it returns when everything it had was answered, however often it had to be sent, and calls
    `answered` for each answer. `differences` looks when nothing is under way any more.
    """

    def send(self, engine: Engine, answered: Callable[[], None]) -> None: ...
    def is_settled(self, engine: Engine) -> bool: ...
    def differences(self, engine: Engine) -> Iterator[str]: ...


class _Score:
    """Answers counted over all traffic, for the blows to wait for."""

    def __init__(self) -> None:
        self._answers = 0
        self._changed = threading.Condition()
        self.is_over = False

    def add(self) -> None:
        with self._changed:
            self._answers += 1
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self.is_over = True
            self._changed.notify_all()

    def await_answers(self, number: int) -> bool:
        """Wait for so many answers; False where the traffic ended before."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: self._answers >= number or self.is_over, FINISH_SECS)
            assert arrived, f"{self._answers} of {number} answers within {FINISH_SECS:g} s"
            return not self.is_over


def drive(program: Program, engine: Engine, traffic: Sequence[Traffic]) -> int:
    """Run the program to its end; gives how many blows fell. What traffic raised is raised again."""
    score = _Score()
    failures: list[BaseException] = []

    def send(one: Traffic) -> None:
        try:
            one.send(engine, score.add)
        except BaseException as failure:  # noqa: BLE001 - the edge of a thread: raised again below
            failures.append(failure)
            score.end()

    threads = [threading.Thread(target=send, args=(one,), daemon=True) for one in traffic]
    for thread in threads:
        thread.start()
    fallen = sum(1 for blow in program.blows if score.await_answers(blow.after_answers) and _strike(engine, blow))
    for thread in threads:
        thread.join(FINISH_SECS)
    if failures:
        raise failures[0]
    assert not any(thread.is_alive() for thread in threads), "traffic is not answered to its end"
    engine.await_idle()
    wait_until(lambda: all(one.is_settled(engine) for one in traffic), "everything came to rest")
    return fallen


def _strike(engine: Engine, blow: Blow) -> bool:
    time.sleep(blow.wait_secs)  # part of the program, not a wait for something
    if blow.victim is Victim.ENGINE:
        engine.kill()
        engine.start(is_awaited=False)  # the next blow may fall while it starts; senders find out by trying
        return True
    return bool(engine.kill_part(blow.victim))


def check(program: Program, engine: Engine, traffic: Sequence[Traffic]) -> None:
    """Fail with everything that is not as the traffic knows it must be, and with the seed that does it again."""
    found = [difference for one in traffic for difference in one.differences(engine)]
    assert not found, f"seed {program.seed} (HP24_CRASH_SEED={program.seed} replays it): {found[:20]}"
