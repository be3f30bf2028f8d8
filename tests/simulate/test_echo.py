"""What the EHR tells by itself after a payment: echo, new balance, application acknowledgement; over real sockets."""

from collections.abc import Iterator
from dataclasses import dataclass

import hl7
import pytest

from interface.errors import UnansweredError
from interface.hl7.ack import AckCode, read_ack
from interface.simulate.echo import Echo
from interface.simulate.outbox import Outbox
from interface.simulate.receiver import Receiver
from interface.simulate.record import AccountTruth, take_record
from interface.simulate.sender import Sender, control_id_of
from interface.simulate.traffic import Morning, morning
from tests.simulate.payment import payment
from tests.simulate.peer import Peer, peer

PATIENCE_SECS = 20


@dataclass(frozen=True)
class Scene:
    """A hospital after its morning, its receiving side, and a peer that stands for the engine's listener."""

    day: Morning
    ehr: Receiver
    engine: Peer
    echo: Echo
    owing: AccountTruth

    def pay(self, amount: str = "1.00&USD") -> None:
        with Sender("127.0.0.1", self.ehr.port) as sender:
            sender.send(payment(account=self.owing.number, mrn=self.owing.patient, amount=amount))
        assert self.echo.outbox.wait_empty(PATIENCE_SECS)


@pytest.fixture
def scene() -> Iterator[Scene]:
    day = morning(22, 20)
    for _ in day:
        pass
    owing = next(account for account in take_record(day.hospital).accounts.values() if account.stated)
    with (
        peer() as engine,
        Echo(day.hospital, "127.0.0.1", engine.port, delay_secs=0.0) as echo,
        Receiver(day.hospital, echo=echo) as ehr,
    ):
        yield Scene(day, ehr, engine, echo, owing)


def segment(content: bytes, name: str) -> hl7.Segment:
    return next(part for part in hl7.parse(content.decode()) if str(part[0]) == name)


def test_the_payment_comes_back_with_our_transaction_and_reference(scene: Scene) -> None:
    scene.pay("1.00&USD")

    line = segment(scene.engine.messages[0], "FT1")
    assert str(line[2]) == "P00000000001"
    assert str(line[6]) == "PY"
    assert str(line[11]) == "1.00&USD"
    assert str(line[30]).split("^")[0] == "TX8F2K1"
    assert str(segment(scene.engine.messages[0], "PID")[18]).startswith(scene.owing.number)


def test_the_new_balance_follows_the_payment(scene: Scene) -> None:
    scene.pay("1.00&USD")

    update = scene.engine.messages[1]
    expected = (scene.owing.stated or 0) - 100
    assert b"|ADT^A08^ADT_A01|" in update
    assert str(segment(update, "PV1")[46]) == f"{expected // 100}.{expected % 100:02d}"
    assert take_record(scene.day.hospital).accounts[scene.owing.number].stated == expected


def test_echoes_count_in_the_hospitals_record(scene: Scene) -> None:
    before = take_record(scene.day.hospital)
    scene.pay()

    after = take_record(scene.day.hospital)
    assert after.messages == before.messages + 2
    assert after.accounts[scene.owing.number].our_payments == 100


def test_control_ids_of_echoes_continue_those_of_the_morning(scene: Scene) -> None:
    scene.pay()

    told = [control_id_of(message) for message in scene.engine.messages]
    assert told[0] < told[1]
    assert told[0] > f"N022{scene.day.hospital.sent.total() - 2:07d}"


def test_a_negated_payment_raises_the_balance_again(scene: Scene) -> None:
    scene.pay("1.00&USD")
    with Sender("127.0.0.1", scene.ehr.port) as sender:
        sender.send(payment("HP0000000002", account=scene.owing.number, mrn=scene.owing.patient, amount="-1.00&USD"))
    assert scene.echo.outbox.wait_empty(PATIENCE_SECS)

    assert take_record(scene.day.hospital).accounts[scene.owing.number].stated == scene.owing.stated


def test_a_refused_payment_is_not_echoed(scene: Scene) -> None:
    scene.ehr.behave("error", count=1)
    scene.pay()

    assert scene.engine.messages == []


def test_an_unanswered_but_booked_payment_is_echoed(scene: Scene) -> None:
    scene.ehr.behave("silent", count=1)
    impatient = Sender("127.0.0.1", scene.ehr.port, reply_timeout_secs=0.1, give_up_secs=0.1)
    with impatient as sender, pytest.raises(UnansweredError):
        sender.send(payment(account=scene.owing.number, mrn=scene.owing.patient))
    assert scene.echo.outbox.wait_empty(PATIENCE_SECS)

    assert len(scene.engine.messages) == 2


@pytest.mark.parametrize(("wishes", "at_once"), [("AL|AL", AckCode.CA), ("AL|SU", AckCode.CA)])
def test_enhanced_mode_confirms_custody_now_and_the_booking_by_a_message_of_its_own(
    wishes: str, at_once: AckCode
) -> None:
    with (
        peer() as engine,
        Outbox("127.0.0.1", engine.port) as replies,
        Receiver(replies=replies) as ehr,
        Sender("127.0.0.1", ehr.port) as sender,
    ):
        first = sender.send(payment(wishes=wishes))
        assert replies.wait_empty(PATIENCE_SECS)

    later = read_ack(engine.messages[0])
    assert first.code is at_once
    assert (later.code, later.control_id, later.wants_accept_ack) == (AckCode.AA, "HP0000000001", True)


def test_a_refusal_in_enhanced_mode_is_sent_where_only_errors_are_asked_for() -> None:
    with (
        peer() as engine,
        Outbox("127.0.0.1", engine.port) as replies,
        Receiver(replies=replies) as ehr,
        Sender("127.0.0.1", ehr.port) as sender,
    ):
        assert sender.send(payment(wishes="AL|ER")).code is AckCode.CA
        assert sender.send(payment("HP0000000002", wishes="AL|ER", kind="CG")).code is AckCode.CE
        assert replies.wait_empty(PATIENCE_SECS)

    assert [read_ack(message).code for message in engine.messages] == [AckCode.AE]


def test_an_outbox_keeps_what_could_not_be_sent() -> None:
    with peer() as engine:
        port = engine.port
    with Outbox("127.0.0.1", port, give_up_secs=0.1) as outbox:
        outbox.put(0.0, payment)
        assert outbox.wait_empty(PATIENCE_SECS)

    assert [failure.code for failure in outbox.failures] == ["peer-unreachable"]


def test_an_outbox_sends_in_the_order_of_due_times() -> None:
    with peer() as engine, Outbox("127.0.0.1", engine.port) as outbox:
        outbox.put(0.2, lambda: payment("HP0000000002"))
        outbox.put(0.0, lambda: payment("HP0000000001"))
        assert outbox.wait_empty(PATIENCE_SECS)

    assert [control_id_of(message) for message in engine.messages] == ["HP0000000001", "HP0000000002"]


def test_an_outbox_stops_with_messages_not_due_yet() -> None:
    with peer() as engine, Outbox("127.0.0.1", engine.port) as outbox:
        outbox.put(600, payment)

    assert engine.messages == []
