"""What a supervisor does about a part that says it cannot start: only at the first start does that end the others."""

import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import pytest

from interface.engine import supervise
from interface.engine.supervise import CANNOT_START, Supervisor


class Life:
    """A process that lives for so many looks, then has ended with a code."""

    pid = 1

    def __init__(self, looks: int, code: int) -> None:
        self._looks = looks
        self.returncode = code

    def poll(self) -> int | None:
        self._looks -= 1
        return None if self._looks >= 0 else self.returncode

    def terminate(self) -> None:
        self._looks = 0

    def wait(self) -> int:
        return self.returncode

    def close(self) -> None:
        return None


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The supervisor's own signals do not outlive a test, and no test waits for the pace of a real one."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(supervise, "_POLL_SECS", 0.001)
    monkeypatch.setattr(supervise, "_QUICK_SECS", 0.0)
    monkeypatch.setattr(supervise, "_FIRST_WAIT_SECS", 0.0)
    yield
    for number, action in before.items():
        signal.signal(number, action)


def spawning(lives: Sequence[Life]) -> Callable[..., Any]:
    """Gives these one after the other; with the last one comes the word to stop."""
    left = list(lives)

    def spawn(_name: str, _arguments: Sequence[str]) -> Life:
        if len(left) == 1:
            signal.raise_signal(signal.SIGTERM)
        return left.pop(0)

    return cast(Any, spawn)


def test_a_part_that_cannot_start_ends_the_engine() -> None:
    lives = (Life(0, CANNOT_START), Life(9, 0))
    assert Supervisor({"listen": ["listen"]}, 1.0, spawning(lives)).run() == CANNOT_START


def test_a_part_that_has_run_and_cannot_start_again_is_tried_again() -> None:
    lives = (Life(3, -9), Life(0, CANNOT_START), Life(9, 0))
    assert Supervisor({"listen": ["listen"]}, 1.0, spawning(lives)).run() == 0


def test_a_part_for_which_there_is_no_process_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "_MAX_WAIT_SECS", 0.0)
    plain, refusals = spawning((Life(9, 0),)), [OSError(11, "no more processes"), OSError(24, "no more files")]

    def spawn(*given: Any, **named: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return plain(*given, **named)

    assert Supervisor({"listen": ["listen"]}, 1.0, cast(Any, spawn)).run() == 0
    assert refusals == []
