"""Fixtures that every folder of tests may use: databases, and the place of the public sample messages."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import postgres
from tests.made import MadeDatabase, SharedDatabase, make, shared
from tests.place import keep_files_in_memory
from tests.postgres import PostgresServer

keep_files_in_memory()
# Engines are started often: what a process compiles once, the next one finds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

PROJECT = Path(__file__).resolve().parent.parent

# A busy machine is no failure: properties say what holds, never how fast. Other examples each time: fewer at once do.
hypothesis.settings.register_profile("tests", deadline=None, max_examples=50)
hypothesis.settings.load_profile("tests")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run (one for each pytest-xdist worker), started by the first test that needs it."""
    with postgres.server() as running:
        yield running


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """URL of an empty PostgreSQL database of the test's own."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of a SQLite file of the test's own, not made yet."""
    return f"sqlite:///{tmp_path / 'hp24.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both databases in turn, new ones: whatever asks for this fixture is a contract that both must keep."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(scope="session")
def first_sqlite(tmp_path_factory: pytest.TempPathFactory) -> MadeDatabase:
    """The SQLite database that tests get copies of."""
    folder = tmp_path_factory.mktemp("sqlite")
    return make(f"sqlite:///{folder / 'hp24.db'}", folder)


@pytest.fixture(scope="session")
def shared_postgres(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SharedDatabase]:
    """The PostgreSQL database that tests use in turn."""
    with postgres_server.database() as url, shared(make(url, tmp_path_factory.mktemp("postgresql"))) as database:
        yield database


@pytest.fixture
def made_postgres(shared_postgres: SharedDatabase) -> MadeDatabase:
    """A PostgreSQL database as its first open left it."""
    return shared_postgres.as_made()


@pytest.fixture
def made_sqlite(first_sqlite: MadeDatabase, tmp_path: Path) -> MadeDatabase:
    """A SQLite database as its first open left it."""
    return first_sqlite.copied(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def made_database(request: pytest.FixtureRequest) -> MadeDatabase:
    """Both databases in turn, as their first open left them: for contracts about anything but the making."""
    made: MadeDatabase = request.getfixturevalue("made_sqlite" if request.param == "sqlite" else "made_postgres")
    return made


def corpus_folder() -> Path | None:
    """Folder of public sample messages, which is not part of the project; None where it is absent."""
    folder = Path(os.environ.get("HP24_CORPUS", PROJECT.parent / "shared" / "corpus"))
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The sample messages; the test is skipped where they are absent."""
    folder = corpus_folder()
    if folder is None:
        pytest.skip("no folder of sample messages (HP24_CORPUS)")
    return folder


# One of these begun last would be waited for by workers that have nothing left to do.
_LONG = (
    "test_tutorial.py",
    "test_oracle.py",
    "test_takeover.py",
    "test_lifecycle.py",
    "test_flush.py",
    "test_purge.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, whatever order chance has given the others."""
    items.sort(key=lambda item: item.path.name not in _LONG)
