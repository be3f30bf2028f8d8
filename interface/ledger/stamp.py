"""Which message speaks to the ledger, and when: the provenance of everything that it changes."""

from dataclasses import dataclass

from interface.message import RunReason


@dataclass(frozen=True, slots=True)
class Stamp:
    """`seq` orders arrivals (the message's id). `force_money`: a replay may take back what it booked and book anew."""

    message_id: int
    seq: int
    config_id: int
    source: str
    reason: RunReason
    recorded_at: int
    force_money: bool = False
