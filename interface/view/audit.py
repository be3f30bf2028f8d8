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
class AuditProof:
    """What was proven of the trail. `found` names every row and seal that is not as it was made; empty: proven.

    `unsealed` rows are newer than the newest seal, the oldest of them `unsealed_since`: nothing is proven of them yet.
    """

    rows: int
    seals: int
    last_seal: int
    sealed_at: int
    unsealed: int
    unsealed_since: int
    found: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.found


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
