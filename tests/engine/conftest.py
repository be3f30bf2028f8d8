"""One engine for all tests that do not disturb each other: channels of their own keep them apart."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.engine.harness import Engine, running_engine
from tests.engine.root import Edit, Spec, make_root
from tests.ports import free_ports
from tests.simulate.peer import Peer, peer

ANSWER_WITHIN_SECS = 2.0


@dataclass(frozen=True, slots=True)
class Ward:
    """The shared engine and the ports of its further channels.

    `epic` (facility NORTH) answers once a message is stored; `slow` (SOUTH) when it was processed; `replying` (WEST) sends
    application acknowledgements to `replies`.
    """

    engine: Engine
    slow_port: int
    replying_port: int
    replies: Peer


def on_port(port: int, facility: str) -> Edit:
    """A channel of its own: another listener, another facility, nowhere to send to."""

    def edit(spec: Spec) -> None:
        spec["source"]["mllp"]["port"] = port
        spec["facility"] = facility
        spec["destinations"] = {}

    return edit


@pytest.fixture(scope="session")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    folder = tmp_path_factory.mktemp("ward")
    slow_port, replying_port = free_ports(2)
    with peer() as replies:

        def slow(spec: Spec) -> None:
            on_port(slow_port, "SOUTH")(spec)
            spec["ack"] = {"mode": "processed", "answer_within_secs": ANSWER_WITHIN_SECS}

        def replying(spec: Spec) -> None:
            on_port(replying_port, "WEST")(spec)
            spec["reply"] = {"host": "127.0.0.1", "port": replies.port}

        root = make_root(folder / "root", more={"slow": slow, "replying": replying})
        with running_engine(folder / "home", root) as engine:
            engine.await_listening(slow_port)
            engine.await_listening(replying_port)
            yield Ward(engine, slow_port, replying_port, replies)
