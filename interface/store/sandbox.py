"""A scratch store in which everything is tried and nothing stays: all turns of one trial are parts of one transaction that is
never committed. Trials therefore never see each other, and the next one costs no new database. Ids are counted from 1 in each
trial, so that the same messages give the same bytes every time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from interface.ports import Clock
from interface.store import mirror
from interface.store.database import Limits, open_database, translated
from interface.store.reader import SqlReader
from interface.store.store import SqlStore
from interface.store.turn import SqlTurn
from interface.store.tx import Tx

WIRE_IDS: Final = {"wire": "W", "message": "M"}  # what ids of ours begin with: FT1-2, MSH-10


@dataclass(slots=True)
class _Trial:
    """The one connection of a trial, the words that were written in it, and its counters."""

    connection: sa.Connection
    words: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)

    def count(self, name: str) -> int:
        number = self.counters[name] = self.counters.get(name, 0) + 1
        return number


class Sandbox(SqlStore):
    """`ports.Store` for trials. One thread's; everything but `trial` is to be called inside of one."""

    _trial: _Trial | None = None

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Begin on an empty ledger; whatever is done inside is taken back at the end."""
        with translated(), self._engine.connect().execution_options(writes=True) as connection:
            transaction = connection.begin()
            self._trial = _Trial(connection)
            try:
                yield
            finally:
                self._trial = None
                transaction.rollback()

    @property
    def _here(self) -> _Trial:
        assert self._trial is not None, "a sandbox is used inside of a trial"
        return self._trial

    def _part(self) -> Tx:
        here = self._here
        return Tx(here.connection, self._vault, self._words, 0, self._clock.now(), dict(here.words))

    @contextmanager
    def snapshot(self) -> Iterator[SqlReader]:
        """What the trial holds so far."""
        with translated():
            yield SqlReader(self._part())

    @contextmanager
    def turn(self, purpose: str) -> Iterator[SqlTurn]:
        """A part of the trial that is taken back by itself where it fails."""
        self._require_no_turn(purpose)
        self._inside.purpose = purpose
        try:
            with translated(), self._here.connection.begin_nested():
                tx = self._part()
                yield SqlTurn(tx)
                mirror.write_marks(tx)
                tx.write_tallies()
            self._here.words.update(tx.fresh)
        finally:
            self._inside.purpose = ""

    def allocate(self, name: str) -> int:
        """The next id of a counter, from 1."""
        return self._here.count(name)

    def wire_id(self, name: str, width: int) -> str:
        """`W1`, `W2` ... for transactions, `M1` ... for messages."""
        return f"{WIRE_IDS[name]}{self._here.count(f'wire {name}')}"[:width]

    def new_public_id(self, prefix: str) -> str:
        """`pt_1`, `tx_1` ..."""
        return f"{prefix}_{self._here.count(f'public {prefix}')}"


def open_sandbox(folder: Path, clock: Clock) -> Sandbox:
    """An empty one in `folder`, with a key of its own: neither flushed nor kept."""
    limits = Limits(is_scratch=True)
    environ = {"HP24_KEY_FILE": str(folder / "sandbox.key")}
    return Sandbox(open_database(f"sqlite:///{folder / 'sandbox.db'}", clock.now(), environ, limits), clock, limits)
