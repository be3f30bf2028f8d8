"""A new configuration version under a running engine: nothing is started anew, and nothing drops that need not drop."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from interface.app.change import apply, plan
from interface.engine.clock import SystemClock
from interface.hl7.framing import wrap
from interface.hl7.timestamp import write_timestamp
from interface.message import DeliveryState, MessageState, PostingState
from interface.operate.act import By
from interface.operate.hold import release_cause
from interface.operate.pause import pause, resume
from interface.simulate.incoming import read_incoming
from interface.simulate.receiver import Receiver
from interface.view.configuration import How
from interface.view.count import PauseKind
from interface.view.message import MessageFilter
from tests.engine.cashier import Till, paying
from tests.engine.conftest import on_port
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import Spec, make_root, read_channel, write_channel
from tests.engine.wire import Wire, adt, charge, code, control_id
from tests.ports import free_port, free_ports
from tests.wire.memory import ack

BY = By("tester", "to see how a running engine takes it")
_FACILITIES = count(1)


@dataclass(frozen=True, slots=True)
class Site:
    """An engine whose files are edited while it runs."""

    engine: Engine

    def edit(self, channel: str, change: Callable[[Spec], None]) -> None:
        spec = read_channel(self.engine.root, channel)
        change(spec)
        write_channel(self.engine.root, spec)

    def add(self, name: str, change: Callable[[Spec], None]) -> None:
        spec = read_channel(self.engine.root, "epic") | {"channel": name}
        change(spec)
        write_channel(self.engine.root, spec)

    def apply(self) -> int:
        """Make the edited files active, and wait until both parts have gone over; gives the version."""
        version = apply(self.engine.app, BY, plan(self.engine.app), How.APPLY, command="apply", is_confirmed=True)
        self.await_taken(version)
        return version

    def await_taken(self, version: int) -> None:
        def running() -> dict[str, int]:
            return {one["part"]: one["version"] for one in self.engine.events("version-taken")}

        wait_until(lambda: running() == {"listen": version, "process": version}, f"both parts run version {version}")

    def open_channel(self) -> tuple[str, int, str]:
        """A channel of its own for one test: name, port and facility."""
        number, port = next(_FACILITIES), free_port()
        name, facility = f"own{number}", f"OWN{number}"
        self.add(name, on_port(port, facility))
        self.apply()
        self.engine.await_listening(port)
        return name, port, facility


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("change")
    with running_engine(folder / "home", make_root(folder / "root")) as engine:
        yield Site(engine)


def versions(site: Site, channel: str) -> list[tuple[str, int]]:
    """Control id and version of the run of each message, in the order in which they came."""
    found = []
    with site.engine.app.store.snapshot() as reader:
        for row in reader.messages(MessageFilter(channel=channel)):
            story = reader.message(row.id)
            assert story is not None
            found.append((row.control_id, story.runs[-1].config_id))
    return found


def test_a_connection_stays_open_over_a_version_that_changes_the_mapping_alone(site: Site) -> None:
    name, port, facility = site.open_channel()
    numbers = [control_id("C") for _ in range(20)]
    with Wire(port) as wire:
        for number in numbers[:10]:
            assert code(wire.ask(adt(number, facility=facility))) == "AA"
        site.engine.await_idle()
        before = site.engine.app.active()[0]
        mapping = site.engine.root / "mappings" / "hl7v2.yaml"
        mapping.write_text(mapping.read_text().replace("  given: PID-5.2\n", "  given: PID-5.2 | upper\n"))
        after = site.apply()
        for number in numbers[10:]:
            assert code(wire.ask(adt(number, facility=facility))) == "AA"
        site.engine.await_idle()
    assert versions(site, name) == [(one, before) for one in numbers[:10]] + [(one, after) for one in numbers[10:]]
    opened = [one for one in site.engine.events("connection-opened") if one["channel"] == name]
    assert len(opened) <= 2  # the one that looked whether the port is open, and ours


def test_a_listener_that_stays_receives_by_the_new_version(site: Site) -> None:
    name, port, facility = site.open_channel()
    trial = adt(control_id("C"), facility=facility).replace(b"|P|2.5.1", b"|T|2.5.1")
    with Wire(port) as wire:
        assert code(wire.ask(trial)) == "AR"
        site.edit(name, lambda spec: spec.update(production=False))
        site.apply()
        assert code(wire.ask(trial)) == "AA"


def test_a_senders_clock_is_judged_by_the_new_version_and_told_of_until_it_is_right(site: Site) -> None:
    name, port, facility = site.open_channel()
    zone = ZoneInfo(read_channel(site.engine.root, name)["timezone"])
    site.edit(name, lambda spec: spec.update(sender_clock={"tolerance_secs": 60, "watch_secs": 0.1}))
    site.apply()

    def told(event: str) -> list[int]:
        return [one.get("by_micros", 0) for one in site.engine.events(event) if one["channel"] == name]

    with Wire(port) as wire:

        def send(stamp: str) -> bool:
            content = adt(control_id("C"), facility=facility).replace(b"20250304090000-0600", stamp.encode(), 1)
            return code(wire.ask(content)) == "AA"

        wait_until(
            lambda: send("20250304090000") and told("sender-clock-off") != [], "a clock that stands still is told of"
        )
        wait_until(
            lambda: send(write_timestamp(SystemClock().now(), zone)) and told("sender-clock-right") != [],
            "it is right again",
        )
    (by,) = told("sender-clock-off")
    assert by < -3600 * 1_000_000


def test_a_listener_whose_port_changes_answers_what_it_took_and_opens_anew(site: Site) -> None:
    name, port, facility = site.open_channel()
    site.edit(name, lambda spec: spec.update(ack={"mode": "processed", "answer_within_secs": 3600}))
    site.apply()
    elsewhere = free_port()
    with Wire(port) as wire:
        number = control_id("C")
        wire.write(wrap(adt(number, facility=facility)))
        site.engine.await_state(number, MessageState.PROCESSED, channel=name)
        site.edit(name, lambda spec: spec["source"]["mllp"].update(port=elsewhere))
        site.apply()
        assert code(wire.read()) == "AA"
        assert wire.read_end() == b""
    with Wire(elsewhere) as wire:
        assert code(wire.ask(adt(control_id("C"), facility=facility))) == "AA"
    with pytest.raises(OSError, match="refused"):
        Wire(port)


def test_a_limit_that_changes_opens_the_listener_anew_at_its_place(site: Site) -> None:
    name, port, facility = site.open_channel()
    with Wire(port) as wire:
        assert code(wire.ask(adt(control_id("C"), facility=facility))) == "AA"
        site.edit(name, lambda spec: spec["source"]["mllp"].update(max_in_flight=2))
        site.apply()
        assert wire.read_end() == b""
    site.engine.await_listening(port)
    with Wire(port) as wire:
        assert code(wire.ask(adt(control_id("C"), facility=facility))) == "AA"


def test_a_message_that_is_half_received_comes_to_its_end_over_the_old_connection(site: Site) -> None:
    name, port, facility = site.open_channel()
    number, next_number = control_id("C"), control_id("C")
    block = wrap(adt(number, facility=facility))
    with Wire(port) as wire:
        assert code(wire.ask(adt(control_id("C"), facility=facility))) == "AA"
        wire.write(block[:100])
        site.edit(name, lambda spec: spec["source"]["mllp"].update(max_in_flight=3))
        site.apply()
        wire.write(block[100:] + wrap(adt(next_number, facility=facility)))
        assert code(wire.read()) == "AA"
        assert wire.read_end() == b""
    site.engine.await_state(number, MessageState.PROCESSED, channel=name)
    assert site.engine.state_of(next_number, name) is None
    assert site.engine.counts(name)["incomplete"] == 0


def test_what_waits_in_a_channel_that_is_gone_is_held_until_it_is_back(site: Site) -> None:
    name, port, facility = site.open_channel()
    file = site.engine.root / "channels" / f"{name}.yaml"
    text = file.read_text()
    number = control_id("C")
    pause(site.engine.app.store, BY, PauseKind.CHANNEL, name, known=(name,))
    with Wire(port) as wire:
        assert code(wire.ask(adt(number, facility=facility))) == "AA"
        file.unlink()
        site.apply()
        assert wire.read_end() == b""
    resume(site.engine.app.store, BY, PauseKind.CHANNEL, name)
    row = site.engine.await_state(number, MessageState.HELD, channel=name)
    assert row.reason == "channel-unknown"
    file.write_text(text)
    site.apply()
    release_cause(site.engine.app.store, BY, "channel-unknown")
    site.engine.await_state(number, MessageState.PROCESSED, channel=name)


def test_destinations_start_move_and_stop_while_payments_go_out(site: Site) -> None:
    port, first_port, second_port = free_ports(3)
    with Receiver(port=first_port) as first, Receiver(port=second_port) as second:
        site.add("desk", paying("DESK", port, first_port))
        site.apply()
        site.engine.await_listening(port)
        till = Till(site.engine, "desk", "DESK", port)
        account = till.open_account()
        till.await_posting(till.pay(account), PostingState.POSTED)
        site.edit("desk", lambda spec: spec["destinations"]["dft"]["mllp"].update(port=second_port))
        site.apply()
        till.await_posting(till.pay(account), PostingState.POSTED)
        site.edit("desk", lambda spec: spec["destinations"]["dft"].update(receiving_application="ELSEWHERE"))
        site.apply()
        till.await_posting(till.pay(account), PostingState.POSTED)
        assert (first.record.accepted, second.record.accepted) == (1, 2)
        connected = [one for one in site.engine.events("destination-connected") if one["destination"] == "desk/dft"]
        assert len(connected) == 2  # a change of what is rendered made no new connection


def test_an_answer_that_comes_over_a_connection_of_the_version_before_settles_its_payment(site: Site) -> None:
    port, ehr_port = free_ports(2)
    site.add("tardy", paying("TARDY", port, ehr_port))
    with socket.create_server(("127.0.0.1", ehr_port)) as ehr:
        site.apply()
        site.engine.await_listening(port)
        till = Till(site.engine, "tardy", "TARDY", port)
        reference = till.pay(till.open_account())
        with ehr.accept()[0] as connection:
            asked = read_incoming(connection.recv(65536).strip(b"\x0b\x1c\r"))
            till.await_posting(reference, PostingState.AMBIGUOUS)
            site.edit("tardy", lambda spec: spec["destinations"]["dft"]["mllp"].update(connect_timeout_secs=6.0))
            site.apply()
            connection.sendall(ack(asked.control_id))
            till.await_posting(reference, PostingState.POSTED)
    assert till.items() == []


def test_a_peer_that_is_to_have_one_connection_at_a_time_keeps_none_of_the_version_before(site: Site) -> None:
    port, ehr_port = free_ports(2)
    site.add("narrow", paying("NARROW", port, ehr_port, reply_timeout_secs=30))
    with socket.create_server(("127.0.0.1", ehr_port)) as ehr:
        site.apply()
        site.engine.await_listening(port)
        till = Till(site.engine, "narrow", "NARROW", port)
        reference = till.pay(till.open_account())
        with ehr.accept()[0] as connection:
            asked = read_incoming(connection.recv(65536).strip(b"\x0b\x1c\r"))
            connection.sendall(ack(asked.control_id))
            till.await_posting(reference, PostingState.POSTED)
            site.edit("narrow", lambda spec: spec["destinations"]["dft"]["mllp"].update(one_session=True))
            site.apply()
            assert connection.recv(65536) == b""


def test_what_is_queued_for_a_destination_that_is_gone_stays_until_it_is_back(site: Site) -> None:
    port, ehr_port = free_ports(2)
    site.add("shut", paying("SHUT", port, ehr_port))  # nobody listens there yet
    site.apply()
    site.engine.await_listening(port)
    till = Till(site.engine, "shut", "SHUT", port)
    reference = till.pay(till.open_account())
    wait_until(lambda: till.delivery(reference) is not None, "the payment is queued")
    kept = read_channel(site.engine.root, "shut")
    site.edit("shut", lambda spec: spec.update(destinations={}))
    site.apply()
    with Receiver(port=ehr_port) as ehr:
        delivery = till.delivery(reference)
        assert delivery is not None
        assert (delivery.state, ehr.record.accepted) == (DeliveryState.QUEUED, 0)
        write_channel(site.engine.root, kept)
        site.apply()
        till.await_posting(reference, PostingState.POSTED)


def test_a_version_that_cannot_run_here_leaves_the_one_before(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    name, port, facility = site.open_channel()
    monkeypatch.setitem(site.engine.app.environ, "ONLY_HERE", "NORTH")
    site.edit(name, lambda spec: spec.update(facility="${ONLY_HERE}"))
    version = apply(site.engine.app, BY, plan(site.engine.app), How.APPLY, command="apply", is_confirmed=True)

    def refused() -> set[str]:
        return {one["part"] for one in site.engine.events("version-refused") if one["version"] == version}

    wait_until(lambda: refused() == {"listen", "process"}, "both parts tell that they cannot")
    with Wire(port) as wire:
        number = control_id("C")
        assert code(wire.ask(adt(number, facility=facility))) == "AA"
    site.engine.await_state(number, MessageState.PROCESSED, channel=name)
    site.edit(name, lambda spec: spec.update(facility=facility))
    site.apply()


def test_what_is_released_once_a_version_is_active_runs_by_that_version(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root")
    settings = root / "config" / "engine.yaml"
    settings.write_text(settings.read_text().replace("config_check_secs: 0.2", "config_check_secs: 600"))
    table = root / "mappings" / "tables" / "transaction_kind.csv"
    number = control_id("C")
    with running_engine(tmp_path / "home", root) as engine, Wire(engine.port) as wire:
        assert code(wire.ask(adt(control_id("C")))) == "AA"
        assert code(wire.ask(charge(number, "45.00").replace(b"|CG|", b"|FEE|"))) == "AA"
        engine.await_state(number, MessageState.FAILED)
        table.write_text(table.read_text().replace("CG,", "FEE,charge,\nCG,"))
        apply(engine.app, BY, plan(engine.app), How.APPLY, command="apply", is_confirmed=True)
        release_cause(engine.app.store, BY, "code-unknown")
        engine.await_state(number, MessageState.PROCESSED)
