"""One row of the table: what was measured, on what, and what it should have been."""

from dataclasses import dataclass, field
from enum import StrEnum

from tests.bench.load import Load


class Database(StrEnum):
    """What the engine stores in; peers store nothing."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"
    NONE = "-"


@dataclass(frozen=True, slots=True)
class Target:
    """What a row should reach: messages a second, and the longest wait of 99 senders in 100."""

    per_second: float
    p99_ms: float | None = None
    p95_ms: float | None = None

    def on(self, database: Database) -> "Target":
        """The same goal for `database`: a server behind a socket may take 1/0.7 of the time."""
        factor = 0.7 if database is Database.POSTGRESQL else 1.0
        waits = (None if one is None else one / factor for one in (self.p99_ms, self.p95_ms))
        return Target(self.per_second * factor, *waits)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run took. `load` is absent where nobody waits for answers (replay)."""

    messages: int
    seconds: float
    load: Load | None = None
    cpu_secs: dict[str, float] = field(default_factory=dict)  # by part
    bytes_per_message: int | None = None

    @property
    def per_second(self) -> float:
        return self.messages / self.seconds

    def meets(self, target: Target) -> bool:
        """Whether rate and wait are both within the target."""
        if self.per_second < target.per_second:
            return False
        if self.load is None:
            return True
        waits = ((self.load.p99_ms, target.p99_ms), (self.load.p95_ms, target.p95_ms))
        return all(limit is None or wait <= limit for wait, limit in waits)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a measurement, or the reason why there is none."""

    name: str
    database: Database
    measured: Measured | None = None
    target: Target | None = None
    failure: str = ""
