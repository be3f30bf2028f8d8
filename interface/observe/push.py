"""Events of telling HealthPay24 what changed in the ledger."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.event import Event, Level, Stage, Sum


class Pushing(Event):
    """What the events of this stage share."""

    __slots__ = ()
    stage: ClassVar = Stage.DELIVER


@dataclass(frozen=True, slots=True)
class RecordsPushed(Pushing):
    """A round told HealthPay24 of so many rows."""

    counter: ClassVar = "push_rounds_total"
    sums: ClassVar = (Sum("records_pushed_total", "records", "Rows of the ledger that HealthPay24 was told of."),)
    records: int


@dataclass(frozen=True, slots=True)
class RecordRejected(Pushing):
    """HealthPay24 said no to a row; `code` is its reason. A work item tells a person."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "records_rejected_total"
    split_by: ClassVar = ("subject", "code")
    subject: str
    code: str
    row: int


@dataclass(frozen=True, slots=True)
class PushFailed(Pushing):
    """HealthPay24 could not be told; what is to be told waits, and is told after `wait_secs`."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "push_failures_total"
    split_by: ClassVar = ("code",)
    code: str
    place: str
    wait_secs: float
