"""The store of record: hands out snapshots and turns, ids, locks; seals before a turn opens."""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc
from ulid import ULID

from interface.errors import LockLostError, StoreError
from interface.ledger.change import LedgerChanges
from interface.ledger.noun import Identifier
from interface.observe.database import DatabaseMade, LongTurn, TurnEnded
from interface.observe.emit import emit
from interface.ports import Clock, Prepared, Progress
from interface.row.backup import AuditEnd, BackupPace, Manifest
from interface.row.message import Intake
from interface.store import (
    archive,
    arrival,
    backup,
    baseline,
    counter,
    ledger_save,
    mirror,
    rotation,
    sealing,
    space,
    wire,
)
from interface.store.block import Blocks
from interface.store.counter import FENCE
from interface.store.database import Limits, Opened, open_database, sqlite_path, translated
from interface.store.dialect import SQLITE
from interface.store.ledger_save import SealedChanges
from interface.store.place import Place
from interface.store.reader import SqlReader
from interface.store.rotation import KeyRotation
from interface.store.turn import SqlTurn
from interface.store.turnstile import Turnstile, hold
from interface.store.tx import Tx, Words

_SHARDS = 32  # rows that one count may be spread over
_LANE_MASK = (1 << 63) - 1


def open_store(
    url: str,
    clock: Clock,
    environ: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    *,
    makes: bool = True,
) -> "SqlStore":
    """Open the store of record; the first open makes database and keys, if it `makes` any.

    `url`: sqlite:////path/to/file.db or postgresql://user@host/name. `environ` names the key file (HP24_KEY_FILE, HOME).
    Errors: see `database.open_database`.
    """
    bounds = limits or Limits()
    opened = open_database(url, clock.now(), os.environ if environ is None else environ, bounds, makes=makes)
    if opened.notice and not bounds.is_scratch:
        emit(DatabaseMade(opened.database_id, opened.key_source.place, opened.notice))
    return SqlStore(opened, clock, bounds)


def open_scratch(folder: Path, clock: Clock) -> "SqlStore":
    """An empty store in `folder`, with a key of its own, for a proof: neither flushed nor kept."""
    environ = {"HP24_KEY_FILE": str(folder / "scratch.key")}
    return open_store(f"sqlite:///{folder / 'scratch.db'}", clock, environ, Limits(is_scratch=True))


