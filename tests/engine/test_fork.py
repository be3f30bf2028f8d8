"""What a part inherits from its supervisor, and what it must not.

In a process of its own: tests have threads, a supervisor has none.
"""

import subprocess
import sys
from textwrap import dedent

import pytest

_BEGIN = """
import os, signal, sys, time
from interface.engine import fork
from interface.observe import emit
from interface.observe.engine import PartStarted

def run(arguments):
    what = arguments[0]
    if what == "count":
        emit.emit(PartStarted(part="of the part", pid=1))
        return len(emit.counts())
    if what == "read":
        return len(os.read(0, 1))  # until the line is hung up
    time.sleep(60)
    return 9

forks = fork.Forks(run)
"""


def ended(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", dedent(_BEGIN) + dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("what", "end", "code"),
    [
        ("sleep", "child.terminate()", 0),  # at once, before it can have set anything up
        ("sleep", "child.kill()", -9),
        ("count", "", 1),  # of its own, and nothing that the supervisor counted
    ],
)
def test_how_a_part_ends_is_known(what: str, end: str, code: int) -> None:
    told = ended(f"""
        signal.signal(signal.SIGTERM, lambda number, frame: None)
        emit.emit(PartStarted(part="of the supervisor", pid=1))
        emit.emit(PartStarted(part="of another one", pid=1))
        child = forks("one", ["{what}"])
        {end}
        child.wait()
        print(child.returncode)
        child.close()
    """)
    assert told.stdout.split()[-1:] == [str(code)], told.stderr


def test_only_the_supervisor_holds_the_lines_of_its_parts() -> None:
    told = ended("""
        first = forks("first", ["read"])
        second = forks("second", ["sleep"])
        os.close(forks._lines[0])  # as the system does when the supervisor is gone
        first.wait()
        print(first.returncode)
        second.kill()
    """)
    assert told.stdout.split() == ["0"], told.stderr


def test_a_part_has_a_session_of_its_own() -> None:
    told = ended("""
        child = forks("one", ["sleep"])
        while os.getsid(child.pid) == os.getsid(0):
            time.sleep(0.01)
        print(os.getsid(child.pid) == child.pid)
        child.kill()
    """)
    assert told.stdout.split() == ["True"], told.stderr
