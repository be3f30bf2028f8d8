"""What the serving part must know of a channel whose messages are requests to the FHIR server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestSource:
    """One channel that is written to over FHIR: what it takes at once, and how long a request waits for its outcome.

    `max_entries` of a Bundle, `max_in_flight` requests that wait for their answer. `production` false: a channel for tests.
    """

    channel: str
    facility: str
    production: bool
    answer_within_micros: int
    max_body_bytes: int
    max_entries: int
    max_in_flight: int
