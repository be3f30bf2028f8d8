"""A SQLite file that is taken away, replaced or made read-only under a running engine: nothing is said yes to that nobody finds."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from interface.errors import StoreReplacedError, StoreUnavailableError
from interface.message import MessageState
from interface.store.store import SqlStore, open_store
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.engine.wire import Wire, adt, control_id, is_taken
from tests.made import MadeDatabase
from tests.pipeline.spoken import Feed, HandClock, update

QUICK_SECS = 6.0  # parts that end sooner may have been started wrongly


@pytest.fixture
def store(made_sqlite: MadeDatabase) -> Iterator[SqlStore]:
    opened = open_store(made_sqlite.url, HandClock(), made_sqlite.environ)
    yield opened
    opened.close()


def path_of(store: SqlStore) -> Path:
    return Path(str(store.opened.engine.url.database))


def test_a_file_that_is_away_takes_nothing_until_it_is_back(store: SqlStore) -> None:
    path = path_of(store)
    aside = path.with_name("aside")
    path.rename(aside)
    with pytest.raises(StoreUnavailableError, match="database-missing"):
        store.check_writable()
    aside.rename(path)
    store.check_writable()


def test_another_file_in_its_place_is_never_written_to(store: SqlStore) -> None:
    path = path_of(store)
    other = path.with_name("other")
    shutil.copy(path, other)
    other.replace(path)
    before = path.read_bytes()
    with pytest.raises(StoreReplacedError, match="database-replaced"):
        store.check_writable()
    assert path.read_bytes() == before


def test_what_was_committed_to_a_file_taken_away_meanwhile_is_not_durable(store: SqlStore) -> None:
    feed = Feed(store, HandClock())
    with pytest.raises(StoreUnavailableError, match="database-missing"), store.turn("receive") as turn:
        path_of(store).unlink()
        turn.touch()
    with pytest.raises(StoreUnavailableError, match="database-missing"):
        feed.receive(update("1", "A1"))


def test_a_connection_that_finds_no_file_makes_none_and_leaves_the_log_beside_it(store: SqlStore) -> None:
    path = path_of(store)
    log = path.with_name(f"{path.name}-wal")
    Feed(store, HandClock()).receive(update("1", "A1"))
    held = log.stat().st_size
    with store.snapshot():  # the pool's connection is in use: another one is opened
        aside = path.rename(path.with_name("aside.db"))
        with pytest.raises(StoreUnavailableError, match="database-unavailable"), store.snapshot() as reader:
            reader.epoch()
        assert not path.exists()
        aside.rename(path)
    assert log.stat().st_size == held


def test_a_file_that_takes_no_writes_is_told_as_such(store: SqlStore) -> None:
    @event.listens_for(store.opened.engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = ON")

    with pytest.raises(StoreUnavailableError, match="database-read-only"):
        store.check_writable()


# ------------------------------------------------------------ a running engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("file")
    root = make_root(folder / "root")
    with (root / "config" / "engine.yaml").open("a", encoding="utf-8") as settings:
        settings.write("heartbeat_secs: 0.2\n")
    with running_engine(folder / "home", root) as running:
        await_both_parts(running)
        yield running


def await_both_parts(engine: Engine) -> None:
    """Until the processing part has opened what is there, too: a part that finds nothing at its first start ends the engine."""
    wait_until(lambda: bool(engine.events("baseline-taken")), "both parts have opened the file")


def test_a_running_engine_says_no_yes_while_its_file_is_away_and_goes_on_when_it_is_back(engine: Engine) -> None:
    database, aside, number = engine.home / "hp24.db", engine.home / "aside.db", control_id("FILE")
    with Wire(engine.port) as wire:
        database.rename(aside)
        wire.write(b"\x0b" + adt(number) + b"\x1c\r")
        assert wire.read_end() == b""
    aside.rename(database)
    wait_until(lambda: is_taken(engine.port, adt(number)), "it is taken once the file is back")
    engine.await_state(number, MessageState.PROCESSED)


@pytest.mark.proof
def test_a_running_engine_opens_what_was_put_in_its_files_place(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root")
    with (root / "config" / "engine.yaml").open("a", encoding="utf-8") as settings:
        settings.write("heartbeat_secs: 0.2\n")
    with running_engine(tmp_path / "home", root) as engine:
        await_both_parts(engine)
        pids = _pids(engine)
        restored = engine.home / "restored.db"
        with closing(sqlite3.connect(engine.home / "hp24.db", isolation_level=None)) as connection:
            connection.execute(f"VACUUM INTO '{restored}'")
        restored.replace(engine.home / "hp24.db")
        for name in ("hp24.db-wal", "hp24.db-shm"):
            (engine.home / name).unlink(missing_ok=True)
        wait_until(
            lambda: 0 not in (new := _pids(engine)) and not set(new) & set(pids), "both parts were started again"
        )
        number = control_id("FILE")
        wait_until(lambda: is_taken(engine.port, adt(number)), "it is taken by what is there now")
        engine.await_state(number, MessageState.PROCESSED)
        assert {one["code"] for one in engine.events("engine-stopped")} == {"database-replaced"}


def _pids(engine: Engine) -> list[int]:
    return [engine.part_pid(part) for part in ("listen", "process")]


@pytest.mark.proof
def test_a_part_that_starts_while_the_file_is_away_makes_no_new_one_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    number = control_id("FILE")
    with running_engine(tmp_path / "home", make_root(tmp_path / "root")) as engine:
        started = time.monotonic()
        wait_until(lambda: time.monotonic() - started > QUICK_SECS, "the parts count as having run")
        aside = tmp_path / "aside"
        aside.mkdir()
        for path in engine.home.glob("hp24.db*"):
            path.rename(aside / path.name)
        engine.kill_part("listen")
        wait_until(lambda: "home-empty" in {one["code"] for one in engine.events("engine-stopped")}, "it is told")
        assert not (engine.home / "hp24.db").exists()
        for path in aside.iterdir():
            path.replace(engine.home / path.name)
        wait_until(lambda: is_taken(engine.port, adt(number)), "it is taken once the file is back")
        engine.await_state(number, MessageState.PROCESSED)