class SqlStore:
    """`ports.Store` on SQLite or PostgreSQL. Safe to share between threads; every process opens its own."""

    def __init__(self, opened: Opened, clock: Clock, limits: Limits) -> None:
        self.opened = opened
        self._engine = opened.engine
        self._vault = opened.vault
        self._clock = clock
        self._limits = limits
        self._words = Words()
        self._shard = os.getpid() % _SHARDS
        self._blocks = Blocks(self._reserve, limits.id_block)
        self._inside = threading.local()
        self._wire_prefix = opened.wire_prefix
        self._wire_offset = opened.wire_offset
        self._fences: dict[str, int] = {}  # PostgreSQL: locks held here, by the count at which they were taken
        self._turnstile = Turnstile(sqlite_path(self._engine)) if self._is_sqlite else None
        self._place = Place(sqlite_path(self._engine)) if self._is_sqlite else None

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == SQLITE

    @property
    def folder(self) -> Path | None:
        """Where the database's file lies; None for a server's."""
        return sqlite_path(self._engine).parent if self._is_sqlite else None

    def prepare(self, intakes: Sequence[Intake]) -> list[Prepared]:
        """Digest, compress and seal; no database work."""
        return [arrival.prepare(self._vault, intake) for intake in intakes]

    def seal(self, changes: LedgerChanges) -> SealedChanges:
        """Seal a batch's ledger changes; no database work."""
        return ledger_save.seal(self._vault, changes)

    def fingerprint(self, value: bytes) -> bytes:
        """16 bytes that are equal for equal bytes and tell nothing else."""
        return self._vault.digest("fingerprint", value)

    @contextmanager
    def snapshot(self) -> Iterator[SqlReader]:
        """A consistent read; takes no write lock."""
        options = {} if self._is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with translated(), self._engine.connect() as bare:
            connection = bare.execution_options(**options)
            with connection.begin():
                yield SqlReader(self._tx(connection))

    @contextmanager
    def turn(self, purpose: str) -> Iterator[SqlTurn]:
        """A write transaction, durable when it exits. On SQLite, writers of all processes take fair turns."""
        self._require_no_turn(purpose)
        waiting: AbstractContextManager[None] = self._turnstile.turn() if self._turnstile else nullcontext()
        self._inside.purpose = purpose
        asked = time.monotonic_ns()
        try:
            with waiting:
                self._check_place()
                started = time.monotonic_ns()
                with translated(), self._engine.connect().execution_options(writes=True) as connection:
                    tx = self._tx(connection)
                    with connection.begin():
                        self._check_fence(tx, purpose)
                        yield SqlTurn(tx)
                        mirror.write_marks(tx)
                        tx.write_tallies()
                self._check_place()  # after the commit, too: before anybody is told that it is durable
                self._words.learn(tx.fresh)
            self._measure(purpose, (started - asked) // 1000, (time.monotonic_ns() - started) // 1000)
        finally:
            self._inside.purpose = ""

    def _check_place(self) -> None:
        if self._place is not None:
            self._place.check()

    def _require_no_turn(self, purpose: str) -> None:
        # On SQLite a thread would wait for itself. Always refused, not only when a block of ids happens to run out.
        if inside := getattr(self._inside, "purpose", ""):
            raise StoreError(
                "turn-within-turn",
                f"'{purpose}' needs a write transaction of its own, inside of '{inside}'",
                place="store",
                advice="reserve ids and open other turns before or after",
            )

    def _check_fence(self, tx: Tx, purpose: str) -> None:
        # On PostgreSQL a lock ends with its session, which a network may break without our noticing. Turns that are named
        # after a lock therefore also look whether it was taken since; the row keeps the next taker out until the commit.
        fence = self._fences.get(purpose)
        if fence is not None and counter.fence(tx, purpose) != fence:
            raise LockLostError(
                "lock-lost",
                f"another engine has taken over '{purpose}'",
                place="database",
                advice="this part must stop; what it has not committed is done by the other one",
            )

    def _measure(self, purpose: str, waited_micros: int, length_micros: int) -> None:
        emit(TurnEnded(purpose, waited_micros, length_micros))
        if length_micros > self._limits.turn_limit_micros:
            emit(LongTurn(purpose, length_micros, self._limits.turn_limit_micros))

    def _tx(self, connection: sa.Connection) -> Tx:
        return Tx(connection, self._vault, self._words, self._shard, self._clock.now())

    @property
    def has_key(self) -> bool:
        """Whether the master key is still where it was read."""
        return self.opened.key_source.is_there

    def check_writable(self) -> None:
        """Commit something small.

        Errors: StoreUnavailableError `database-unavailable` while nothing can be stored.
        """
        with self.turn("check") as turn:
            turn.touch()

    def allocate(self, name: str) -> int:
        """The next id of a counter; handed out from blocks, never reused, gaps are normal. Not inside a turn."""
        self._require_no_turn("allocate")
        return self._blocks.take(name)

    def _reserve(self, name: str, amount: int) -> range:
        with self.turn("reserve") as turn:
            return turn.advance(name, amount)

    def wire_id(self, name: str, width: int) -> str:
        """The next short id that goes over the wire; at most `width` characters. Not inside a turn."""
        self._require_no_turn("wire-id")
        return wire.compose(self._wire_prefix, self._wire_offset + self._blocks.take(f"wire {name}"), width)

    def renew_wire_ids(self) -> None:
        """Begin the present minute's wire ids: to be called by what takes over from another engine, or from a restored copy."""
        with self.turn("wire-ids") as turn:
            self._wire_prefix = turn.renew_wire_prefix()

    def backup(self, file: Path, pace: BackupPace, progress: Progress) -> Manifest:
        """Write one consistent snapshot of everything to a file, beside running writers; see `backup.take`."""
        return backup.take(self._engine, self._vault, file, self._clock.now(), pace, progress)

    def audit_end_of(self, file: Path) -> AuditEnd | None:
        """The end of the audit trail that a backup of this database notes.

        Errors: StoreError `backup-unreadable`, `backup-altered`.
        """
        with archive.reading(file) as reader:
            reader.prove(self._vault)
            return reader.manifest.audit

    def begin_key_rotation(self) -> KeyRotation:
        """Have a new master key ready beside the present one; `Turn.rewrap` puts it in use. See `rotation.begin`."""
        return rotation.begin(self.opened.key_source, self.opened.database_id, self._wrapped_keys(), self._clock.now())

    def finish_key_rotation(self, changed: KeyRotation) -> Path | None:
        """Prove that the new key opens what was committed; gives the file that holds the old one. See `rotation.finish`."""
        return rotation.finish(changed, self._wrapped_keys())

    def _wrapped_keys(self) -> Mapping[str, bytes]:
        with translated(), self._engine.connect() as connection, connection.begin():
            return rotation.wrapped_keys(self._tx(connection))

    def seal_audit(self) -> int:
        """Seal what the audit trail has gained since the newest seal; gives how many rows. 0 also where another process does so."""
        with self.exclusive("seal") as is_ours:
            return sealing.seal(self._snapshot_tx, lambda: self._turn_tx("seal")) if is_ours else 0

    def give_back(self, size_bytes: int) -> bool:
        """Let a SQLite file become so much smaller, in one turn; True while there is more. PostgreSQL: see `compact`."""
        with self.turn("purge") as turn:
            return space.give_back(turn.transaction, size_bytes)

    def settle_space(self) -> None:
        """After a purge, beside all other work: what was emptied can be used again."""
        with translated():
            space.settle(self._engine)

    def compact(self) -> None:
        """Write everything anew without room in between; nobody else may use the database meanwhile."""
        waiting: AbstractContextManager[None] = self._turnstile.turn() if self._turnstile else nullcontext()
        with waiting, translated():
            space.compact(self._engine)

    def size_bytes(self) -> int:
        """What the database takes."""
        with self.snapshot() as reader:
            return space.size(reader.transaction.connection)

    def take_baseline(self, functions: str) -> None:
        """Copy the ledger; from here on a proof begins. Nothing may be processed meanwhile, and no turn be open."""
        baseline.take(lambda: self._turn_tx("baseline"), functions)

    @contextmanager
    def _turn_tx(self, purpose: str) -> Iterator[Tx]:
        with self.turn(purpose) as turn:
            yield turn.transaction

    @contextmanager
    def _snapshot_tx(self) -> Iterator[Tx]:
        with self.snapshot() as reader:
            yield reader.transaction

    def new_public_id(self, prefix: str) -> str:
        """A prefixed ULID: sorts by the time at which it was made."""
        return f"{prefix}_{ULID.from_timestamp(self._clock.now() / 1_000_000)}"

    def lane_of(self, identifier: Identifier) -> int:
        """The lane of a patient known by nothing but this identifier: 63 bits of its keyed digest."""
        return self._vault.search_key("lane", "\x1f".join(identifier)) & _LANE_MASK

    @contextmanager
    def exclusive(self, name: str) -> Iterator[bool]:
        """Hold a named lock that one process at a time may hold; gives whether it was got.

        While it is held, a turn of the same name raises StoreUnavailableError `lock-lost` once somebody else has taken the lock.
        """
        if self._is_sqlite:
            path = sqlite_path(self._engine)
            with hold(path.with_name(f"{path.name}.{name}")) as is_held:
                yield is_held
            return
        key = self._vault.search_key("lock", name)
        with translated(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            is_held = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))))
            try:
                if is_held:
                    (self._fences[name],) = self._reserve(f"{FENCE}{name}", 1)
                yield is_held
            finally:
                if is_held:
                    self._fences.pop(name, None)
                    with suppress(exc.DBAPIError):  # a broken session has let go already
                        connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))

    def close(self) -> None:
        """Give back connections and files."""
        self._engine.dispose()
        if self._turnstile:
            self._turnstile.close()
