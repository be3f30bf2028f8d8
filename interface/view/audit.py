"""The audit trail as people read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Audited:
    """One line of the trail: when, who, what, to what (`message:17`), and why."""

    id: int
    at: int
    actor: str
    verb: str
    subject: str
    reason: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which lines: all conditions hold; an empty one asks for nothing. `since` in UTC microseconds. Pages go on from `beyond_id`.

    `newest_first` turns the order by id around.
    """

    actor: str = ""
    since: int = 0
    beyond_id: int = 0
    newest_first: bool = False
    limit: int = 500
