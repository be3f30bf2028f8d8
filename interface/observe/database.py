"""Events of the database: made, write transactions and how long they waited for their turn."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.engine import Running
from interface.observe.event import MILLION, SHORT, Histogram, Level, Sum


@dataclass(frozen=True, slots=True)
class TurnEnded(Running):
    """A write transaction was committed. `waited_micros`: until it was its turn; `took_micros`: from then to the flush."""

    counter: ClassVar = "database_turns_total"
    split_by: ClassVar = ("purpose",)
    measured_by: ClassVar = ()
    histograms: ClassVar = (
        Histogram(
            "database_wait_seconds", "waited_micros", "Wait of a write transaction for its turn.", SHORT, MILLION
        ),
        Histogram("database_busy_seconds", "took_micros", "Length of a write transaction.", SHORT, MILLION),
    )
    purpose: str
    waited_micros: int
    took_micros: int


@dataclass(frozen=True, slots=True)
class LongTurn(Running):
    """A write transaction held the database longer than its limit, and every other writer waited. Counted, not logged."""

    counter: ClassVar = "database_long_turns_total"
    split_by: ClassVar = ("purpose",)
    purpose: str
    length_micros: int
    limit_micros: int


@dataclass(frozen=True, slots=True)
class DatabaseMade(Running):
    """A new database with a new master key; losing the key file means losing the data."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "databases_made_total"
    database_id: str
    key_place: str
    notice: str


@dataclass(frozen=True, slots=True)
class AuditSealed(Running):
    """A link was added to the chain over the audit trail. With its `code` the log tells later that the chain went so far."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "audit_seals_total"
    sums: ClassVar = (Sum("audit_rows_sealed_total", "rows", "Rows of the audit trail that were sealed."),)
    seal: int
    rows: int
    last_row: int
    code: str
