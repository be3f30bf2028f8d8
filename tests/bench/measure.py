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

    def on(self, database: Database) -> "Target":
        """The same goal for `database`: a server behind a socket may take 1/0.7 of the time."""
        factor = 0.7 if database is Database.POSTGRESQL else 1.0
        return Target(self.per_second * factor, None if self.p99_ms is None else self.p99_ms / factor)


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
        in_time = target.p99_ms is None or self.load is None or self.load.p99_ms <= target.p99_ms
        return self.per_second >= target.per_second and in_time


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a measurement, or the reason why there is none."""

    name: str
    database: Database
    measured: Measured | None = None
    target: Target | None = None
    failure: str = ""
