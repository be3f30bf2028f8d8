"""The sending half against a receiver that is not ours, over real sockets."""

from collections import defaultdict
from collections.abc import Iterator

import pytest

from interface.errors import UnansweredError, WireError
from interface.hl7.ack import AckCode
from interface.simulate import quirk
from interface.simulate.parallel import send_all
from interface.simulate.quirk import Quirk
from interface.simulate.sender import Answered, Sender, control_id_of
from interface.simulate.sent import Sent, Shape
from interface.simulate.traffic import morning
from tests.simulate.peer import answer, peer, positive


def content(number: int = 1) -> bytes:
    return (
        b"MSH|^~\\&|A|B|C|D|20250304070000-0600||ADT^A08^ADT_A01|T%05d|P|2.5.1\rEVN|A08|20250304070000-0600\r" % number
    )


def test_control_id_is_read_with_the_messages_own_separator() -> None:
    assert control_id_of(content(7)) == "T00007"
    assert control_id_of(content(7).replace(b"|", b"#")) == "T00007"
    assert control_id_of(b"MSH|^~\\&|A|B|C|D|2025||ADT^A08|T1\rPID|1\r") == "T1"
    assert control_id_of(b"MSH|^~\\&|A") == ""


def test_send_returns_the_answer_and_records_it() -> None:
    with peer() as other, Sender("127.0.0.1", other.port) as sender:
        ack = sender.send(content())

    assert ack.code is AckCode.AA
    assert other.messages == [content()]
    assert [(done.control_id, done.code, done.attempts) for done in sender.answers] == [("T00001", AckCode.AA, 1)]
    assert sender.answers[0].secs > 0
    assert (sender.counts.accepted, sender.counts.refused, sender.counts.connections) == (1, 0, 1)


def test_a_negative_answer_is_an_answer() -> None:
    with peer(lambda message, _: answer(message, "AE")) as other, Sender("127.0.0.1", other.port) as sender:
        ack = sender.send(content())

    assert ack.code is AckCode.AE
    assert (sender.counts.accepted, sender.counts.refused) == (0, 1)


def test_one_connection_serves_many_messages_in_order() -> None:
    with peer() as other, Sender("127.0.0.1", other.port) as sender:
        for number in range(50):
            sender.send(content(number))

    assert other.messages == [content(number) for number in range(50)]
    assert sender.counts.connections == 1


def test_the_same_bytes_go_again_when_the_connection_ends_unanswered() -> None:
    def reply(message: bytes, number: int) -> bytes | None:
        return None if number == 1 else positive(message, number)

    with peer(reply) as other, Sender("127.0.0.1", other.port) as sender:
        ack = sender.send(content())

    assert ack.code is AckCode.AA
    assert other.messages == [content(), content()]
    assert (sender.counts.resent, sender.counts.connections, sender.answers[0].attempts) == (1, 2, 2)


def test_silence_ends_the_connection_before_the_resend() -> None:
    def reply(message: bytes, number: int) -> bytes:
        return b"" if number == 1 else positive(message, number)

    with peer(reply) as other, Sender("127.0.0.1", other.port, reply_timeout_secs=0.1) as sender:
        sender.send(content())

    assert [len(messages) for messages in other.by_connection] == [1, 1]


def test_an_answer_to_another_message_is_not_taken_for_ours() -> None:
    def reply(message: bytes, number: int) -> bytes:
        return answer(content(999), "AA") + b"\x0bnonsense\x1c\r" + answer(message, "AE")

    with peer(reply) as other, Sender("127.0.0.1", other.port) as sender:
        ack = sender.send(content())

    assert ack.code is AckCode.AE
    assert sender.counts.strays == 2


def test_a_receiver_that_never_answers_leaves_the_outcome_open() -> None:
    with (
        peer(lambda *_: b"") as other,
        Sender("127.0.0.1", other.port, reply_timeout_secs=0.05, give_up_secs=0.2) as sender,
        pytest.raises(UnansweredError) as failure,
    ):
        sender.send(content())

    assert failure.value.code == "no-answer"


