"""What happens to an engine under load, drawn from a seed: the same seed gives the same blows at the same points of the traffic.

Points are counted in answers, so that a slow machine is hit at the same stage of the work as a fast one; the wait after a point
(a fraction of a commit's length up to several) makes the instant within that stage fall anywhere.
"""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Victim(StrEnum):
    """What is killed with SIGKILL."""

    ENGINE = "engine"  # every process at once; started again from outside
    LISTEN = "listen"  # one part; its supervisor starts it again
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Blow:
    """Kill `victim`, `wait_secs` after so many answers were given in all."""

    after_answers: int
    wait_secs: float
    victim: Victim


@dataclass(frozen=True, slots=True)
class Program:
    """The blows of one run, in order."""

    seed: int
    blows: tuple[Blow, ...]


_LONGEST_WAIT_SECS = 0.05
_START_SECS = 2.0  # within which a second blow falls into a restart
_SECOND_BLOW_SHARE = 0.25


def draw(seed: int, *, blows: int, answers: int) -> Program:
    """`blows` blows spread over traffic that gets `answers` answers; each victim is hit, the whole engine at least once."""
    rng = Random(f"blows {seed}")
    victims = [Victim.ENGINE, Victim.LISTEN, Victim.PROCESS]
    victims += rng.choices(victims, k=max(0, blows - len(victims)))
    victims = victims[:blows]
    rng.shuffle(victims)
    step = answers / (blows + 1)
    drawn: list[Blow] = []
    for number, victim in enumerate(victims):
        if drawn and victim is Victim.ENGINE and rng.random() < _SECOND_BLOW_SHARE:
            # Right after the one before: while the engine starts and puts in order what that one left behind.
            drawn.append(Blow(drawn[-1].after_answers, rng.uniform(0, _START_SECS), victim))
        else:
            drawn.append(Blow(int((number + rng.random()) * step) + 1, rng.uniform(0, _LONGEST_WAIT_SECS), victim))
    return Program(seed, tuple(drawn))
