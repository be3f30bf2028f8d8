"""What the audit trail is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what to what, and why: goes to the audit trail in the same turn as its effect."""

    actor: str
    verb: str
    subject: str
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
