"""Lost power: what was not flushed is really gone, and nothing that was answered with yes is among it."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from interface.errors import InterfaceError
from tests.crash.desk import CommandDesk
from tests.crash.driver import differences, drive
from tests.crash.fault import PowerCut
from tests.crash.feed import HospitalFeed
from tests.crash.flushwatch import build
from tests.crash.oracle import Sums
from tests.crash.part import Traffic
from tests.crash.payments import Payments
from tests.crash.planted import planted
from tests.crash.powercut import SOURCE, PowerSwitch
from tests.crash.program import Blow, Program
from tests.crash.stuck import StuckPatients
from tests.crash.world import World, world
from tests.engine.harness import HP24

SEED = 43
BUGGY_REST_SECS = 10.0
CUTS = tuple(Blow(steps, 0.0, PowerCut(steps)) for steps in (20, 70, 120))


@pytest.fixture
def switch(tmp_path: Path) -> PowerSwitch:
    folder = tmp_path.resolve() / "home"
    folder.mkdir()
    return PowerSwitch(folder, tmp_path.resolve() / "keep", build(tmp_path, SOURCE))


def flushed_to(folder: Path, switch: PowerSwitch, script: str) -> None:
    """Run a program under the switch, in `folder`; it ends without closing anything."""
    environ = {**os.environ, **switch.environ}
    subprocess.run([sys.executable, "-c", f"import os\n{script}\nos._exit(0)"], env=environ, cwd=folder, check=True)


WRITE = "file = os.open('a', os.O_RDWR | os.O_CREAT); os.write(file, b'old'); os.fsync(file)\n"
FOLDER = "os.fsync(os.open('.', os.O_RDONLY))\n"
CASES = {
    "flushed": (WRITE + FOLDER, {"a": b"old"}),
    "a name that its folder was not flushed for": (WRITE, {}),
    "cut off": (WRITE + FOLDER + "os.ftruncate(file, 1)", {"a": b"old"}),
    "cut off by opening": (WRITE + FOLDER + "os.open('a', os.O_RDWR | os.O_TRUNC)", {"a": b"old"}),
    "cut off and flushed": (WRITE + FOLDER + "os.ftruncate(file, 1); os.fsync(file)", {"a": b"o"}),
    "removed": (WRITE + FOLDER + "os.unlink('a')", {"a": b"old"}),
    "removed and flushed": (WRITE + FOLDER + "os.unlink('a')\n" + FOLDER, {}),
    "renamed": (WRITE + FOLDER + "os.rename('a', 'b')", {"a": b"old"}),
    "renamed and flushed": (WRITE + FOLDER + "os.rename('a', 'b')\n" + FOLDER, {"b": b"old"}),
    "shared memory": (WRITE + FOLDER + "os.open('a-shm', os.O_RDWR | os.O_CREAT)\n" + FOLDER, {"a": b"old"}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_cut_leaves_what_was_flushed(switch: PowerSwitch, tmp_path: Path, case: str) -> None:
    script, left = CASES[case]
    home = tmp_path.resolve() / "home"
    flushed_to(home, switch, script)
    switch.cut(1)
    assert {path.name: path.read_bytes() for path in home.iterdir()} == left


def test_unflushed_writes_are_lost_kept_or_torn(switch: PowerSwitch, tmp_path: Path) -> None:
    home = tmp_path.resolve() / "home"
    flushed_to(home, switch, WRITE + FOLDER + "for n in range(100): os.pwrite(file, bytes([n + 1]) * 1024, n * 1024)")
    cut = switch.cut(1)
    content = (home / "a").read_bytes().ljust(100 * 1024, b"\0")
    there = [{content[n * 1024 + at] == n + 1 for at in (0, 512)} for n in range(1, 100)]
    assert cut.unflushed == 100
    assert {frozenset(one) for one in there} == {frozenset({True}), frozenset({False}), frozenset({True, False})}


def struck(tmp_path: Path, switch: PowerSwitch) -> list[str]:
    """Cut the power of an engine under load, again and again; gives what was found at the end."""
    with world(tmp_path, SEED, power=switch) as here:
        traffic = load(here)
        driven = drive(Program(SEED, CUTS), here, traffic)
        assert driven.fallen == len(CUTS)
        return differences(here, traffic, driven)


def load(here: World) -> list[Traffic]:
    """Messages and stuck patients at all hospitals, payments at one: each of these is a process of its own."""
    feeds = [HospitalFeed(place, 8, looks=20) for place in here.places]
    payments = Payments(here.places[0], feeds[0], 2, CommandDesk(here.engine, HP24))
    return [*feeds, payments, *(StuckPatients(place, 1) for place in here.places), Sums(is_proven=True)]


@pytest.mark.timeout(400)
@pytest.mark.proof
def test_nothing_acknowledged_is_lost_with_the_power(tmp_path: Path, switch: PowerSwitch) -> None:
    found = struck(tmp_path, switch)
    assert found == []
    assert sum(cut.unflushed for cut in switch.cuts) > 0, "every cut came when all was flushed: it showed nothing"


@pytest.mark.proof
@pytest.mark.timeout(400)
def test_without_flushing_acknowledged_messages_are_lost(tmp_path: Path, switch: PowerSwitch) -> None:
    with world(tmp_path, SEED, power=switch, command=planted("unflushed")) as here:
        feeds = [HospitalFeed(place, 8, looks=0, give_up_secs=BUGGY_REST_SECS) for place in here.places]
        try:
            driven = drive(Program(SEED, CUTS), here, feeds, settle_secs=BUGGY_REST_SECS)
            found = differences(here, feeds, driven)
        except (InterfaceError, AssertionError):
            found = []  # no engine starts on what is left
    assert any("acknowledged and lost" in one for one in found) or not is_readable(tmp_path / "home" / "hp24.db")


def is_readable(database: Path) -> bool:
    """Whether SQLite itself finds nothing wrong with the file."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
    except sqlite3.DatabaseError:
        return False
