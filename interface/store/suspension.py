"""What is known of a destination beside its deliveries: suspended, probed, paused."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from interface.row.delivery import DestinationState
from interface.store import schema_delivery as t
from interface.store.dialect import insert_or_replace
from interface.store.installation import STANDING
from interface.store.schema_operation import installation
from interface.store.tx import Tx

# With it whether anything may be sent at all: asked before each send, and so in the same statement.
_DESTINATION = sa.select(STANDING.label("is_standing"), t.destination_state).select_from(
    installation.outerjoin(t.destination_state, t.destination_state.c.destination_id == sa.bindparam("row"))
)
# A person's pause and what sending found out stand in columns of their own: neither write undoes the other.
_FOUND_OUT = ("suspended_at", "next_probe_at", "probes", "unanswered")
_SET_DESTINATION = insert_or_replace(t.destination_state, _FOUND_OUT)
_PAUSE = insert_or_replace(t.destination_state, ("paused_by",))


def state_of(tx: Tx, destination: str) -> DestinationState:
    """What is known of a destination; one that never failed has no row."""
    number = tx.known_word_ids([destination]).get(destination)
    row = tx.first(_DESTINATION, row=number)
    if row is None or row.destination_id is None:
        return DestinationState(destination, is_standing=bool(row and row.is_standing))
    return DestinationState(
        destination,
        row.suspended_at,
        row.next_probe_at,
        row.probes,
        row.paused_by,
        row.unanswered,
        is_standing=bool(row.is_standing),
    )


def keep(tx: Tx, state: DestinationState) -> None:
    """Suspend, or use again; note the next probe. Whether it is paused stays as it is."""
    tx.write(_SET_DESTINATION, [_destination_row(tx, state)])


def _destination_row(tx: Tx, state: DestinationState) -> dict[str, Any]:
    return {
        "destination_id": tx.word_ids([state.destination])[state.destination],
        "suspended_at": state.suspended_at,
        "next_probe_at": state.next_probe_at,
        "probes": state.probes,
        "paused_by": state.paused_by,
        "unanswered": state.unanswered,
    }


def pause(tx: Tx, destination: str, actor: str) -> bool:
    """Pause (or with no actor resume) a destination; False where it is so already.

    To resume one that is suspended and not paused is a person's word that it lives: nothing else ends that where no probe is sent.
    """
    state = state_of(tx, destination)
    if not actor and not state.paused_by and state.suspended_at:
        keep(tx, DestinationState(destination))
        return True
    if bool(state.paused_by) == bool(actor):
        return False
    tx.write(_PAUSE, [_destination_row(tx, replace(state, paused_by=actor))])
    return True
