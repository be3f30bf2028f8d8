"""What became of one message that was tried."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from interface.errors import InterfaceError
from interface.fhir.outcome import Issue
from interface.hl7.header import Header
from interface.hl7.problem import Problem
from interface.ledger.reading import Filtered, Reading

if TYPE_CHECKING:
    from interface.mapping.explain import Explanation


class Outcome(StrEnum):
    """What the engine would do with a message, as far as one message alone can tell."""

    MAPPED = "mapped"  # handed to the ledger, which may still hold it: a payment before its account
    FILTERED = "filtered"
    HELD = "held"  # the mapping is to be mended; the message waits
    FAILED = "failed"  # the message is to be amended; its sender was told yes
    REFUSED = "refused"  # its sender is told no


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message tried. `content` is what it says, or why not; `masked` are the places of card numbers.

    `issues` are what a FHIR body breaks of R4, whether the mapping reads it or not. `explanation` is there where it was asked
    for and the mapping was reached.
    """

    header: Header
    outcome: Outcome
    content: Reading | Filtered | InterfaceError | Problem
    masked: tuple[str, ...] = ()
    explanation: "Explanation | None" = None
    issues: tuple[Issue, ...] = ()

    @property
    def is_for_a_rule(self) -> bool:
        """Whether a rule may be to blame, which an explanation would name."""
        return isinstance(self.content, InterfaceError)
