"""The crash oracle finds the bugs that it is there for: each is planted into the engine from outside, and a run must see it."""

from pathlib import Path

import pytest

from tests.crash.driver import differences, drive
from tests.crash.fault import Kill, KillWhileSending, Pause, Victim
from tests.crash.oracle import SUITE, traffic_of
from tests.crash.planted import planted
from tests.crash.program import Blow, Program
from tests.crash.world import world

SEED = 42
BUGGY_REST_SECS = 10.0  # an engine with a bug may never come to rest, nor know an account
KILLS = tuple(Blow(steps, 0.01, Kill(Victim.ENGINE)) for steps in (30, 90, 150))
KILLED_WHILE_SENDING = tuple(Blow(1 + steps, 0.0, KillWhileSending(steps)) for steps in range(4))
PAUSED = (Blow(5, 0.0, Pause(Victim.PROCESS, 1.0)), Blow(120, 0.0, Pause(Victim.PROCESS, 1.0)))

CASES = {
    "answered-early": (KILLS, "acknowledged and lost"),
    "intent-forgotten": (KILLED_WHILE_SENDING, "times by the EHR, and nobody is told"),
    "unordered": (PAUSED, "was applied before"),
    "repeats-forgotten": (KILLS, "kept 2 times"),
}


@pytest.mark.proof
@pytest.mark.timeout(400)
@pytest.mark.parametrize("bug", CASES)
def test_a_planted_bug_is_caught(tmp_path: Path, bug: str) -> None:
    blows, said = CASES[bug]
    with world(tmp_path, SEED, command=planted(bug)) as here:
        traffic = traffic_of(here, SUITE, give_up_secs=BUGGY_REST_SECS)
        driven = drive(Program(SEED, blows), here, traffic, settle_secs=BUGGY_REST_SECS)
        found = differences(here, traffic, driven)
    assert any(said in one for one in found), found


@pytest.mark.proof
@pytest.mark.timeout(400)
@pytest.mark.parametrize("bug", CASES)
def test_the_same_program_finds_nothing_without_the_bug(tmp_path: Path, bug: str) -> None:
    blows, _said = CASES[bug]
    with world(tmp_path, SEED) as here:
        traffic = traffic_of(here, SUITE)
        driven = drive(Program(SEED, blows), here, traffic)
        assert differences(here, traffic, driven) == []
