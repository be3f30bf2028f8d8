"""The source over real sockets, against a plain blocking client and python-hl7's own."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_network

import hl7.client
import pytest
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred, succeed

from interface.connector.mllp.arrival import Arrival, ArrivalKind
from interface.connector.mllp.in_flight import InFlight
from interface.connector.mllp.limits import SourceSettings
from interface.connector.mllp.source import MllpSource
from interface.errors import ConfigurationError, StoreUnavailableError
from interface.hl7.ack import read_ack
from interface.hl7.framing import wrap
from interface.observe.receive import ConnectionClosed, ConnectionOpened, ConnectionRefused, ReadingPaused
from tests.engine.processes import wait_until
from tests.wire.listening import Listening, accept, read_frames
from tests.wire.memory import NOW, message


def test_pipelined_messages_are_answered_in_order(listen: Callable[..., Listening]) -> None:
    ids = [f"M{number}" for number in range(500)]
    stream = b"".join(wrap(message(control_id)) for control_id in ids)
    with listen(accept, max_in_flight=8).connect() as sender:
        for at in range(0, len(stream), 1009):
            sender.sendall(stream[at : at + 1009])
        assert [read_ack(answer).control_id for answer in read_frames(sender, 500)] == ids


def test_reading_stops_and_goes_on_while_answers_lag_behind(
    listen: Callable[..., Listening], reactor: AsyncioSelectorReactor
) -> None:
    held: list[int] = []

    def receive(arrival: Arrival) -> Deferred[bytes | None]:
        answer: Deferred[bytes | None] = Deferred()
        reactor.callLater(0.001, answer.callback, arrival.content)
        held.append(1)
        return answer

    listening = listen(receive, max_in_flight=4)
    contents = [b"%d|" % number + b"x" * 5000 for number in range(200)]
    with listening.connect() as sender:
        writing = threading.Thread(target=sender.sendall, args=(b"".join(map(wrap, contents)),))
        writing.start()
        assert read_frames(sender, 200) == contents
        writing.join()
    assert any(isinstance(event, ReadingPaused) and event.cause == "own-limit" for event in listening.events)


def test_a_sender_that_does_not_read_its_answers_is_not_read(listen: Callable[..., Listening]) -> None:
    listening = listen(lambda arrival: succeed(b"x" * 1_000_000))
    with listening.connect() as sender:
        sender.settimeout(0.2)
        with pytest.raises(TimeoutError):
            while True:
                sender.sendall(wrap(b"y" * 10_000))
    assert any(isinstance(event, ReadingPaused) and event.cause == "slow-peer" for event in listening.events)


def test_the_client_of_python_hl7_is_answered(listen: Callable[..., Listening]) -> None:
    with hl7.client.MLLPClient("127.0.0.1", listen(accept).port) as client:
        for control_id in ("M1", "M2"):
            assert read_ack(client.send_message(message(control_id))[1:-2]).control_id == control_id


def test_a_half_message_of_a_vanished_sender_is_taken_as_cut(listen: Callable[..., Listening]) -> None:
    arrivals: list[Arrival] = []
    taken = threading.Event()

    def receive(arrival: Arrival) -> Deferred[bytes | None]:
        arrivals.append(arrival)
        taken.set()
        return succeed(None)

    with listen(receive).connect() as sender:
        sender.sendall(b"\x0bMSH|half")
    assert taken.wait(10)
    assert [(arrival.kind, arrival.content) for arrival in arrivals] == [(ArrivalKind.CUT, b"MSH|half")]


def test_what_cannot_be_stored_closes_the_connection_unanswered(listen: Callable[..., Listening]) -> None:
    async def receive(arrival: Arrival) -> bytes | None:
        raise StoreUnavailableError("database-unavailable", "the database does not answer")

    with listen(receive).connect() as sender:
        sender.sendall(wrap(b"MSH|"))
        assert sender.recv(100) == b""


def test_an_address_in_use_names_itself(listen: Callable[..., Listening], reactor: AsyncioSelectorReactor) -> None:
    first = listen(accept)
    second = MllpSource(
        SourceSettings(channel="dft", port=first.port), accept, reactor, now=lambda: NOW, in_flight=InFlight()
    )
    with pytest.raises(ConfigurationError) as raised:
        first.call(second.listen)
    assert raised.value.place == f"127.0.0.1:{first.port}"
    assert raised.value.text == "channel dft cannot listen: Address already in use"


def test_a_closed_port_refuses_and_opens_again_at_the_same_number(listen: Callable[..., Listening]) -> None:
    listening = listen(accept)
    listening.call(listening.source.stop_listening)
    with pytest.raises(ConnectionRefusedError):
        listening.connect()
    assert listening.call(listening.source.listen) == listening.port
    listening.connect().close()


def test_a_drained_source_has_answered_what_it_took(
    listen: Callable[..., Listening], reactor: AsyncioSelectorReactor
) -> None:
    taken = threading.Event()

    def receive(arrival: Arrival) -> Deferred[bytes | None]:
        answer: Deferred[bytes | None] = Deferred()
        reactor.callLater(0.2, answer.callback, b"late but true")
        taken.set()
        return answer

    listening = listen(receive)
    with listening.connect() as sender:
        sender.sendall(wrap(b"one"))
        assert taken.wait(10)
        listening.call(listening.source.drain, 20)
        assert read_frames(sender, 2) == [b"late but true"]
    assert [event.cause for event in listening.events if isinstance(event, ConnectionClosed)] == ["stopping"]


def test_a_peer_that_is_not_allowed_is_closed_unread(listen: Callable[..., Listening]) -> None:
    arrivals: list[Arrival] = []
    listening = listen(arrivals.append, allowed=(ip_network("10.1.0.0/16"),))
    with listening.connect() as sender, suppress(ConnectionError):
        sender.sendall(wrap(message("M1")))
        assert sender.recv(100) == b""
    wait_until(lambda: bool(listening.seen(ConnectionRefused)), "the peer was turned away")
    assert (arrivals, listening.seen(ConnectionOpened)) == ([], [])


def test_messages_beyond_the_rate_are_taken_later_and_none_is_dropped(listen: Callable[..., Listening]) -> None:
    began = time.monotonic()
    with listen(accept, max_messages_per_sec=100, burst_messages=10).connect() as sender:
        for number in range(40):  # one read each
            sender.sendall(wrap(message(f"M{number}")))
            assert [read_ack(answer).control_id for answer in read_frames(sender, 1)] == [f"M{number}"]
    assert time.monotonic() - began >= 0.25, "thirty of them at a hundred a second"
