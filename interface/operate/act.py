"""The frame of every act: who and why, one turn for the effect and its audit entry, and batches under way made to start over."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from interface.card.screen import contains_card
from interface.errors import ActRefusedError
from interface.ports import Store, Turn
from interface.row.act import Act


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, and why; both go to the audit trail as they are. ActRefusedError `card-number` where one holds such a number."""

    actor: str
    reason: str = ""

    def __post_init__(self) -> None:
        for place, text in (("actor", self.actor), ("reason", self.reason)):
            if contains_card(text):
                raise ActRefusedError(
                    "card-number",
                    f"the {place} holds a payment card number; nothing was done",
                    place=place,
                    advice="leave it out",
                )


@contextmanager
def acting(
    store: Store, by: By, verb: str, subject: str, *, details: Mapping[str, Any] | None = None
) -> Iterator[Turn]:
    """One turn for an act on messages, lanes or the ledger: what is done in it and its audit entry are one commit."""
    with store.turn(verb) as turn:
        turn.raise_epoch()  # first: who holds the epoch's row goes on, so an act and a batch never wait for each other
        yield turn
        turn.audit([Act(by.actor, verb, subject, by.reason, details or {})])


def note(store: Store, by: By, verb: str, subject: str, *, details: Mapping[str, Any] | None = None) -> None:
    """Audit a look at content before it is shown: durable when this returns."""
    with store.turn(verb) as turn:
        turn.audit([Act(by.actor, verb, subject, by.reason, details or {})])


def need_reason(by: By, verb: str) -> None:
    """Refuse an act whose reason must stand in the audit trail and is missing."""
    if not by.reason.strip():
        raise ActRefusedError("reason-missing", "this act needs a reason", place=verb, advice="say why (--reason TEXT)")


def body_purged(message_id: int) -> ActRefusedError:
    """The refusal of an act that needs bytes which are no longer kept."""
    return ActRefusedError(
        "body-purged",
        "its bytes were purged when their time was over",
        place=f"message:{message_id}",
        advice=f"`hp24 show {message_id}` tells when and under which rule; the sender's own system may still have it",
    )


def unknown(kind: str, name: str | int) -> ActRefusedError:
    """The refusal of an act or look whose subject does not exist. `name` is an id, never a person's value."""
    return ActRefusedError(
        "not-found", f"there is no such {kind}", place=f"{kind}:{name}" if name else kind, advice="check the id"
    )
