"""What a person sends again must be sendable: acknowledgements keep their bytes, and nothing is taken back that never arrived."""

import pytest

from interface.ledger.reading import Meaning, PaymentAllocation, PaymentSaid, Reading
from interface.message import DeliveryState
from interface.operate.posting import Verdict, resend, resolve
from interface.pipeline.deliver import DeliverStage
from interface.row.delivery import Answer, DeliveryWanted
from tests.operate.desk import BY, Desk, Till
from tests.pipeline.spoken import DESTINATION


@pytest.fixture
def till(desk: Desk) -> Till:
    return Till.open(desk)


def refuse(stage: DeliverStage) -> bytes:
    delivery = stage.next_due()
    assert delivery is not None
    sending = stage.begin(delivery)
    assert sending is not None
    stage.answered(sending, "AE", "204", b"")
    return sending.payload


@pytest.mark.parametrize("act", ["resend", "resolve"])
def test_an_acknowledgement_is_sent_again_as_it_was(till: Till, act: str) -> None:
    store, clock = till.desk.store, till.desk.clock
    ours = DeliveryWanted(
        DESTINATION, "acknowledgement", "message:1", 0, clock.now(), 1, payload=b"MSH|^~\\&|ack", control_id="W1"
    )
    with store.turn("process") as turn:
        (number,) = turn.enqueue([ours])
    first = refuse(till.stage)
    if act == "resend":
        resend(store, clock, BY, [number])
    else:
        resolve(store, clock, BY, number, Verdict.NOT_POSTED)
    assert refuse(till.stage) == first == b"MSH|^~\\&|ack"


def test_a_request_over_http_is_sent_again_as_it_was(till: Till) -> None:
    store, clock = till.desk.store, till.desk.clock
    request = b"POST Basic\r\nContent-Type: application/fhir+json\r\n\r\n{}"
    ours = DeliveryWanted(DESTINATION, "payment", "message:1", 0, clock.now(), 1, payload=request, control_id="W1")
    with store.turn("process") as turn:
        (number,) = turn.enqueue([ours])
    delivery = till.stage.next_due()
    assert delivery is not None
    sending = till.stage.begin(delivery)
    assert sending is not None
    till.stage.heard(sending, Answer("http-201", DeliveryState.DELIVERED))
    resend(store, clock, BY, [number])
    again = till.stage.next_due()
    assert again is not None
    assert (again.payload, again.id == number) == (request, False)


def give_back(till: Till, original: str) -> None:
    share = PaymentAllocation(None, till.desk.story("A0").account.public_id, 500)
    said = PaymentSaid("VOID1", 500, "USD", (share,), "visa", taken_at=till.desk.clock.now(), original=original)
    till.desk.receive(Reading(Meaning.VOID, said.taken_at, payment=said))
    till.desk.run()


@pytest.mark.parametrize("verdict", [None, Verdict.WITHDRAWN])
def test_what_the_ehr_never_took_is_not_taken_back_there(till: Till, verdict: Verdict | None) -> None:
    till.pay("TX1")
    till.send("AE", "204")
    if verdict is not None:
        resolve(till.desk.store, till.desk.clock, BY, till.deliveries()[0].id, verdict)
    give_back(till, "TX1")
    delivery = till.stage.next_due()
    assert delivery is not None
    assert till.stage.begin(delivery) is None
    assert till.states()[1] is DeliveryState.REJECTED
    assert till.deliveries()[1].cause == "original-not-posted"
    assert f"rejected-delivery delivery:{delivery.id}" in till.desk.open_items()


def test_what_the_ehr_took_is_taken_back_there(till: Till) -> None:
    till.pay("TX1")
    till.send("AA")
    give_back(till, "TX1")
    till.send("AA")
    assert till.states() == [DeliveryState.DELIVERED, DeliveryState.DELIVERED]
