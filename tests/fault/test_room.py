"""Room on a disk: told early, closed before the last of it, opened again with a little to spare; a store that takes no more."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from interface.engine.room import MEGABYTE, DiskRoom, Room, room_of
from interface.errors import StoreUnavailableError
from interface.observe.event import Event
from interface.observe.room import DiskEased, DiskLow, DiskShort
from interface.store.store import SqlStore, open_store
from tests.made import MadeDatabase
from tests.pipeline.spoken import Feed, HandClock, update

WARN, RESERVE = 1000, 100


class Disk:
    """A disk of as many megabytes as the test says, with what was told of it."""

    def __init__(self) -> None:
        self.free_mb = 5000
        self.told: list[Event] = []
        self.room = DiskRoom(
            Path("/var/lib/hp24"),
            warn_mb=WARN,
            reserve_mb=RESERVE,
            emit=self.told.append,
            free=lambda _folder: self.free_mb * MEGABYTE,
        )

    def at(self, free_mb: int) -> bool:
        """Whether something may be received with so much left."""
        self.free_mb = free_mb
        return self.room.refusal() is None


def test_intake_ends_below_the_reserve_and_begins_again_above_it() -> None:
    disk = Disk()
    assert [disk.at(mb) for mb in (101, 99, 105, 109, 110)] == [True, False, False, False, True]


def test_each_change_is_told_once() -> None:
    disk = Disk()
    for mb in (5000, 999, 998, 99, 98, 500, 501, 1099, 1100, 4000):
        disk.at(mb)
    place = "/var/lib/hp24"
    assert disk.told == [
        DiskLow(place, 999 * MEGABYTE, WARN * MEGABYTE),
        DiskShort(place, 99 * MEGABYTE, RESERVE * MEGABYTE),
        DiskEased(place, 500 * MEGABYTE),
        DiskEased(place, 1100 * MEGABYTE),
    ]


def test_the_refusal_names_the_disk_and_what_is_left() -> None:
    disk = Disk()
    disk.at(42)
    refusal = disk.room.refusal()
    assert refusal is not None
    assert (refusal.code, refusal.place, "42 MB" in refusal.text) == ("disk-reserve", "/var/lib/hp24", True)


def test_a_disk_that_cannot_be_asked_refuses_nothing() -> None:
    def gone(_folder: Path) -> int:
        raise FileNotFoundError

    assert DiskRoom(Path("/nowhere"), warn_mb=1, reserve_mb=1, free=gone).refusal() is None


@given(st.integers(0, 2000), st.sampled_from(Room))
def test_no_reserve_and_no_warning_mean_that_nothing_is_short(free: int, was: Room) -> None:
    assert room_of(free, 0, 0, was) is Room.AMPLE


# ------------------------------------------------------------ SQLite's own limit


@pytest.fixture
def store(made_sqlite: MadeDatabase) -> Iterator[SqlStore]:
    opened = open_store(made_sqlite.url, HandClock(), made_sqlite.environ)
    yield opened
    opened.close()


@pytest.fixture
def limit(store: SqlStore) -> Callable[[int], None]:
    """Sets how many pages the file may have (0: as many as it has), for each connection that begins something."""
    pages = [1 << 30]

    @event.listens_for(store.opened.engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages[0]}")

    def at(count: int) -> None:
        pages[0] = count

    return at


def test_a_file_that_may_not_grow_takes_nothing_and_loses_nothing(
    store: SqlStore, limit: Callable[[int], None]
) -> None:
    feed = Feed(store, HandClock())
    feed.receive(update("1", "A1"))
    limit(1)
    with pytest.raises(StoreUnavailableError, match="database-unavailable"):
        feed.receive(*[update("1", "A1")] * 500)
    limit(1 << 30)
    feed.receive(update("2", "A2"))
    with store.snapshot() as reader:
        (counts,) = reader.channel_counts()
    assert counts.received == 2
