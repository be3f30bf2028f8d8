"""Fair turns: writers of several processes on one file are served in turn, and a dead one's turn is free again."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from interface.store.turnstile import Turnstile, hold

# Takes `count` turns; in each it waits until the other process queues, ends the turn, and asks for the next one at once.
_GREEDY = """
import fcntl, sys, time
from pathlib import Path
from interface.store.turnstile import Turnstile
database, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
turnstile = Turnstile(database)

def somebody_queues():
    with open(database.with_name(database.name + ".next")) as probe:
        try:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(probe, fcntl.LOCK_UN)
        return False

sys.stdout.write("ready\\n"); sys.stdout.flush()
with open(database.with_suffix(".log"), "a") as log:
    for turn in range(count):
        with turnstile.turn():
            log.write(name); log.flush()
            while turn < count - 1 and not somebody_queues():
                time.sleep(0.001)
"""
_STUCK = """
import sys, time
from pathlib import Path
from interface.store.turnstile import Turnstile
with Turnstile(Path(sys.argv[1])).turn():
    sys.stdout.write("inside\\n"); sys.stdout.flush(); time.sleep(60)
"""


def start(script: str, *arguments: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_whoever_waits_is_served_before_the_present_writer_comes_again(tmp_path: Path) -> None:
    processes = [start(_GREEDY, str(tmp_path / "x.db"), name, "40") for name in "AB"]
    for process in processes:
        process.communicate(timeout=60)
    assert (tmp_path / "x.log").read_text().lstrip("B") == "AB" * 39 + "A" or (
        tmp_path / "x.log"
    ).read_text() == "AB" * 40


def test_threads_exclude_each_other(tmp_path: Path) -> None:
    turnstile = Turnstile(tmp_path / "x.db")
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(50):
            with turnstile.turn():
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turnstile.close()
    assert (max(most), len(most)) == (1, 200)


def test_a_dead_process_gives_its_turn_back(tmp_path: Path) -> None:
    process = start(_STUCK, str(tmp_path / "x.db"))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with Turnstile(tmp_path / "x.db").turn():
        pass


def test_a_turn_that_fails_is_given_back(tmp_path: Path) -> None:
    turnstile = Turnstile(tmp_path / "x.db")
    try:
        with turnstile.turn():
            raise RuntimeError
    except RuntimeError:
        pass
    with turnstile.turn():
        pass
    turnstile.close()


def test_a_lock_file_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "x.process"
    with hold(path) as first, hold(path) as second:
        assert (first, second) == (True, False)
    with hold(path) as again:
        assert again
