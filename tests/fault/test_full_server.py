"""A PostgreSQL server whose disk is full: what cannot be stored is not answered, and comes again once there is room."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from interface.message import MessageState
from tests.crash.flushwatch import build
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.engine.wire import Wire, adt, code, control_id, is_taken
from tests.fault.fulldisk import SOURCE, Disk
from tests.postgres import own_server

pytestmark = pytest.mark.proof
NOTE_BYTES = 400_000  # of what does not shrink: it needs blocks of its own, whatever the tables have left


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Disk]]:
    folder, disks = tmp_path_factory.mktemp("server"), []

    def disk_of(home: Path) -> dict[str, str]:
        library = build(home, SOURCE)
        library.chmod(0o755)
        disks.append(Disk(home, library))
        return dict(disks[0].environ)

    with own_server(disk_of) as server, server.database() as url:
        try:
            with running_engine(folder / "home", make_root(folder / "root"), {}, url) as engine:
                yield engine, disks[0]
        finally:
            disks[0].ease()


def large(number: str) -> bytes:
    """A message of an invented patient with a long note."""
    note = "".join(
        random.Random(number).choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/", k=NOTE_BYTES)
    )
    return adt(number) + f"NTE|1||{note}\r".encode()


def test_what_a_full_server_cannot_store_is_not_answered_and_comes_again(full: tuple[Engine, Disk]) -> None:
    engine, disk = full
    first, second = control_id("FULL"), control_id("FULL")
    with Wire(engine.port) as wire:
        assert code(wire.ask(large(first))) == "AA"
    engine.await_state(first, MessageState.PROCESSED)
    disk.leave(0)
    with Wire(engine.port) as wire:
        wire.write(b"\x0b" + large(second) + b"\x1c\r")
        assert wire.read_end() == b""
    assert engine.events("storage-failed")[-1]["code"] == "database-unavailable"
    assert engine.state_of(second) is None
    disk.ease()
    wait_until(lambda: is_taken(engine.port, large(second)), "it is taken once there is room")
    engine.await_state(second, MessageState.PROCESSED)
    counts = engine.counts()
    assert counts["received"] - counts["duplicates"] == 2
