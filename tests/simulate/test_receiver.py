"""The receiving EHR over real sockets: what it answers, what it books, and how it misbehaves when told to."""

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from interface.errors import UnansweredError
from interface.hl7.ack import Ack, AckCode
from interface.hl7.problem import ErrorCode
from interface.simulate.behaviour import Behaviour
from interface.simulate.receiver import Receiver
from interface.simulate.record import take_record
from interface.simulate.sender import Sender
from interface.simulate.traffic import Morning, morning
from tests.simulate.payment import payment, probe


@pytest.fixture
def ehr() -> Iterator[Receiver]:
    """A receiving EHR without a hospital: it takes any account."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def sender(ehr: Receiver) -> Iterator[Sender]:
    """A connection to it that soon loses patience."""
    with Sender("127.0.0.1", ehr.port, reply_timeout_secs=0.2, give_up_secs=0.2) as connection:
        yield connection


@pytest.fixture
def day() -> Morning:
    """A hospital whose morning is over."""
    stream = morning(21, 30)
    for _ in stream:
        pass
    return stream


def fault(ack: Ack) -> tuple[AckCode, str, str]:
    return ack.code, ack.problems[0].code, ack.problems[0].place


def test_a_payment_is_booked_and_accepted(ehr: Receiver, sender: Sender) -> None:
    ack = sender.send(payment())

    assert (ack.code, ack.control_id) == (AckCode.AA, "HP0000000001")
    record = ehr.record
    assert record.received == {"DFT^P03": 1}
    assert record.accepted == 1
    (posting,) = record.journal.posted
    assert (posting.transaction_id, posting.amount, posting.reference) == ("P00000000001", 12500, "TX8F2K1")
    assert record.journal.amounts == {"9001001": 12500}


def test_the_very_same_message_is_answered_again_and_not_booked_again(ehr: Receiver, sender: Sender) -> None:
    sender.send(payment())
    ack = sender.send(payment())

    assert ack.code is AckCode.AA
    journal = ehr.record.journal
    assert (len(journal.posted), journal.redelivered, journal.duplicates) == (1, 1, ())


def test_the_same_transaction_under_another_control_id_is_an_incident(ehr: Receiver, sender: Sender) -> None:
    sender.send(payment("HP0000000001"))
    sender.send(payment("HP0000000002"))

    journal = ehr.record.journal
    assert [posting.control_id for posting in journal.duplicates] == ["HP0000000002"]
    assert journal.amounts == {"9001001": 25000}


def test_an_ehr_that_does_not_deduplicate_books_a_resend_twice() -> None:
    with Receiver(deduplicates=False) as ehr, Sender("127.0.0.1", ehr.port) as sender:
        sender.send(payment())
        sender.send(payment())

    assert len(ehr.record.journal.duplicates) == 1


def test_a_reversal_of_the_same_transaction_is_no_duplicate(ehr: Receiver, sender: Sender) -> None:
    sender.send(payment("HP0000000001"))
    sender.send(payment("HP0000000002", amount="-125.00&USD"))

    journal = ehr.record.journal
    assert journal.duplicates == ()
    assert journal.amounts == {"9001001": 0}


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (payment(kind="CG"), "103", "FT1-6"),
        (payment(transaction=""), "101", "FT1-2"),
        (payment(amount=""), "101", "FT1-11"),
        (payment(amount="$1.5k"), "102", "FT1-11"),
        (payment(amount="1.505&USD"), "102", "FT1-11"),
        (payment(transaction="P000000000001"), "104", "FT1-2"),
        (payment(mrn=""), "101", "PID-3"),
        (payment(account="", visit=""), "101", "PID-18"),
    ],
)
def test_what_cannot_be_booked_is_refused_with_its_place(
    ehr: Receiver, sender: Sender, content: bytes, code: str, place: str
) -> None:
    ack = sender.send(content)

    assert fault(ack) == (AckCode.AE, code, place)
    assert ehr.record.journal.posted == ()


def test_a_probe_is_answered_and_books_nothing(ehr: Receiver, sender: Sender) -> None:
    ack = sender.send(probe())

    assert (ack.code, ack.control_id) == (AckCode.AE, "HP0000000099")
    assert ehr.record.received == {"NMQ^N01": 1}


def test_another_message_type_is_rejected(ehr: Receiver, sender: Sender) -> None:
    ack = sender.send(payment().replace(b"DFT^P03^DFT_P03", b"ADT^A08^ADT_A01"))

    assert fault(ack)[:2] == (AckCode.AR, "200")


@pytest.mark.parametrize(("behaviour", "code"), [(Behaviour.ERROR, AckCode.AE), (Behaviour.REJECT, AckCode.AR)])
def test_a_scripted_refusal_says_what_it_was_told_and_books_nothing(
    ehr: Receiver, sender: Sender, behaviour: Behaviour, code: AckCode
) -> None:
    ehr.behave(behaviour, error=ErrorCode.RECORD_LOCKED)

    ack = sender.send(payment())

    assert fault(ack)[:2] == (code, "206")
    assert (ehr.record.accepted, ehr.record.journal.posted) == (0, ())


def test_silence_lasts_for_the_count_and_then_answers_again(ehr: Receiver, sender: Sender) -> None:
    ehr.behave("silent", count=1)

    with pytest.raises(UnansweredError):
        sender.send(payment("HP0000000001"))
    ack = sender.send(payment("HP0000000002", transaction="P00000000002"))

    assert ack.code is AckCode.AA
    assert ehr.record.unanswered == 1


def test_a_silent_ehr_may_have_booked_the_payment(ehr: Receiver, sender: Sender) -> None:
    ehr.behave("silent", count=1)
    with pytest.raises(UnansweredError):
        sender.send(payment())

    assert ehr.record.journal.amounts == {"9001001": 12500}


def test_a_silent_ehr_may_not_have_booked_the_payment(ehr: Receiver, sender: Sender) -> None:
    ehr.behave("silent", count=1, books=False)
    with pytest.raises(UnansweredError):
        sender.send(payment())

    assert ehr.record.journal.posted == ()


def test_close_ends_the_connection_before_answering(ehr: Receiver) -> None:
    ehr.behave("close", count=1)
    with Sender("127.0.0.1", ehr.port) as sender:
        ack = sender.send(payment())

    assert ack.code is AckCode.AA
    assert sender.counts.connections == 2
    assert (ehr.record.unanswered, ehr.record.journal.redelivered) == (1, 1)


def test_a_wrong_control_id_answers_nobody(ehr: Receiver, sender: Sender) -> None:
    ehr.behave("wrong-control-id", count=1)
    with pytest.raises(UnansweredError):
        sender.send(payment())

    assert sender.counts.strays == 1


def test_a_late_answer_comes_on_the_same_connection(ehr: Receiver) -> None:
    ehr.behave("late", secs=0.3)
    with Sender("127.0.0.1", ehr.port) as sender:
        ack = sender.send(payment())

    assert ack.code is AckCode.AA
    assert sender.counts.connections == 1


def test_a_late_answer_misses_a_sender_without_patience(ehr: Receiver, sender: Sender) -> None:
    ehr.behave("late", secs=0.5)
    with pytest.raises(UnansweredError):
        sender.send(payment())

    assert len(ehr.record.journal.posted) == 1


def test_counted_behaviours_run_one_after_the_other(ehr: Receiver, sender: Sender) -> None:
    ehr.behave("error", count=2)
    ehr.behave("reject", count=1)

    codes = [sender.send(payment(f"HP{number:010d}", transaction=f"P{number}")).code for number in range(4)]

    assert codes == [AckCode.AE, AckCode.AE, AckCode.AR, AckCode.AA]


def test_a_standing_behaviour_forgets_the_counted_ones(ehr: Receiver, sender: Sender) -> None:
    ehr.behave("reject", count=5)
    ehr.behave("accept")

    assert sender.send(payment()).code is AckCode.AA


def test_only_one_session_turns_the_second_away() -> None:
    with Receiver(max_sessions=1) as ehr, Sender("127.0.0.1", ehr.port) as sender:
        sender.send(payment())
        with socket.create_connection(("127.0.0.1", ehr.port), timeout=5) as second:
            assert second.recv(1) == b""
        assert sender.send(payment("HP0000000002", transaction="P2")).code is AckCode.AA

    assert ehr.record.turned_away == 1


def test_several_connections_are_served_at_once(ehr: Receiver) -> None:
    with Sender("127.0.0.1", ehr.port) as one, Sender("127.0.0.1", ehr.port) as other:
        for number in range(4):
            (one if number % 2 else other).send(payment(f"HP{number:010d}", transaction=f"P{number}"))

    assert ehr.record.connections == 2
    assert len(ehr.record.journal.posted) == 4


def test_a_stopped_ehr_refuses_connections() -> None:
    with Receiver() as ehr:
        port = ehr.port

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_an_ehr_stops_while_it_is_late() -> None:
    with Receiver() as ehr, Sender("127.0.0.1", ehr.port, reply_timeout_secs=0.1, give_up_secs=0.1) as sender:
        ehr.behave("late", secs=600)
        with pytest.raises(UnansweredError):
            sender.send(payment())


def test_accept_only_messages_get_an_accept_acknowledgement(ehr: Receiver, sender: Sender) -> None:
    assert sender.send(payment(wishes="AL|NE")).code is AckCode.CA
    assert sender.send(payment("HP0000000002", wishes="AL|NE", kind="CG")).code is AckCode.CE


def test_application_acknowledgement_comes_at_once_where_there_is_no_other_way(ehr: Receiver, sender: Sender) -> None:
    assert sender.send(payment(wishes="AL|AL")).code is AckCode.AA


def test_a_payment_lowers_the_balance_of_the_hospitals_account(day: Morning) -> None:
    owing = next(account for account in take_record(day.hospital).accounts.values() if account.stated)
    with Receiver(day.hospital) as ehr, Sender("127.0.0.1", ehr.port) as sender:
        ack = sender.send(payment(account=owing.number, mrn=owing.patient, amount="1.00&USD"))

    assert ack.code is AckCode.AA
    after = take_record(day.hospital).accounts[owing.number]
    assert after.our_payments - owing.our_payments == 100
    assert day.hospital.accounts[owing.number].balance(ehr.record.journal.posted[0].at) == (owing.stated or 0) - 100


def test_an_account_may_be_found_by_its_visit(day: Morning) -> None:
    owing = next(account for account in take_record(day.hospital).accounts.values() if account.stated)
    with Receiver(day.hospital) as ehr, Sender("127.0.0.1", ehr.port) as sender:
        sender.send(payment(account="", visit=next(iter(owing.visits)), mrn=owing.patient))

    assert ehr.record.journal.amounts == {owing.number: 12500}


def test_an_unknown_account_is_refused(day: Morning) -> None:
    with Receiver(day.hospital) as ehr, Sender("127.0.0.1", ehr.port) as sender:
        ack = sender.send(payment(account="1", mrn=next(iter(day.hospital.patients))))

    assert fault(ack) == (AckCode.AE, "204", "PID-18")


def test_an_account_of_another_patient_is_refused(day: Morning) -> None:
    one, other = list(take_record(day.hospital).accounts.values())[:2]
    with Receiver(day.hospital) as ehr, Sender("127.0.0.1", ehr.port) as sender:
        ack = sender.send(payment(account=one.number, mrn=other.patient))

    assert fault(ack) == (AckCode.AE, "204", "PID-3")


def test_a_retired_number_still_finds_its_survivor(day: Morning) -> None:
    record = take_record(day.hospital)
    retired, survivor = record.merges[0]
    account = next(account for account in record.accounts.values() if account.patient == survivor)
    with Receiver(day.hospital) as ehr, Sender("127.0.0.1", ehr.port) as sender:
        ack = sender.send(payment(account=account.number, mrn=retired))

    assert ack.code is AckCode.AA


def test_a_record_is_a_snapshot(ehr: Receiver, sender: Sender) -> None:
    before = ehr.record
    sender.send(payment())

    assert before == replace(ehr.record, received={}, answered={}, accepted=0, connections=0, journal=before.journal)
