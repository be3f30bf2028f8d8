"""What is removed when its time is over: rules, reasons to keep, how long, and how gently."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

DAY_MICROS = 86_400_000_000


class Rule(StrEnum):
    """What may be removed, each after a time of its own. In this order, for later ones need that earlier ones were removed."""

    PROCESSED_BODIES = "processed-bodies"
    FILTERED_BODIES = "filtered-bodies"
    REFUSED_BODIES = "refused-bodies"  # frames that were cut off, too
    FAILED_BODIES = "failed-bodies"
    DELIVERIES = "deliveries"  # payloads, attempts and answers; the delivery itself stays
    ARRIVALS = "arrivals"
    RUNS = "runs"
    MESSAGES = "messages"  # the row by which a repeat is recognised, and what the message is found by
    AUDIT = "audit"


BODIES = (Rule.PROCESSED_BODIES, Rule.FILTERED_BODIES, Rule.REFUSED_BODIES, Rule.FAILED_BODIES)


class Why(StrEnum):
    """Why something stays although its time is over."""

    UNSETTLED = "unsettled"  # the message waits or is held
    WORK_ITEM = "work-item"  # an open work item is about it
    LANE = "lane"  # it stands in the way of its patient's later messages
    REPLAY = "replay"  # it is to be run again
    COPY = "copy"  # an amended copy of it is not settled
    UNPOSTED = "unposted"  # money of it is not posted
    UNDELIVERED = "undelivered"
    RECENT = "recent"  # it was run, sent, answered or repeated lately
    PROOF = "proof"  # `hp24 verify` runs it again; the baseline does not contain it yet
    BODY = "body"  # its body is kept
    NAMED = "named"  # the journal, a payment, a delivery or a copy names it


@dataclass(frozen=True, slots=True)
class Keeping:
    """How many days each is kept; what speaks of messages by their numbers is never outlived by them."""

    days: Mapping[Rule, int]
    repeats_days: int  # a message's row outlives the last of the bodies by so much

    def days_of(self, rule: Rule) -> int:
        """How long what this rule removes is kept."""
        if rule is Rule.MESSAGES:
            bodies = max(self.days[each] for each in BODIES)
            return max(
                bodies + self.repeats_days, self.days[Rule.AUDIT], self.days[Rule.RUNS], self.days[Rule.ARRIVALS]
            )
        return self.days[rule]

    def cutoff(self, rule: Rule, now: int) -> int:
        """What is older than this moment may go."""
        return now - self.days_of(rule) * DAY_MICROS


@dataclass(frozen=True, slots=True)
class PurgePace:
    """How gently: rows removed in one turn and how long one may take, the share of time spent, what is given back at once."""

    step_rows: int = 200
    step_micros: int = 5_000
    share: float = 0.2
    give_back_kilobytes: int = 512


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something whose time is over; `why` it stays, or None. `size_bytes` is what its removal frees, as far as that is known."""

    id: int
    size_bytes: int
    why: Why | None


@dataclass(frozen=True, slots=True)
class Removed:
    """What one step removed: rows or messages by id, and what they took."""

    ids: tuple[int, ...] = ()
    size_bytes: int = 0
