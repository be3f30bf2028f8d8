"""What is known of a destination: suspended by silence, paused by a person, each apart from the other."""

from interface.row.delivery import DestinationState
from interface.store.store import SqlStore
from interface.view.count import PauseKind
from tests.store.given import START

TO = "epic/dft"


def test_a_destinations_state_is_kept(store: SqlStore) -> None:
    state = DestinationState(TO, START, START + 5, 2, "", 3)
    with store.turn("deliver") as turn:
        assert turn.destination_state(TO) == DestinationState(TO)
        turn.set_destination_state(state)
    with store.turn("act") as turn:
        assert turn.pause(PauseKind.DESTINATION, TO, "kim")
        assert not turn.pause(PauseKind.DESTINATION, TO, "kim")
    with store.snapshot() as reader:
        assert reader.destination_state(TO) == DestinationState(TO, START, START + 5, 2, "kim", 3)
        assert [(one.kind, one.subject, one.actor) for one in reader.pauses()] == [(PauseKind.DESTINATION, TO, "kim")]
    with store.turn("act") as turn:
        assert turn.resume(PauseKind.DESTINATION, TO)
        assert turn.destination_state(TO) == state  # no longer paused, still suspended
        assert turn.resume(PauseKind.DESTINATION, TO)
        assert turn.destination_state(TO) == DestinationState(TO)
        assert not turn.resume(PauseKind.DESTINATION, TO)
