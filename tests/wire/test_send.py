"""Answers leave in order, whether the socket takes them at once, in part, or not at all."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.protocol import Protocol
from twisted.internet.tcp import Server
from twisted.internet.testing import MemoryReactorClock

from interface.connector.mllp.wire import Wire, send

LEAST_BUFFER_BYTES = 4096  # the system rounds it up


@dataclass
class Ends:
    """A connection's transport, on a socket that takes little, and the far end."""

    reactor: MemoryReactorClock
    transport: Server
    far: socket.socket

    def send(self, blocks: bytes) -> None:
        send(cast(Wire, self.transport), blocks)

    @property
    def waits(self) -> bool:
        """Whether the reactor is to go on writing."""
        return self.transport in self.reactor.getWriters()

    def turn(self) -> None:
        """What the reactor does when the socket takes more."""
        if self.waits:
            self.transport.doWrite()

    def read(self) -> bytes:
        """All that has come by now."""
        try:
            return self.far.recv(1 << 20)
        except BlockingIOError:
            return b""


def made() -> Ends:
    near, far = socket.socketpair()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LEAST_BUFFER_BYTES)
    near.setblocking(False)
    far.setblocking(False)
    reactor = MemoryReactorClock()
    protocol = Protocol()
    transport = Server(near, protocol, ("127.0.0.1", 1), None, 1, reactor)
    protocol.makeConnection(transport)
    return Ends(reactor, transport, far)


@pytest.fixture
def ends() -> Iterator[Ends]:
    both = made()
    yield both
    both.far.close()
    both.transport.socket.close()


def test_a_short_answer_is_at_the_far_end_before_the_reactor_turns(ends: Ends) -> None:
    ends.send(b"MSA|AA")
    assert ends.read() == b"MSA|AA"
    assert not ends.waits


def test_what_the_socket_does_not_take_is_written_later_and_nothing_overtakes_it(ends: Ends) -> None:
    sizes = (10, 300_000, 5)
    for number, size in enumerate(sizes):
        ends.send(bytes([number]) * size)
    assert ends.waits
    got = b""
    while ends.waits:
        got += ends.read()
        ends.turn()
    assert got + ends.read() == b"".join(bytes([number]) * size for number, size in enumerate(sizes))


@given(st.lists(st.one_of(st.integers(1, 20_000), st.just("turn"), st.just("read")), max_size=40))
def test_every_byte_arrives_once_and_in_order(acts: list[int | str]) -> None:
    ends, marks, sent, got = made(), count(), bytearray(), bytearray()
    for act in acts:
        if act == "turn":
            ends.turn()
        elif act == "read":
            got += ends.read()
        else:
            block = bytes([next(marks) % 256]) * int(act)
            sent += block
            ends.send(block)
    while ends.waits:
        got += ends.read()
        ends.turn()
    got += ends.read()
    assert bytes(got) == bytes(sent)
    ends.far.close()
    ends.transport.socket.close()


def test_after_the_far_end_is_gone_sending_says_nothing_and_the_reactor_finds_out(ends: Ends) -> None:
    ends.far.close()
    ends.send(b"MSA|AA")
    assert ends.waits
    assert isinstance(ends.transport.doWrite(), Exception)
