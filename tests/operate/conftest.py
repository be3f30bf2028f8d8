"""A feed whose messages mean what the test says, on SQLite and on PostgreSQL, with the audit trail readable."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from interface.operate.act import By
from interface.operate.backup import backup
from interface.row.backup import BackupPace
from interface.store.store import open_store
from tests.made import MadeDatabase
from tests.operate.copies import Copies, Take, silent
from tests.operate.desk import Desk
from tests.pipeline.spoken import HandClock


@pytest.fixture
def desk(made_database: MadeDatabase) -> Iterator[Desk]:
    clock = HandClock()
    store = open_store(made_database.url, clock, made_database.environ)
    yield Desk(store, clock)
    store.close()


@pytest.fixture
def copies(made_database: MadeDatabase, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Copies]:
    with ExitStack() as stack:
        yield Copies(made_database, tmp_path, stack, request)


@pytest.fixture
def take(desk: Desk, tmp_path: Path) -> Take:
    """Takes a backup of the desk's store; gives the file."""

    def take(name: str = "night.hp24", pace: BackupPace | None = None) -> Path:
        backup(desk.store, By("nora"), tmp_path / name, pace or BackupPace(), silent)
        return tmp_path / name

    return take
