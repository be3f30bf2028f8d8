"""What the store tells: events of its own, beside the stages' in interface/observe."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.event import Event, Level, Stage


@dataclass(frozen=True, slots=True)
class LongTurn(Event):
    """A write transaction held the database longer than its limit, and every other writer waited. Counted, not logged."""

    stage: ClassVar = Stage.ENGINE
    counter: ClassVar = "store_long_turns_total"
    split_by: ClassVar = ("purpose",)
    purpose: str
    length_micros: int
    limit_micros: int


@dataclass(frozen=True, slots=True)
class DatabaseMade(Event):
    """A new database with a new master key; losing the key file means losing the data."""

    stage: ClassVar = Stage.ENGINE
    level: ClassVar = Level.WARNING
    counter: ClassVar = "store_databases_made_total"
    database_id: str
    key_place: str
    notice: str


@dataclass(frozen=True, slots=True)
class AuditSealed(Event):
    """A link was added to the chain over the audit trail. With its `code` the log tells later that the chain went so far."""

    stage: ClassVar = Stage.ENGINE
    level: ClassVar = Level.INFO
    counter: ClassVar = "audit_seals_total"
    sums: ClassVar = (("audit_rows_sealed_total", "rows"),)
    seal: int
    rows: int
    last_row: int
    code: str
