"""Backups of a desk's store, and what is restored of them."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from interface.operate.backup import resume_after_restore
from interface.pipeline.deliver import DeliverStage
from interface.pipeline.restored import doubt_unfinished
from interface.ports import Turn
from interface.row.backup import Manifest
from interface.store.database import Limits
from interface.store.restore import restore
from interface.store.store import open_store
from tests.made import MadeDatabase
from tests.operate.desk import BY, Desk, Till, render
from tests.pipeline.spoken import DESTINATION, HandClock

NEW = "spare"


Take = Callable[..., Path]


def deliver_stage(desk: Desk) -> DeliverStage:
    return DeliverStage(desk.store, desk.destinations[DESTINATION], render, desk.clock, lambda: 0.5)


def till_at(desk: Desk) -> Till:
    return Till(desk, deliver_stage(desk))


def resume(desk: Desk) -> None:
    resume_after_restore(desk.store, BY)


def silent(_done: int, _total: int) -> None:
    """Progress that nobody looks at."""


def settle(turn: Turn, manifest: Manifest) -> None:
    doubt_unfinished(turn, manifest.made_at)


class Copies:
    """Makes empty places for a database of the same kind, and opens what was restored there."""

    def __init__(self, made: MadeDatabase, folder: Path, stack: ExitStack, request: pytest.FixtureRequest) -> None:
        self._made = made
        self._folder = folder
        self._stack = stack
        self._request = request
        self._count = 0

    def place(self) -> str:
        """URL of a database that is not there yet, or empty."""
        self._count += 1
        if self._made.url.startswith("sqlite"):
            return f"sqlite:///{self._folder / f'{NEW}{self._count}' / 'hp24.db'}"
        server = self._request.getfixturevalue("postgres_server")
        url: str = self._stack.enter_context(server.database())
        return url

    def load(self, file: Path, clock: HandClock, url: str = "") -> str:
        url = url or self.place()
        restore(url, file, clock, self._made.environ, Limits(), settle, silent)
        return url

    def restored(self, desk: Desk, file: Path) -> Desk:
        """A desk like this one, at the restored store."""
        url = self.load(file, desk.clock)
        store = open_store(url, desk.clock, self._made.environ)
        self._stack.callback(store.close)
        return Desk(store, desk.clock, desk.contents, desk.numbers, desk.owners, desk.destinations)
