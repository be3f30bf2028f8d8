"""No more files for connections: nothing spins, open connections go on, and new ones come in again once there is room."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from interface.engine.files import OWN_FILES, Limits, fit_file_limit
from interface.message import MessageState
from interface.observe.event import Event
from interface.observe.files import FileLimitLow
from tests.engine.harness import HP24, Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import Spec, make_root
from tests.engine.wire import Wire, adt, code, control_id, is_taken

FILES = 90  # enough to start with, and for some connections


class System:
    """The limits of a process, and what was told of them."""

    def __init__(self, now: int, most: int, *, is_strict: bool = False) -> None:
        self.now, self.most = now, most
        self.is_strict = is_strict
        self.told: list[Event] = []

    def fit(self, sockets: int) -> None:
        fit_file_limit(
            "listen", sockets, emit=self.told.append, limits=lambda: (self.now, self.most), allow=self._allow
        )

    def _allow(self, wanted: Limits) -> None:
        if self.is_strict:
            raise PermissionError
        self.now, self.most = wanted


def test_a_limit_that_is_enough_is_left_alone() -> None:
    system = System(5000, 5000)
    system.fit(1000)
    assert (system.now, system.told) == (5000, [])


def test_a_limit_that_is_low_is_raised_to_what_is_needed() -> None:
    system = System(256, 100_000)
    system.fit(1000)
    assert (system.now, system.most, system.told) == (1000 + OWN_FILES, 100_000, [])


def test_a_limit_without_end_is_raised_as_well() -> None:
    system = System(256, resource.RLIM_INFINITY)
    system.fit(1000)
    assert (system.now, system.most, system.told) == (1000 + OWN_FILES, resource.RLIM_INFINITY, [])


@pytest.mark.parametrize(("most", "is_strict", "left"), [(512, False, 512), (100_000, True, 256)])
def test_a_limit_that_stays_too_low_is_told(most: int, is_strict: bool, left: int) -> None:
    system = System(256, most, is_strict=is_strict)
    system.fit(1000)
    assert system.told == [FileLimitLow("listen", left, 1000 + OWN_FILES)]


# ------------------------------------------------------------ a running engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    def many(spec: Spec) -> None:
        spec["source"]["mllp"] |= {"max_connections": 400, "max_connections_per_peer": 400}

    command = ("/bin/sh", "-c", f'ulimit -Sn {FILES}; ulimit -Hn {FILES}; exec "$0" "$@"', *HP24)
    with running_engine(tmp_path / "home", make_root(tmp_path / "root", many), command=command) as running:
        yield running


def test_without_files_open_connections_go_on_and_nothing_spins(engine: Engine) -> None:
    number, later = control_id("FIL"), control_id("FIL")
    with Wire(engine.port) as wire, ExitStack() as knocking:
        assert code(wire.ask(adt(control_id("FIL")))) == "AA"
        for _ in range(FILES + 20):
            knocking.enter_context(socket.create_connection(("127.0.0.1", engine.port), timeout=10))
        wait_until(lambda: bool(engine.events("files-exhausted")), "it is told of")
        assert code(wire.ask(adt(number))) == "AA"
        engine.await_state(number, MessageState.PROCESSED)
        assert busy_share(engine) < 0.5
        knocking.close()
        wait_until(lambda: is_taken(engine.port, adt(later)), "new connections are taken again")
    assert engine.events("file-limit-low")[0]["limit"] == FILES
    assert engine.events("part-stopped") == []


def busy_share(engine: Engine) -> float:
    """What the listening part takes of a processor, measured for a second."""
    return psutil.Process(engine.part_pid("listen")).cpu_percent(interval=1.0) / 100
