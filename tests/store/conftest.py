"""An open store on each database in turn, with a clock that tests move by hand."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from interface.store.store import SqlStore, open_store
from tests.made import MadeDatabase
from tests.store.given import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HP24_KEY_FILE": str(tmp_path / "store.key")}


@contextmanager
def opening(url: str, clock: HandClock, environ: Mapping[str, str]) -> Iterator[Callable[[], SqlStore]]:
    """Opens the same database again and again, as processes of their own would."""
    stores: list[SqlStore] = []

    def reopen() -> SqlStore:
        stores.append(open_store(url, clock, environ))
        return stores[-1]

    yield reopen
    for store in stores:
        store.close()


@pytest.fixture
def opened(made_database: MadeDatabase, clock: HandClock) -> Iterator[Callable[[], SqlStore]]:
    """Opens one database, made before, again and again."""
    with opening(made_database.url, clock, made_database.environ) as reopen:
        yield reopen


@pytest.fixture
def opened_first(database_url: str, clock: HandClock, environ: dict[str, str]) -> Iterator[Callable[[], SqlStore]]:
    """Opens one database again and again; the first call makes it."""
    with opening(database_url, clock, environ) as reopen:
        yield reopen


@pytest.fixture
def store(opened: Callable[[], SqlStore]) -> SqlStore:
    return opened()
