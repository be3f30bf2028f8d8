"""A PostgreSQL server that is away, hangs or takes no writes: closed, told, and on again by itself; nothing lost, nothing twice."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import make_url

from interface.message import MessageState, PostingState
from interface.simulate.behaviour import Behaviour
from interface.simulate.receiver import Receiver
from tests.engine.cashier import EhrTill, paying
from tests.engine.harness import Engine, free_ports, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.engine.wire import Wire, adt, control_id, is_taken
from tests.fault.proxy import Network, network
from tests.postgres import PostgresServer

ANSWER_SECS = 1.0
OF_THE_ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class Ward:
    engine: Engine
    network: Network
    server: PostgresServer
    database: str
    till: EhrTill

    def end_sessions(self) -> None:
        """What a restart of the server does to those that use it."""
        theirs = f"datname = '{self.database}' AND application_name = '{OF_THE_ENGINE}'"
        self.server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {theirs}")

    def take_no_writes(self, is_so: bool) -> None:
        """What a standby does that nobody has promoted."""
        value = "on" if is_so else "off"
        self.server.execute(f'ALTER DATABASE "{self.database}" SET default_transaction_read_only = {value}')
        self.end_sessions()

    def failures(self, failure: str) -> int:
        return sum(one["code"] == failure for one in self.engine.events("storage-failed"))

    def send(self, number: str) -> None:
        """Send as an EHR does: again and again until the answer is yes."""
        wait_until(lambda: is_taken(self.engine.port, adt(number)), f"{number} is answered with yes")


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[Ward]:
    folder = tmp_path_factory.mktemp("gone")
    with postgres_server.database() as plain, Receiver() as ehr:
        url = make_url(plain)
        assert url.database is not None
        (port,) = free_ports(1)
        root = make_root(folder / "root", more={"paying": paying("WEST", port, ehr.port, reply_timeout_secs=30.0)})
        with (root / "config" / "engine.yaml").open("a", encoding="utf-8") as settings:
            settings.write(f"database_answer_secs: {ANSWER_SECS}\ndatabase_connect_secs: 2\n")
        with network(f"{url.query['host']}/.s.PGSQL.5432") as line:
            through = url.set(host="127.0.0.1", port=line.port, query={"application_name": OF_THE_ENGINE})
            with running_engine(folder / "home", root, {}, through.render_as_string(hide_password=False)) as engine:
                engine.await_listening(port)
                engine.environ["HP24_DATABASE_URL"] = plain  # who looks from outside uses another network
                till = EhrTill(engine, "paying", "WEST", port, ehr)
                yield Ward(engine, line, postgres_server, url.database, till)


def test_sessions_that_the_server_ends_cost_no_message(ward: Ward) -> None:
    numbers = [control_id("GONE") for _ in range(6)]
    for number in numbers:
        ward.end_sessions()
        ward.send(number)
    for number in numbers:
        assert ward.engine.await_state(number, MessageState.PROCESSED).state is MessageState.PROCESSED
        assert ward.engine.message(number)


def test_a_network_that_hangs_is_noticed_within_its_limit(ward: Ward) -> None:
    number = control_id("GONE")
    with Wire(ward.engine.port) as wire:
        ward.network.hang()
        wire.write(b"\x0b" + adt(number) + b"\x1c\r")
        assert wire.read_end(secs=20) == b""
    wait_until(lambda: not _listens(ward.engine.port), "the listener is closed")
    ward.network.mend()
    ward.send(number)
    assert ward.engine.await_state(number, MessageState.PROCESSED).state is MessageState.PROCESSED


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def test_a_payment_whose_answer_came_while_the_database_was_away_is_posted_once(ward: Ward) -> None:
    till, before = ward.till, ward.till.booked()
    account = till.open_account()
    till.ehr.behave(Behaviour.LATE, count=1, secs=1.0)
    reference = till.pay(account)
    wait_until(lambda: till.booked() > before, "the payment reaches the EHR")
    ward.network.cut()
    wait_until(lambda: not _listens(ward.engine.port) or _listen_fails(ward), "the engine notices")
    wait_until(lambda: ward.till.ehr.record.journal.posted[-1:] != [], "the EHR has booked it")
    ward.network.mend()
    ward.engine.await_listening()
    till.await_posting(reference, PostingState.POSTED)
    assert (till.booked() - before, till.booked_twice(), till.items()) == (1, 0, [])


def _listen_fails(ward: Ward) -> bool:
    return ward.failures("database-unavailable") > 0


def test_a_server_that_takes_no_writes_is_told_of_and_waited_for(ward: Ward) -> None:
    number = control_id("GONE")
    ward.take_no_writes(True)
    try:
        with Wire(ward.engine.port) as wire:
            wire.write(b"\x0b" + adt(number) + b"\x1c\r")
            assert wire.read_end(secs=20) == b""
        wait_until(lambda: ward.failures("database-read-only") > 0, "it is told of")
    finally:
        ward.take_no_writes(False)
    ward.send(number)
    assert ward.engine.await_state(number, MessageState.PROCESSED).state is MessageState.PROCESSED
