"""A feed on an empty store, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from interface.store.store import open_store
from tests.made import MadeDatabase
from tests.pipeline.spoken import Feed, HandClock


@pytest.fixture
def feed(made_database: MadeDatabase) -> Iterator[Feed]:
    clock = HandClock()
    store = open_store(made_database.url, clock, made_database.environ)
    yield Feed(store, clock)
    store.close()
