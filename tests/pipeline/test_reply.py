"""Application acknowledgements as messages of their own: one for each time that we took a message, or told its sender no."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from interface.pipeline.plan import Plan, Reply
from interface.pipeline.process import drain
from interface.store.store import open_store
from interface.view.delivery import DeliveryFilter
from tests.made import MadeDatabase
from tests.pipeline.spoken import CHANNEL, DESTINATION, Feed, HandClock, charge_of, merge, update


def _build(code: str, control_id: str, _at: int, _hl7_code: str, _place: str) -> bytes:
    return f"MSA|{code}|{control_id}".encode()


@dataclass
class Answering(Feed):
    """A feed whose senders want application acknowledgements."""

    def plan(self, config_id: int = 1) -> Plan:
        plan = super().plan(config_id)
        channel = replace(plan.channels[CHANNEL], reply=lambda _raw: Reply("AL", _build), reply_destination=DESTINATION)
        return replace(plan, channels={CHANNEL: channel})

    def said(self, message_id: int) -> list[str]:
        """The codes that the sender was told, in order."""
        with self.store.snapshot() as reader:
            found = reader.deliveries(DeliveryFilter(reply_to=(message_id,)))
            return [(reader.payload(one.id) or b"").decode().split("|")[1] for one in found]


@pytest.fixture
def answering(made_database: MadeDatabase) -> Iterator[Answering]:
    clock = HandClock()
    store = open_store(made_database.url, clock, made_database.environ)
    yield Answering(store, clock)
    store.close()


def test_a_message_that_was_held_and_released_is_acknowledged_once(answering: Answering) -> None:
    (early,) = answering.receive(charge_of("1", "A1", 500, "T1"))
    drain(answering.stage(), 64)
    answering.receive(update("1", "A1"))
    drain(answering.stage(), 64)
    assert answering.states([early]) == ["processed"]
    assert answering.said(early) == ["AA"]


def test_what_was_refused_and_comes_again_is_acknowledged_again(answering: Answering) -> None:
    impossible = replace(merge("1", "2"), merges=())
    (refused,) = answering.receive(impossible, waits=True)
    drain(answering.stage(), 64)
    assert answering.states([refused]) == ["refused"]
    answering.contents[b"spoken M1"] = update("1")
    answering.numbers = iter((1,))  # type: ignore[assignment] - the same bytes once more
    answering.receive(update("1"), waits=True)
    drain(answering.stage(), 64)
    assert answering.states([refused]) == ["processed"]
    assert answering.said(refused) == ["AE", "AA"]
