"""Room that a purge leaves is given back: the file of a SQLite database ends earlier, PostgreSQL uses it again."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from interface.errors import ActRefusedError
from interface.operate.act import By
from interface.operate.purge import compact
from interface.store.store import SqlStore
from interface.view.count import PartRow, PartState
from tests.store.given import START, HandClock, finish, intake, receive, run
from tests.store.purging import NOW, purge

MESSAGES = 600
PAGE_BYTES = 4096
BY = By("nora", "the disk is needed")


def fill(store: SqlStore, beyond: int, at: int) -> None:
    """Messages of two kilobytes that do not compress."""
    numbers = range(beyond, beyond + MESSAGES)
    raws = (
        f"MSH|^~\\&|EPIC|NORTH|HP24|HP24|20260304||ADT^A08|C{n}|P|2.5.1\r".encode() + os.urandom(2_000) for n in numbers
    )
    intakes = [intake(n, raw=raw, arrived_at=at) for n, raw in zip(numbers, raws, strict=True)]
    ids = [one.message_id for one in receive(store, *intakes)]
    finish(store, *(replace(run(number), started_at=at, ended_at=at) for number in ids))


def file_of(store: SqlStore) -> Path:
    return Path(str(store.opened.engine.url.database))


def body_bytes(store: SqlStore) -> int:
    with store.snapshot() as reader:
        asked = sa.text("SELECT pg_total_relation_size('body')")
        return int(reader.transaction.connection.execute(asked).scalar_one())


@pytest.fixture
def filled(store: SqlStore, clock: HandClock) -> SqlStore:
    fill(store, 1, START)
    store.take_baseline("code")
    store.settle_space()
    clock.at = NOW
    return store


def test_room_is_given_back_while_others_work(
    filled: SqlStore, clock: HandClock, opened: Callable[[], SqlStore]
) -> None:
    is_sqlite = filled.opened.engine.dialect.name == "sqlite"
    before = file_of(filled).stat().st_size if is_sqlite else body_bytes(filled)
    other = opened()
    receive(other, intake(9_000, arrived_at=NOW))
    purge(filled, clock)
    if is_sqlite:
        assert file_of(filled).stat().st_size < before / 3
        log = file_of(filled).with_name("hp24.db-wal")
        other.close()
        filled.close()
        assert not log.exists()
        return
    fill(filled, 10_000, NOW)
    assert body_bytes(filled) < before * 1.1, "new rows take the room of the old ones"


def test_compacting_gives_everything_back(filled: SqlStore, clock: HandClock) -> None:
    purge(filled, clock)
    before, after = compact(filled, clock, BY)
    assert after <= before + PAGE_BYTES, "its own entry in the audit may begin a page"
    if filled.opened.engine.dialect.name == "postgresql":
        assert body_bytes(filled) < 50_000


def test_nothing_is_compacted_under_a_running_engine(filled: SqlStore, clock: HandClock) -> None:
    with filled.turn("beat") as turn:
        turn.beat(PartRow("listen", 4711, "host", PartState.RUNNING, clock.at, clock.at))
    with pytest.raises(ActRefusedError, match="engine-alive"):
        compact(filled, clock, BY)


def test_a_step_gives_back_no_more_than_it_is_told(filled: SqlStore, clock: HandClock) -> None:
    if filled.opened.engine.dialect.name == "sqlite":
        with filled.turn("test") as turn:
            connection = turn.transaction.connection
            connection.execute(sa.text("DROP TRIGGER body_kept"))
            connection.execute(sa.text("DELETE FROM body"))
        before = filled.size_bytes()
        assert filled.give_back(65_536), "there is more"
        assert before - 2 * 65_536 < filled.size_bytes() < before
