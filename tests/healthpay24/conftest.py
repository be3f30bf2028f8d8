"""A feed and HealthPay24 on one empty store, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from interface.store.store import open_store
from tests.healthpay24.house import House
from tests.made import MadeDatabase
from tests.pipeline.conftest import feed
from tests.pipeline.spoken import DESTINATION, HandClock, destination

__all__ = ["feed"]  # the same feed on an empty store as for the pipeline


@pytest.fixture
def house(made_database: MadeDatabase) -> Iterator[House]:
    clock = HandClock()
    store = open_store(made_database.url, clock, made_database.environ)
    yield House(store, clock, destinations={DESTINATION: destination()})
    store.close()
