"""The table of legal moves."""

import pytest

from interface.errors import ActRefusedError
from interface.message import LEGAL, DeliveryState, MessageState, PostingState, diagram, is_legal, move


@pytest.mark.parametrize("states", [MessageState, DeliveryState, PostingState])
def test_every_state_has_a_row(states: type[MessageState]) -> None:
    assert set(states) == set(LEGAL[states])


def test_a_move_outside_of_the_table_is_refused() -> None:
    with pytest.raises(ActRefusedError, match="illegal-move"):
        move(MessageState.PROCESSED, MessageState.WAITING)


def test_a_posted_allocation_stays_posted() -> None:
    assert not any(is_legal(PostingState.POSTED, to) for to in PostingState)


def test_the_diagram_shows_every_legal_move() -> None:
    arrows = diagram(DeliveryState).count("-->")
    assert arrows == sum(len(LEGAL[DeliveryState][state]) for state in DeliveryState)


def test_kinds_that_share_a_word_keep_their_own_moves() -> None:
    assert is_legal(DeliveryState.AMBIGUOUS, DeliveryState.DELIVERED)
    assert not is_legal(PostingState.POSTED, PostingState.REJECTED)
    assert is_legal(DeliveryState.DELIVERED, DeliveryState.REJECTED)
