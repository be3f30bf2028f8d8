"""A feed whose messages mean what the test says, on SQLite and on PostgreSQL, with the audit trail readable."""

from collections.abc import Iterator

import pytest

from interface.store.store import open_store
from tests.made import MadeDatabase
from tests.operate.desk import Desk
from tests.pipeline.spoken import HandClock


@pytest.fixture
def desk(made_database: MadeDatabase) -> Iterator[Desk]:
    clock = HandClock()
    store = open_store(made_database.url, clock, made_database.environ)
    yield Desk(store, clock)
    store.close()
