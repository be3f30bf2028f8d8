"""An engine dies in the middle of a payment, or another one takes over: what may have arrived is reported, never repeated."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from interface.message import DeliveryState, MessageState, PostingState
from interface.simulate.behaviour import Behaviour
from interface.simulate.receiver import Receiver
from tests.engine.cashier import EhrTill, paying
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.engine.wire import Wire, adt, code, control_id
from tests.ports import free_ports

LATE_SECS = 3.0  # from a payment's arrival to the EHR's answer: time enough to kill in between


@contextmanager
def tills_of(folder: Path, database_url: str, **deduplicates: bool) -> Iterator[dict[str, EhrTill]]:
    """An engine with a channel for each name, which pays to an EHR of its own: one that recognises repeats, or does not."""
    ports = dict(zip(deduplicates, free_ports(len(deduplicates)), strict=True))
    with ExitStack() as stack:
        ehrs = {name: stack.enter_context(Receiver(deduplicates=does)) for name, does in deduplicates.items()}
        more = {
            name.lower(): paying(name, f"${{{name}_PORT}}", ehrs[name].port, deduplicates=does, reply_timeout_secs=30.0)
            for name, does in deduplicates.items()
        }
        environ = {f"{name}_PORT": str(port) for name, port in ports.items()}
        root = make_root(folder / "root", more=more)
        engine = stack.enter_context(running_engine(folder / "home", root, environ, database_url))
        for port in ports.values():
            engine.await_listening(port)
        yield {name: EhrTill(engine, name.lower(), name, ports[name], ehrs[name]) for name in deduplicates}


@pytest.fixture(scope="module")
def tills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, EhrTill]]:
    """One engine on SQLite, killed by every test, each of which has a channel of its own."""
    with tills_of(tmp_path_factory.mktemp("takeover"), "", PART=False, WHOLE=False, TWIN=True) as opened:
        yield opened


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


def is_unclear_and_not_repeated(till: EhrTill, victim: str) -> None:
    reference = pay_and_await_arrival(till)
    kill(till.engine, victim)
    till.await_posting(reference, PostingState.AMBIGUOUS)
    till.engine.await_listening(till.port)
    following = till.pay(till.open_account())
    till.await_posting(following, PostingState.POSTED)
    assert till.items() == [("ambiguous-delivery", "no-outcome")]
    assert (till.booked(), till.booked_twice()) == (2, 0)


@pytest.mark.parametrize(("name", "victim"), [("PART", "process"), ("WHOLE", "engine")])
def test_killed_between_intent_and_outcome_a_payment_is_unclear_and_not_repeated(
    tills: dict[str, EhrTill], name: str, victim: str
) -> None:
    is_unclear_and_not_repeated(tills[name], victim)


def test_killed_between_intent_and_outcome_it_is_repeated_to_an_ehr_that_recognises_repeats(
    tills: dict[str, EhrTill],
) -> None:
    till = tills["TWIN"]
    reference = pay_and_await_arrival(till)
    kill(till.engine, "engine")
    till.await_posting(reference, PostingState.POSTED)
    assert till.ehr.record.journal.redelivered == 1
    assert (till.booked(), till.booked_twice(), till.items()) == (1, 0, [])


@pytest.mark.proof
def test_on_postgresql_a_payment_that_a_kill_left_unclear_is_not_repeated(tmp_path: Path, postgres_url: str) -> None:
    with tills_of(tmp_path, postgres_url, DESK=False) as tills:
        is_unclear_and_not_repeated(tills["DESK"], "engine")


def test_a_second_engine_stands_by_and_takes_over_when_the_first_one_dies(tmp_path: Path, postgres_url: str) -> None:
    with tills_of(tmp_path, postgres_url, DESK=False) as tills:
        till = tills["DESK"]
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
