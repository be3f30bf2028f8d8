"""What HealthPay24 asked for is no HL7 that a person could correct: it is released or skipped, and asked anew over there."""

import pytest

from interface.errors import ActRefusedError
from interface.healthpay24 import payload
from interface.message import MessageState
from interface.operate.act import By
from interface.operate.amend import amend, edited
from interface.row.message import Intake
from tests.healthpay24.house import House

BY = By("nora", "wrong amount")


@pytest.fixture
def stuck(house: House) -> int:
    """A message of HealthPay24's that cannot be applied."""
    raw = b'{"type": "gift"}'
    intake = Intake(
        payload.SOURCE,
        house.clock.now(),
        "desk",
        raw,
        "C1",
        "HP24^payment",
        "HP24|embedded",
        MessageState.WAITING,
        "AA",
    )
    with house.store.turn("pay") as turn:
        (received,) = turn.receive(house.store.prepare([intake]))
    house.run()
    assert house.states([received.message_id]) == ["failed"]
    return received.message_id


def test_it_cannot_be_edited(house: House, stuck: int) -> None:
    with pytest.raises(ActRefusedError, match=r"not-amendable") as refused:
        edited(house.store, BY, stuck, {"PID-3.1": "7001"})
    assert "in HealthPay24" in refused.value.advice


def test_nothing_runs_in_its_place(house: House, stuck: int) -> None:
    with pytest.raises(ActRefusedError, match=r"not-amendable"):
        amend(house.store, house.clock, BY, stuck, b'{"type": "payment"}')
    assert house.states([stuck]) == ["failed"]


def test_its_item_does_not_offer_it(house: House, stuck: int) -> None:
    with house.store.snapshot() as reader:
        (item,) = reader.work_items(only_open=True, beyond_id=0, limit=10)
    assert item.acts == ("release", "skip")
