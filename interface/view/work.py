"""What waits for a person, and how far a requested replay is."""

from dataclasses import dataclass

from interface.ledger.outcome import Unrestated

FAILURES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class WorkItemEvent:
    """One line of a work item's history: opened, again, closed; `text` is what a person said."""

    at: int
    actor: str
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class WorkItemRow:
    """Something for a person; `closed_at` 0 while open. `history` is filled where one item was asked for.

    `amount_minor` is the money at stake, in minor units of `currency`; None and "" where no single amount is. `message_id`: the one
    stuck message that the acts take; 0 where it is about none, or about all of a channel and cause.
    """

    id: int
    kind: str
    subject: str
    cause: str
    count: int
    amount_minor: int | None
    currency: str
    message_id: int
    acts: tuple[str, ...]
    opened_at: int
    last_at: int
    closed_at: int
    history: tuple[WorkItemEvent, ...] = ()


# Causes of a run that did all there was to do.
NO_FAILURE = ("filtered", "acknowledgement")


@dataclass(frozen=True, slots=True)
class NotReplayed:
    """A message that could not be run again, and why; `text` and `place` name rules and paths, never values."""

    message_id: int
    cause: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """A requested replay and how far it is.

    `changed` counts the runs that changed the ledger, `failed` those that could not; `failures` are the first of those.
    `unrestated_messages` book other money under this version than is booked; `unrestated` is how much, by currency.
    """

    id: int
    requested_at: int
    actor: str
    force_money: bool
    total: int
    done: int
    changed: int
    failed: int
    failures: tuple[NotReplayed, ...] = ()
    unrestated_messages: int = 0
    unrestated: tuple[Unrestated, ...] = ()