def test_a_receiver_that_is_not_there_is_told_apart() -> None:
    with peer() as other:
        port = other.port

    with Sender("127.0.0.1", port, give_up_secs=0.1) as sender, pytest.raises(WireError) as failure:
        sender.send(content())

    assert failure.value.code == "peer-unreachable"


def test_split_frames_arrive_in_parts_and_whole() -> None:
    shape = Shape(noise=b"\r\n", cuts=(1, 40, len(content()) + 2))
    with peer() as other, Sender("127.0.0.1", other.port) as sender:
        for number in range(20):  # TCP may join what was written apart, but not every time
            sender.send(content(number), shape)

    assert other.messages == [content(number) for number in range(20)]
    assert b"".join(other.reads).startswith(b"\r\n\x0b" + content(0) + b"\x1c\r\r\n\x0b" + content(1) + b"\x1c")
    assert len(other.reads) > 20


def test_a_bare_end_lacks_the_carriage_return() -> None:
    with peer() as other, Sender("127.0.0.1", other.port) as sender:
        sender.send(content(), Shape(bare_end=True))

    assert b"".join(other.reads) == b"\x0b" + content() + b"\x1c"


def test_joined_messages_are_written_before_any_answer() -> None:
    group = [Sent(f"T{number:05d}", "ADT^A08", "1", "", "", content(number)) for number in range(3)]

    with peer() as other, Sender("127.0.0.1", other.port) as sender:
        acks = sender.send_joined(group)

    assert [ack.control_id for ack in acks] == ["T00000", "T00001", "T00002"]
    assert other.reads[0].count(b"\x0b") == 3


def test_parallel_connections_keep_the_order_of_each_lane() -> None:
    sent = list(morning(11, 40))

    with peer() as other:
        result = send_all(sent, "127.0.0.1", other.port, connections=4)

    arrived: dict[str, list[str]] = defaultdict(list)
    lanes = {message.control_id: message.lane for message in sent}
    for message in other.messages:
        arrived[lanes[control_id_of(message)]].append(control_id_of(message))
    assert all(order == sorted(order) for order in arrived.values())
    assert len(result.answers) == len(sent) == result.counts.accepted
    assert result.counts.connections == 4


def test_one_connection_keeps_the_whole_order() -> None:
    sent = list(morning(11, 30))

    with peer() as other:
        send_all(sent, "127.0.0.1", other.port)

    assert other.messages == [message.content for message in sent]


def test_all_quirks_go_over_the_wire_and_are_answered() -> None:
    sent = list(quirk.apply(morning(13, 40), Quirk, share=0.2))

    with peer() as other:
        result = send_all(sent, "127.0.0.1", other.port, connections=3)

    assert result.counts.accepted == len(sent)
    assert sorted(other.messages) == sorted(message.content for message in sent)


def test_progress_hears_of_every_answer() -> None:
    heard: list[Answered] = []

    with peer() as other:
        result = send_all(morning(11, 10), "127.0.0.1", other.port, connections=2, progress=heard.append)

    assert sorted(done.control_id for done in heard) == sorted(done.control_id for done in result.answers)


def test_a_failing_connection_stops_the_stream_and_is_told() -> None:
    drawn = 0

    def endless() -> Iterator[Sent]:
        nonlocal drawn
        while True:
            drawn += 1
            yield Sent("T00001", "ADT^A08", str(drawn), "", "", content())

    with peer(lambda *_: b"") as other, pytest.raises(UnansweredError):
        send_all(endless(), "127.0.0.1", other.port, connections=2, reply_timeout_secs=0.05, give_up_secs=0.1)

    assert drawn < 1000


def test_a_failing_progress_call_is_told() -> None:
    def fail(_: Answered) -> None:
        raise ZeroDivisionError

    with peer() as other, pytest.raises(ZeroDivisionError):
        send_all(morning(11, 20), "127.0.0.1", other.port, progress=fail)
