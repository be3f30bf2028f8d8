"""A feed whose messages mean what the test says, on SQLite and on PostgreSQL, with the audit trail readable."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from interface.store.store import open_store
from tests.operate.desk import Desk
from tests.pipeline.spoken import HandClock


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    clock = HandClock()
    store = open_store(database_url, clock, environ={"HP24_KEY_FILE": str(tmp_path / "test.key")})
    yield Desk(store, clock)
    store.close()
