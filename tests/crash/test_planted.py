"""The crash oracle finds the bugs that it is there for: each is planted into the engine from outside, and a run must see it."""

from pathlib import Path

import pytest

from interface.simulate.fhir_ehr import Conduct
from tests.crash.driver import differences, drive
from tests.crash.fault import Kill, KillWhileSending, Pause, Victim
from tests.crash.fhir_fault import ServingKilled, Stopped
from tests.crash.http_fault import KillWhilePosting, Misanswered
from tests.crash.oracle import OVER_FHIR, OVER_HTTP, SUITE, Size, traffic_of
from tests.crash.planted import planted
from tests.crash.program import Blow, Program
from tests.crash.world import world

SEED = 42
BUGGY_REST_SECS = 10.0  # an engine with a bug may never come to rest, nor know an account
KILLS = tuple(Blow(steps, 0.01, Kill(Victim.ENGINE)) for steps in (30, 90, 150))
KILLED_WHILE_SENDING = tuple(Blow(1 + steps, 0.0, KillWhileSending(steps)) for steps in range(4))
PAUSED = (Blow(5, 0.0, Pause(Victim.PROCESS, 1.0)), Blow(120, 0.0, Pause(Victim.PROCESS, 1.0)))

KILLED_WHILE_POSTING = tuple(Blow(1 + 20 * steps, 0.0, KillWhilePosting(steps)) for steps in range(4))
DROPPED = tuple(Blow(1 + 20 * steps, 0.0, Misanswered(steps, Conduct.DROP, 1, 0.0)) for steps in range(4))

CASES = {
    "answered-early": (KILLS, "acknowledged and lost"),
    "intent-forgotten": (KILLED_WHILE_SENDING, "times by the EHR, and nobody is told"),
    "unordered": (PAUSED, "was applied before"),
    "repeats-forgotten": (KILLS, "kept 2 times"),
}
OVER_HTTP_CASES = {
    "unsearched": (DROPPED, "was booked 2 times by the EHR"),
    "intent-forgotten": (KILLED_WHILE_POSTING, "was booked 2 times by the EHR"),
}
STOPPED = (
    Blow(40, 0.0, Stopped("process", 1.5)),
    Blow(120, 0.0, ServingKilled()),
    Blow(200, 0.0, Stopped("process", 1.5)),
)
OVER_FHIR_CASES = {
    "given-back-carelessly": "a defect was recorded: illegal-move",
    "conditions-forgotten": "says ['X",
    "versions-forgotten": "two writes for the same version were applied",
}


def found_with(folder: Path, bug: str, size: Size, blows: tuple[Blow, ...]) -> list[str]:
    """What a run with a bug in the engine finds."""
    with world(folder, SEED, command=planted(bug), is_written=bool(size.fhir)) as here:
        traffic = traffic_of(here, size, give_up_secs=BUGGY_REST_SECS)
        driven = drive(Program(SEED, blows), here, traffic, settle_secs=BUGGY_REST_SECS)
        return differences(here, traffic, driven)


@pytest.mark.proof
@pytest.mark.timeout(400)
@pytest.mark.parametrize("bug", CASES)
def test_a_planted_bug_is_caught(tmp_path: Path, bug: str) -> None:
    blows, said = CASES[bug]
    found = found_with(tmp_path, bug, SUITE, blows)
    assert any(said in one for one in found), found


@pytest.mark.proof
@pytest.mark.timeout(400)
@pytest.mark.parametrize("bug", OVER_HTTP_CASES)
def test_a_bug_planted_into_payments_over_http_is_caught(tmp_path: Path, bug: str) -> None:
    blows, said = OVER_HTTP_CASES[bug]
    found = found_with(tmp_path, bug, OVER_HTTP, blows)
    assert any(said in one for one in found), found


@pytest.mark.proof
@pytest.mark.timeout(400)
@pytest.mark.parametrize("bug", OVER_FHIR_CASES)
def test_a_bug_planted_into_writes_over_fhir_is_caught(tmp_path: Path, bug: str) -> None:
    found = found_with(tmp_path, bug, OVER_FHIR, STOPPED)
    assert any(OVER_FHIR_CASES[bug] in one for one in found), found


@pytest.mark.proof
@pytest.mark.timeout(400)
def test_steps_that_outlast_the_senders_are_no_bug(tmp_path: Path) -> None:
    assert found_with(tmp_path, "slow-steps", OVER_FHIR, STOPPED) == []


@pytest.mark.proof
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("size", "blows"),
    [
        *((SUITE, blows) for blows, _said in CASES.values()),
        *((OVER_HTTP, blows) for blows, _said in OVER_HTTP_CASES.values()),
        (OVER_FHIR, STOPPED),
    ],
)
def test_the_same_program_finds_nothing_without_the_bug(tmp_path: Path, size: Size, blows: tuple[Blow, ...]) -> None:
    with world(tmp_path, SEED, is_written=bool(size.fhir)) as here:
        traffic = traffic_of(here, size)
        driven = drive(Program(SEED, blows), here, traffic)
        assert differences(here, traffic, driven) == []
