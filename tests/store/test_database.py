"""Opening: made once, checked every time; never without its key, never unflushed, never by an older engine."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from interface.errors import StoreError, StoreUnavailableError
from interface.store import durability, keyfile, turnstile
from interface.store.database import Limits
from interface.store.keysource import KeyFile
from interface.store.schema import METADATA
from interface.store.store import SqlStore, open_store
from tests.store.given import HandClock, control_id, intake, receive, waiting


def test_the_first_open_makes_database_and_key_and_says_what_losing_it_means(
    opened_first: Callable[[], SqlStore], environ: dict[str, str]
) -> None:
    first = opened_first()
    key = Path(environ["HP24_KEY_FILE"])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (first.opened.key_source.place, first.opened.notice) == (str(key), keyfile.NOTICE)
    second = opened_first()
    assert (second.opened.notice, second.opened.database_id) == ("", first.opened.database_id)


def test_the_key_file_is_named_after_the_database_by_default(sqlite_url: str, tmp_path: Path) -> None:
    store = open_store(sqlite_url, HandClock(), environ={"HOME": str(tmp_path)})
    store.close()
    key = tmp_path / ".config" / "hp24" / f"{store.opened.database_id}.key"
    assert store.opened.key_source == KeyFile(key)
    assert key.exists()


def test_what_was_stored_is_read_by_the_next_process(opened_first: Callable[[], SqlStore]) -> None:
    receive(opened_first(), intake(1))
    (message,) = waiting(opened_first())
    assert message.raw == intake(1).raw


def test_processes_that_open_a_new_database_at_once_make_one(opened_first: Callable[[], SqlStore]) -> None:
    with ThreadPoolExecutor(4) as threads:
        stores = list(threads.map(lambda _: opened_first(), range(4)))
    assert len({store.opened.database_id for store in stores}) == 1
    assert sum(bool(store.opened.notice) for store in stores) == 1


def test_a_sqlite_database_is_connected_to_in_a_turn_and_later_connections_change_no_mode(
    sqlite_url: str, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = Path(f"{sa.make_url(sqlite_url).database}.writer")
    prepare, was_free = durability.prepare_sqlite, []

    def watched(connection: sqlite3.Connection, busy_timeout_secs: float) -> None:
        with turnstile.hold(lock) as is_free:
            was_free.append(is_free)
        connection.set_trace_callback(statements.append)
        prepare(connection, busy_timeout_secs)

    statements: list[str] = []
    monkeypatch.setattr(durability, "prepare_sqlite", watched)
    store = open_store(sqlite_url, HandClock(), environ)
    assert was_free == [False]
    statements.clear()
    with store.opened.engine.connect(), store.opened.engine.connect():
        assert len(was_free) == 2
    assert not [one for one in statements if "journal_mode =" in one]
    store.close()


def test_a_database_without_its_key_is_not_opened_and_gets_no_new_one(
    opened_first: Callable[[], SqlStore], environ: dict[str, str]
) -> None:
    opened_first()
    key = Path(environ["HP24_KEY_FILE"])
    key.unlink()
    with pytest.raises(StoreError, match="key-missing"):
        opened_first()
    assert not key.exists()


def test_a_database_with_another_key_is_not_opened(
    opened_first: Callable[[], SqlStore], environ: dict[str, str]
) -> None:
    opened_first()
    key = Path(environ["HP24_KEY_FILE"])
    key.unlink()
    keyfile.make(key)
    with pytest.raises(StoreError, match="key-wrong"):
        opened_first()


@pytest.mark.parametrize("content", [b"", b"# only a remark\n", b"not base64 !\n", b"c2hvcnQ=\n", b"\xff\xfe\n"])
def test_a_file_that_is_no_key_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StoreError, match="key-wrong"):
        keyfile.read(path)


def test_a_key_that_others_may_read_is_refused(opened_first: Callable[[], SqlStore], environ: dict[str, str]) -> None:
    opened_first()
    Path(environ["HP24_KEY_FILE"]).chmod(0o640)
    with pytest.raises(StoreError, match="key-exposed"):
        opened_first()


def test_a_newer_schema_stops_the_engine(opened_first: Callable[[], SqlStore], database_url: str) -> None:
    opened_first()
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="schema-newer"):
        opened_first()


def test_the_migration_makes_every_table_and_index(opened_first: Callable[[], SqlStore], database_url: str) -> None:
    opened_first()
    engine = sa.create_engine(database_url)
    found = sa.inspect(engine)
    for table in METADATA.sorted_tables:
        assert {column["name"] for column in found.get_columns(table.name)} == {column.name for column in table.columns}
        assert {index.name for index in table.indexes} <= {index["name"] for index in found.get_indexes(table.name)}
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://host/x", "sqlite://", "sqlite:///:memory:", "not a url", ""])
def test_a_url_that_cannot_be_used_is_told(url: str) -> None:
    with pytest.raises(StoreError, match="database-url"):
        open_store(url, HandClock(), environ={})


def test_a_server_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="database-unavailable"):
        open_store("postgresql://nobody@127.0.0.1:1/none", HandClock(), environ={"HOME": str(tmp_path)})


def test_the_files_of_a_sqlite_database_are_its_owners_alone(sqlite_url: str, environ: dict[str, str]) -> None:
    store = open_store(sqlite_url, HandClock(), environ)
    receive(store, intake(1))
    path = Path(sa.make_url(sqlite_url).database or "")
    files = [file for file in path.parent.iterdir() if file.name.startswith(path.name)]
    assert len(files) >= 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    store.close()


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("synchronous = NORMAL", "synchronous"),
        ("synchronous = OFF", "synchronous"),
        ("foreign_keys = OFF", "foreign_keys"),
    ],
)
def test_a_sqlite_connection_that_does_not_flush_is_refused(tmp_path: Path, setting: str, told: str) -> None:
    connection = sqlite3.connect(tmp_path / "x.db")
    durability.prepare_sqlite(connection, 1.0)
    connection.execute(f"PRAGMA {setting}")
    with pytest.raises(StoreError, match=f"{told}.*durability-off"):
        durability.check_sqlite(connection)
    connection.close()


def test_a_sqlite_database_without_a_write_ahead_log_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    for setting in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}")
    with pytest.raises(StoreError, match=r"journal_mode.*durability-off"):
        durability.check_sqlite(connection)
    connection.close()


def test_a_postgresql_session_that_does_not_flush_is_refused(postgres_url: str, environ: dict[str, str]) -> None:
    open_store(postgres_url, HandClock(), environ).close()
    engine = sa.create_engine(postgres_url)
    name = sa.make_url(postgres_url).database
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    engine.dispose()
    with pytest.raises(StoreError, match=r"synchronous_commit.*durability-off"):
        open_store(postgres_url, HandClock(), environ)


def test_a_disk_that_takes_no_more_is_unavailable_and_nothing_is_stored(
    sqlite_url: str, environ: dict[str, str]
) -> None:
    store = open_store(sqlite_url, HandClock(), environ)
    receive(store, intake(1))
    prepared = store.prepare([intake(2, raw=os.urandom(200_000))])
    with pytest.raises(StoreUnavailableError, match="database-unavailable"), store.turn("receive") as turn:
        turn._tx.connection.exec_driver_sql("PRAGMA max_page_count = 1")
        turn.receive(prepared)
    assert [control_id(message) for message in waiting(store)] == ["C1"]
    store.close()


def test_a_foreign_writer_is_waited_for_and_then_told(sqlite_url: str, environ: dict[str, str]) -> None:
    store = open_store(sqlite_url, HandClock(), environ, Limits(busy_timeout_secs=0.05))
    foreign = sqlite3.connect(sa.make_url(sqlite_url).database or "", isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="database-unavailable"):
        store.check_writable()
    foreign.execute("ROLLBACK")
    store.check_writable()
    foreign.close()
    store.close()


def test_a_second_opening_keeps_the_locks_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "hp24.db"
    environ = {"HP24_KEY_FILE": str(tmp_path / "test.key")}
    with closing(open_store(f"sqlite:///{path}", HandClock(), environ)) as first:
        with first.snapshot() as reader:
            reader.epoch()
        open_store(f"sqlite:///{path}", HandClock(), environ).close()
        script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM counter'); c.close()"
        subprocess.run([sys.executable, "-c", script, str(path)], check=True)
        # Whoever believes to be the last one to close takes the log away, from under those who still write to it.
        assert path.with_name("hp24.db-wal").exists()
