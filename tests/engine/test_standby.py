"""A second engine on the same home says in the store that it stands by, until it takes over."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from interface.engine.heartbeat import SignOfLife, standing_by
from interface.engine.standby import only_one
from interface.store.store import SqlStore, open_store
from interface.view.count import PartState
from tests.engine.processes import wait_until
from tests.pipeline.spoken import HandClock


@pytest.fixture
def store(sqlite_url: str, tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(sqlite_url, HandClock(), environ={"HP24_KEY_FILE": str(tmp_path / "test.key")})
    yield opened
    opened.close()


def state(store: SqlStore) -> list[PartState]:
    with store.snapshot() as reader:
        return [part.state for part in reader.parts()]


def test_a_part_that_is_told_to_stop_while_it_waits_says_so(store: SqlStore) -> None:
    sign = SignOfLife(store, HandClock(), "listen")
    with pytest.raises(SystemExit), standing_by(sign, 0.01):
        wait_until(lambda: state(store) == [PartState.STANDING_BY], "it says that it stands by")
        sys.exit(0)
    assert state(store) == [PartState.STOPPED]


def test_a_part_that_waits_for_another_one_says_so(store: SqlStore, tmp_path: Path) -> None:
    sign = SignOfLife(store, HandClock(), "listen")
    is_ours = threading.Event()

    def second() -> None:
        with only_one(tmp_path, "listen", lambda: standing_by(sign, 0.01)):
            is_ours.set()

    with only_one(tmp_path, "listen", lambda: standing_by(sign, 0.01)):
        assert state(store) == []
        thread = threading.Thread(target=second)
        thread.start()
        wait_until(lambda: state(store) == [PartState.STANDING_BY], "the second part says that it stands by")
        assert not is_ours.is_set()
    thread.join(10)
    assert is_ours.is_set()
