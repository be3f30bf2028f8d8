"""A part that lost its lock to another engine, without its doing, sends nothing more and stops its loops, also when it is idle."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from interface.engine.process import ProcessThread
from interface.engine.wake import Bell, Ringer
from interface.errors import StoreUnavailableError
from interface.settings import Settings
from interface.store.store import SqlStore, open_store
from tests.made import MadeDatabase
from tests.pipeline.spoken import Feed, HandClock
from tests.pipeline.test_deliver import Ehr, pay, prepared, send, states

PACE = replace(Settings().pace(), gather_secs=0.0, poll_secs=0.05, storage_retry_secs=0.05, standby_secs=0.05)


@pytest.fixture
def stores(made_postgres: MadeDatabase) -> Iterator[tuple[SqlStore, SqlStore]]:
    url, environ = made_postgres.url, made_postgres.environ
    opened = (open_store(url, HandClock(), environ), open_store(url, HandClock(), environ))
    yield opened
    for store in opened:
        store.close()


def end_sessions_with_locks(url: str) -> None:
    """What a network does to a session that was silent for hours."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )
    engine.dispose()


def take_over(store: SqlStore) -> None:
    """Hold the lock for a moment; the server lets go of it a little after it ended the session."""
    while True:
        with store.exclusive("process") as is_held:
            if is_held:
                return


def test_no_send_begins_once_another_engine_took_over(
    stores: tuple[SqlStore, SqlStore], made_postgres: MadeDatabase
) -> None:
    first, second = stores
    feed = Feed(first, HandClock())
    stage = prepared(feed, 2, max_unresolved=9)
    pay(feed, {"A0": 500, "A1": 600})
    with first.exclusive("process"):
        stage.answered(send(stage, Ehr()), "AA", "", b"")
        end_sessions_with_locks(made_postgres.url)
        take_over(second)
        delivery = stage.next_due()
        assert delivery is not None
        with pytest.raises(StoreUnavailableError, match="lock-lost"):
            stage.begin(delivery)
    assert states(feed)[1] == "queued"


def test_an_idle_part_hands_over_once_another_engine_took_over(
    stores: tuple[SqlStore, SqlStore], made_postgres: MadeDatabase, tmp_path: Path
) -> None:
    first, second = stores
    has_it, gave_it_up = threading.Event(), threading.Event()
    bell, ringer = Bell(tmp_path, "process"), Ringer(tmp_path)
    thread = ProcessThread(
        first,
        Feed(first, HandClock()).stage(),
        PACE,
        bell,
        ringer,
        take_over=has_it.set,
        hand_over=gave_it_up.set,
        plan_changed=lambda: None,
        deliver=lambda: None,
        between=lambda: None,
    )
    thread.start()
    assert has_it.wait(10)
    end_sessions_with_locks(made_postgres.url)
    take_over(second)
    assert gave_it_up.wait(10)
    thread.stop()
    bell.close()
    ringer.close()
