"""Events of alerts: begun, told, ended."""

from dataclasses import dataclass
from typing import ClassVar

from interface.observe.engine import Running
from interface.observe.event import Level


@dataclass(frozen=True, slots=True)
class AlertBegan(Running):
    """A condition held long enough to be told of."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "alerts_begun_total"
    split_by: ClassVar = ("rule",)
    rule: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class AlertEnded(Running):
    """An alert's condition is gone for good."""

    level: ClassVar = Level.INFO
    counter: ClassVar = "alerts_ended_total"
    split_by: ClassVar = ("rule",)
    rule: str
    subject: str


@dataclass(frozen=True, slots=True)
class AlertNotKept(Running):
    """A condition that cannot be told of before the database is back; afterwards it is, with its times."""

    level: ClassVar = Level.ERROR
    counter: ClassVar = "alerts_not_kept_total"
    split_by: ClassVar = ("rule",)
    rule: str
    code: str


@dataclass(frozen=True, slots=True)
class RecipientsRefused(Running):
    """A mail server took an alert for some of its recipients only."""

    level: ClassVar = Level.WARNING
    counter: ClassVar = "mail_recipients_refused_total"
    place: str
    recipients: int
