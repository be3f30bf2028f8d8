"""An engine whose log goes to a full disk, from the first line to the last: it receives, answers, and ends well."""

import os
import subprocess
from pathlib import Path

import pytest

from interface.message import MessageState
from tests.engine.harness import HP24, running_engine
from tests.engine.root import make_root
from tests.engine.wire import Wire, adt, code, control_id


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this machine")
    number, root = control_id("LOG"), make_root(tmp_path / "root")
    with running_engine(tmp_path / "home", root, start=lambda _engine: None) as engine:
        engine.log, plain = Path("/dev/full"), engine.log
        engine.start(is_awaited=False)
        engine.log = plain  # nobody reads the other one, which has no end
        engine.await_listening()
        with Wire(engine.port) as wire:
            assert code(wire.ask(adt(number))) == "AA"
        engine.await_state(number, MessageState.PROCESSED)
        assert engine.drain() == 0


def test_a_failure_that_cannot_be_told_keeps_its_exit_code(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [*HP24, "--home", str(tmp_path / "nowhere"), "status"]
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run(command, stderr=gone, stdout=gone, timeout=60, check=False)
    assert done.returncode == 3
