"""The crash oracle finds the bugs that it is there for: each is planted into the engine from outside, and a run must see it."""

from pathlib import Path

import pytest

from interface.simulate.behaviour import Behaviour
from tests.crash.driver import differences, drive
from tests.crash.fault import FarSide, Kill, Pause, Victim
from tests.crash.oracle import SUITE, traffic_of
from tests.crash.part import Fault
from tests.crash.planted import planted
from tests.crash.program import Blow, Program
from tests.crash.world import world

SEED = 42
KILLS = tuple(Blow(steps, 0.01, Kill(Victim.ENGINE)) for steps in (30, 90, 150))
# While the EHR takes its time to answer what it has booked.
KILLED_WHILE_SENDING: tuple[Fault, ...] = (
    *(FarSide(place, Behaviour.LATE, 3, 1.5, books=True) for place in range(2)),
    *(Kill(Victim.PROCESS),) * 3,
)
PAUSED = (Blow(5, 0.0, Pause(Victim.PROCESS, 1.0)), Blow(120, 0.0, Pause(Victim.PROCESS, 1.0)))

CASES = {
    "answered-early": (KILLS, "acknowledged and lost"),
    "intent-forgotten": (
        tuple(Blow(1 + 60 * number, 0.5, fault) for number, fault in enumerate(KILLED_WHILE_SENDING)),
        "times by the EHR, and nobody is told",
    ),
    "unordered": (PAUSED, "was applied before"),
    "repeats-forgotten": (KILLS, "kept 2 times"),
}


@pytest.mark.proof
@pytest.mark.timeout(400)
@pytest.mark.parametrize("bug", CASES)
def test_a_planted_bug_is_caught(tmp_path: Path, bug: str) -> None:
    blows, said = CASES[bug]
    with world(tmp_path, SEED, command=planted(bug)) as here:
        traffic = traffic_of(here, SUITE)
        drive(Program(SEED, blows), here, traffic)
        found = differences(here, traffic)
    assert any(said in one for one in found), found


@pytest.mark.proof
@pytest.mark.timeout(400)
@pytest.mark.parametrize("bug", CASES)
def test_the_same_program_finds_nothing_without_the_bug(tmp_path: Path, bug: str) -> None:
    blows, _said = CASES[bug]
    with world(tmp_path, SEED) as here:
        traffic = traffic_of(here, SUITE)
        drive(Program(SEED, blows), here, traffic)
        assert differences(here, traffic) == []
