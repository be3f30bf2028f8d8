"""An engine dies in the middle of a payment, or another one takes over: what may have arrived is reported, never repeated."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from interface.message import DeliveryState, MessageState, PostingState
from interface.simulate.behaviour import Behaviour
from interface.simulate.receiver import Receiver
from tests.engine.cashier import EhrTill, paying
from tests.engine.harness import Engine, free_ports, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.engine.wire import Wire, adt, code, control_id

LATE_SECS = 3.0  # from a payment's arrival to the EHR's answer: time enough to kill in between


@contextmanager
def till_of(folder: Path, database_url: str, *, deduplicates: bool = False) -> Iterator[EhrTill]:
    (port,) = free_ports(1)
    with Receiver(deduplicates=deduplicates) as ehr:
        desk = paying("DESK", "${DESK_PORT}", ehr.port, deduplicates=deduplicates, reply_timeout_secs=30.0)
        root = make_root(folder / "root", more={"desk": desk})
        with running_engine(folder / "home", root, {"DESK_PORT": str(port)}, database_url) as engine:
            engine.await_listening(port)
            yield EhrTill(engine, "desk", "DESK", port, ehr)


def pay_and_await_arrival(till: EhrTill) -> str:
    """A payment that has reached the EHR, whose answer has not come yet; gives its reference."""
    before = till.booked()
    till.ehr.behave(Behaviour.LATE, count=1, secs=LATE_SECS)
    reference = till.pay(till.open_account())
    wait_until(lambda: till.booked() > before, "the payment reaches the EHR")
    delivery = till.delivery(reference)
    assert delivery is not None
    assert delivery.state is DeliveryState.SENDING
    return reference


@pytest.mark.parametrize(
    ("database", "victim"), [("sqlite_url", "process"), ("sqlite_url", "engine"), ("postgres_url", "engine")]
)
def test_killed_between_intent_and_outcome_a_payment_is_unclear_and_not_repeated(
    tmp_path: Path, request: pytest.FixtureRequest, database: str, victim: str
) -> None:
    database_url: str = request.getfixturevalue(database)
    with till_of(tmp_path, database_url) as till:
        reference = pay_and_await_arrival(till)
        kill(till.engine, victim)
        till.await_posting(reference, PostingState.AMBIGUOUS)
        following = till.pay(till.open_account())
        till.await_posting(following, PostingState.POSTED)
        assert till.items() == [("ambiguous-delivery", "no-outcome")]
        assert (till.booked(), till.booked_twice()) == (2, 0)


def test_killed_between_intent_and_outcome_it_is_repeated_to_an_ehr_that_recognises_repeats(
    tmp_path: Path, sqlite_url: str
) -> None:
    with till_of(tmp_path, sqlite_url, deduplicates=True) as till:
        reference = pay_and_await_arrival(till)
        kill(till.engine, "engine")
        till.await_posting(reference, PostingState.POSTED)
        assert till.ehr.record.journal.redelivered == 1
        assert (till.booked(), till.booked_twice(), till.items()) == (1, 0, [])


def test_a_second_engine_stands_by_and_takes_over_when_the_first_one_dies(tmp_path: Path, postgres_url: str) -> None:
    with till_of(tmp_path, postgres_url) as till:
        first = till.engine
        reference = pay_and_await_arrival(till)
        # The same files and the same database on another machine: only its addresses are its own.
        port, desk_port = free_ports(2)
        environ = first.environ | {"EPIC_MLLP_PORT": str(port), "DESK_PORT": str(desk_port)}
        with running_engine(tmp_path / "other", first.root, environ, postgres_url) as second:
            till.await_posting(reference, PostingState.POSTED)  # not unclear: the first one is still there
            assert till.items() == []
            first.kill()
            number = control_id("O")
            with Wire(second.port) as wire:
                assert code(wire.ask(adt(number))) == "AA"
            second.await_state(number, MessageState.PROCESSED)


def kill(engine: Engine, victim: str) -> None:
    """Kill -9 the whole engine and start it again, or only one part, which then comes back by itself."""
    if victim == "engine":
        engine.kill()
        engine.start()
    else:
        assert engine.kill_part(victim)
