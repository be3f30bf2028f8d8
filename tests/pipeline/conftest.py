"""A feed on an empty store, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from interface.store.store import open_store
from tests.pipeline.spoken import Feed, HandClock


@pytest.fixture
def feed(database_url: str, tmp_path: Path) -> Iterator[Feed]:
    clock = HandClock()
    store = open_store(database_url, clock, environ={"HP24_KEY_FILE": str(tmp_path / "test.key")})
    yield Feed(store, clock)
    store.close()
