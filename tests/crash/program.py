"""What happens to an engine under load, drawn from a seed: the same seed gives the same faults at the same points of the traffic.

Points are counted in steps of the traffic, which are answers, so that a slow machine is hit at the same stage of the work as a
fast one; the wait after a point (a fraction of a commit's length up to several) makes the instant within that stage fall
anywhere. So a seed repeats what was sent, what struck and in which order, and not the machine's own timing within a stage.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tests.crash.part import Fault

Draw = Callable[[Random], Fault]
"""How a kind of faults draws one."""


@dataclass(frozen=True, slots=True)
class Blow:
    """`fault` strikes `wait_secs` after so many steps of the traffic."""

    after_steps: int
    wait_secs: float
    fault: Fault


@dataclass(frozen=True, slots=True)
class Program:
    """The blows of one run, in order."""

    seed: int
    blows: tuple[Blow, ...]


_LONGEST_WAIT_SECS = 0.05
_START_SECS = 2.0  # within which a second blow falls into a restart
_SECOND_BLOW_SHARE = 0.2


def draw(seed: int, kinds: Sequence[Draw], *, blows: int, steps: int) -> Program:
    """`blows` blows spread over traffic of so many steps; as long as there are enough, each kind strikes."""
    rng = Random(f"blows {seed}")
    chosen = rng.sample(list(kinds), k=min(blows, len(kinds)))
    chosen += rng.choices(list(kinds), k=blows - len(chosen))
    rng.shuffle(chosen)
    stride = steps / (blows + 1)
    drawn: list[Blow] = []
    for number, kind in enumerate(chosen):
        fault = kind(rng)
        if drawn and rng.random() < _SECOND_BLOW_SHARE:
            # Right after the one before: while the engine starts and puts in order what that one left behind.
            drawn.append(Blow(drawn[-1].after_steps, rng.uniform(0, _START_SECS), fault))
        else:
            drawn.append(Blow(int((number + rng.random()) * stride) + 1, rng.uniform(0, _LONGEST_WAIT_SECS), fault))
    return Program(seed, tuple(drawn))
