"""Filters of a channel: messages that are let pass by, each with a reason that people can read."""

from collections.abc import Sequence
from dataclasses import dataclass

from interface.mapping.reader import Holds
from interface.mapping.rules import SegmentUse
from interface.mapping.scope import Scope


@dataclass(frozen=True, slots=True)
class FilterRule:
    """All that is given must fit; `events` (`ADT^A08`) empty means all."""

    reason: str
    events: frozenset[str] = frozenset()
    when: Holds | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of one channel, and the segments that their conditions look at."""

    rules: Sequence[FilterRule] = ()
    segments: tuple[SegmentUse, ...] = ()

    def reason(self, event: str, scope: Scope) -> str:
        """Why this message is let pass by; empty when it is not."""
        for rule in self.rules:
            if (not rule.events or event in rule.events) and (rule.when is None or rule.when(scope)):
                return rule.reason
        return ""
