"""An open store on each database in turn, with a clock that tests move by hand."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interface.store.store import SqlStore, open_store
from tests.store.given import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HP24_KEY_FILE": str(tmp_path / "store.key")}


@pytest.fixture
def opened(database_url: str, clock: HandClock, environ: dict[str, str]) -> Iterator[Callable[[], SqlStore]]:
    """Opens the same database again and again, as processes of their own would."""
    stores: list[SqlStore] = []

    def reopen() -> SqlStore:
        stores.append(open_store(database_url, clock, environ))
        return stores[-1]

    yield reopen
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[[], SqlStore]) -> SqlStore:
    return opened()
