"""One connection inside one transaction, with the keys and the words that its statements need."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from interface.row.mirror import MirrorMark
from interface.store import schema_message as t
from interface.store.dialect import PerDialect, insert_or_add, insert_or_keep, within
from interface.store.statement import written
from interface.store.vault import Vault

Rows = Sequence[Mapping[str, Any]]
V = TypeVar("V")
IN_LIMIT = 500  # values in one IN list: both databases allow many more, plans and statement texts stay small

_NAMES_BY_TEXT = sa.select(t.name.c.text, t.name.c.id).where(within(t.name.c.text, "texts"))
_NAMES_BY_ID = sa.select(t.name.c.id, t.name.c.text).where(within(t.name.c.id, "ids"))
_NEW_NAME = insert_or_keep(t.name)
_TALLY = insert_or_add(t.tally, "amount", latest="last_at")
ARRIVAL = "arrival"
PURGED_BODY, FORGOTTEN = "purged body", "forgotten "  # counts, too; the second before a message's state
_COUNTED = {"preserve_rowcount": True}


class Words:
    """The words (sources, types, causes, destinations) that this process has seen committed, by text and by id."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self.texts: dict[int, str] = {}

    def learn(self, found: Mapping[str, int]) -> None:
        """Keep committed words; they never change."""
        self.ids.update(found)
        self.texts.update((number, text) for text, number in found.items())


@dataclass(slots=True)
class Tx:
    """What the functions of this package work on. `now` is the time of the transaction, UTC microseconds."""

    connection: sa.Connection
    vault: Vault
    words: Words
    shard: int
    now: int
    fresh: dict[str, int] = field(default_factory=dict)  # words written here, not committed yet
    tallies: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)  # amount, latest time
    marks: set[MirrorMark] = field(default_factory=set)  # rows that HealthPay24 is to be told of

    @property
    def dialect(self) -> str:
        """sqlite or postgresql."""
        return self.connection.dialect.name

    def write(self, statement: sa.Executable | PerDialect, rows: Rows) -> int:
        """Execute once for each row, in one round trip where the driver can; gives the number of rows touched."""
        if not rows:
            return 0
        chosen = statement.of(self.dialect) if isinstance(statement, PerDialect) else statement
        ready = written(chosen, self.dialect, tuple(rows[0]))
        return self.connection.exec_driver_sql(ready.text, ready.parameters(rows), execution_options=_COUNTED).rowcount

    def read(self, statement: sa.Executable, **values: Any) -> Sequence[sa.Row[Any]]:
        """All rows of a query."""
        return self.connection.execute(statement, values).all()

    def first(self, statement: sa.Executable, **values: Any) -> sa.Row[Any] | None:
        """The first row of a query."""
        return self.connection.execute(statement, values).first()

    def read_in(self, statement: sa.Executable, name: str, values: Iterable[Any], **others: Any) -> list[sa.Row[Any]]:
        """All rows of a query over a list of any length."""
        rows: list[sa.Row[Any]] = []
        for chunk in chunks(list(values)):
            rows += self.connection.execute(statement, {name: chunk, **others}).all()
        return rows

    def write_in(self, statement: sa.Executable, name: str, values: Iterable[Any], **others: Any) -> int:
        """Execute a statement over a list of any length; gives the number of rows touched."""
        return sum(
            self.connection.execute(statement, {name: chunk, **others}).rowcount for chunk in chunks(list(values))
        )

    def word_ids(self, texts: Iterable[str]) -> dict[str, int]:
        """The ids of words, new ones written."""
        wanted = set(texts)
        known = self._known_words(wanted)
        if missing := wanted - known.keys():
            # Sorted: two writers that meet on PostgreSQL must take their rows in the same order.
            self.write(_NEW_NAME, [{"text": text} for text in sorted(missing)])
            found = {row.text: row.id for row in self.read_in(_NAMES_BY_TEXT, "texts", missing)}
            self.fresh.update(found)
            known |= found
        return known

    def known_word_ids(self, texts: Iterable[str]) -> dict[str, int]:
        """The ids of those words that exist."""
        wanted = set(texts)
        known = self._known_words(wanted)
        if missing := wanted - known.keys():
            # Not among those written here, so committed by somebody.
            found = {row.text: row.id for row in self.read_in(_NAMES_BY_TEXT, "texts", missing)}
            self.words.learn(found)
            known |= found
        return known

    def _known_words(self, wanted: set[str]) -> dict[str, int]:
        held = (self.words.ids, self.fresh)
        return {text: ids[text] for ids in held for text in wanted if text in ids}

    def texts(self, numbers: Iterable[int | None]) -> dict[int | None, str]:
        """The words of these ids; None stands for no word, "" here."""
        wanted = {number for number in numbers if number is not None}
        known = self.words.texts
        found: dict[int | None, str] = {number: known[number] for number in wanted if number in known}
        if missing := wanted - found.keys():
            read = {row.id: row.text for row in self.read_in(_NAMES_BY_ID, "ids", missing)}
            self.words.learn({text: number for number, text in read.items() if text not in self.fresh})
            found |= read
        found[None] = ""
        return found

    def count(self, source_id: int, state: str, amount: int, at: int = 0) -> None:
        """Remember a change of a count (and when it happened); written once, when the transaction ends."""
        key = (source_id, state)
        known, latest = self.tallies.get(key, (0, 0))
        self.tallies[key] = (known + amount, max(latest, at))

    def write_tallies(self) -> None:
        """Write the changed counts, in an order that two writers share."""
        rows = [
            {"source_id": source, "state": state, "shard": self.shard, "amount": amount, "last_at": latest}
            for (source, state), (amount, latest) in sorted(self.tallies.items())
            if amount
        ]
        self.tallies.clear()
        self.write(_TALLY, rows)


def chunks(values: Sequence[V], size: int = IN_LIMIT) -> Iterator[Sequence[V]]:
    """A long list in pieces."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
