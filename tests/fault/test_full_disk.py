"""A disk without room: no yes without a commit, no send without its intent, and all goes on by itself once there is room."""

import json
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from interface.message import DeliveryState, MessageState, PostingState
from interface.operate.act import By
from interface.operate.pause import pause, resume
from interface.simulate.behaviour import Behaviour
from interface.simulate.receiver import Receiver
from interface.view.count import PauseKind
from tests.crash.flushwatch import build
from tests.engine.cashier import EhrTill, paying
from tests.engine.harness import HP24, Engine, free_ports, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.engine.wire import Wire, adt, code, control_id
from tests.fault.fulldisk import SOURCE, Disk

LATE_SECS = 1.0
REJECTING, PAYING, SENDING = "rejecting", "paying", "sending"


@dataclass(frozen=True, slots=True)
class Ward:
    """An engine whose database lies on a disk that tests fill: `epic` closes, `rejecting` says no, the tills have EHRs."""

    engine: Engine
    disk: Disk
    till: EhrTill
    other_till: EhrTill
    rejecting_port: int

    def await_refused(self) -> None:
        """Wait until nothing listens for epic."""
        wait_until(lambda: not listens(self.engine.port), "the listener is closed")


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    folder = tmp_path_factory.mktemp("full").resolve()
    (folder / "disk").mkdir()
    disk = Disk(folder / "disk", build(folder, SOURCE))
    rejecting_port, paying_port, sending_port = free_ports(3)
    with Receiver() as ehr, Receiver() as other_ehr:

        def rejecting(spec: dict[str, Any]) -> None:
            spec["source"]["mllp"]["port"] = rejecting_port
            spec["facility"] = "EAST"
            spec["destinations"] = {}
            spec["ack"] = {"when_unstorable": "reject"}

        more = {
            REJECTING: rejecting,
            PAYING: paying("WEST", paying_port, ehr.port, reply_timeout_secs=30.0),
            SENDING: paying("SOUTH", sending_port, other_ehr.port),
        }
        root = make_root(folder / "root", more=more)
        with (root / "config" / "engine.yaml").open("a", encoding="utf-8") as settings:
            settings.write("disk_check_secs: 0.1\n")
        url = f"sqlite:///{folder / 'disk' / 'hp24.db'}"
        with running_engine(folder / "home", root, disk.environ, url) as engine:
            engine.await_listening(paying_port)
            engine.await_listening(sending_port)
            till = EhrTill(engine, PAYING, "WEST", paying_port, ehr)
            yield Ward(engine, disk, till, EhrTill(engine, SENDING, "SOUTH", sending_port, other_ehr), rejecting_port)


@pytest.fixture
def ward(shared: Ward) -> Iterator[Ward]:
    yield shared
    shared.disk.ease()
    for port in (shared.engine.port, shared.till.port, shared.other_till.port):
        shared.engine.await_listening(port)


def hp24(ward: Ward, *arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A command on the engine's disk, or on the one that `environ` tells of."""
    command = [*HP24, "--home", str(ward.engine.home), "--root", str(ward.engine.root), *arguments]
    known = {**ward.engine.environ, **(environ or {})}
    return subprocess.run(command, env=known, capture_output=True, text=True, timeout=60, check=False)


def test_what_cannot_be_stored_is_not_answered_and_comes_again(ward: Ward) -> None:
    number = control_id("FULL")
    with Wire(ward.engine.port) as wire:
        ward.disk.leave(0)
        wire.write(b"\x0b" + adt(number) + b"\x1c\r")
        assert wire.read_end() == b""
    ward.await_refused()
    assert ward.engine.state_of(number) is None
    ward.disk.ease()
    ward.engine.await_listening()
    with Wire(ward.engine.port) as wire:
        assert code(wire.ask(adt(number))) == "AA"
    ward.engine.await_state(number, MessageState.PROCESSED)
    assert ward.engine.events("storage-back")


def test_a_channel_that_asks_for_it_says_no_and_stays_open(ward: Ward) -> None:
    number = control_id("FULL")
    content = adt(number, facility="EAST")
    ward.disk.leave(0)
    ward.await_refused()
    with Wire(ward.rejecting_port) as wire:
        assert code(wire.ask(content)) == "AR"
        ward.disk.ease()
        wait_until(lambda: code(wire.ask(content)) == "AA", "it is taken once there is room")
    ward.engine.await_state(number, MessageState.PROCESSED, channel=REJECTING)


def test_an_answer_that_came_while_nothing_could_be_written_is_written_later(ward: Ward) -> None:
    till, before = ward.till, ward.till.booked()
    first, second = till.open_account(), till.open_account()
    till.ehr.behave(Behaviour.LATE, count=1, secs=LATE_SECS)
    paid = till.pay(first)
    wait_until(lambda: till.booked() > before, "the payment reaches the EHR")
    failed = failures(ward.engine, "process")
    ward.disk.leave(0)
    # The desk's own disk has room: this one gives the processing part something that it cannot write.
    waiting = till.pay(second)
    wait_until(lambda: failures(ward.engine, f"{PAYING}/dft") > 0, "the answer cannot be written")
    wait_until(lambda: failures(ward.engine, "process") > failed, "nor can the other payment")
    ward.disk.ease()
    for reference in (paid, waiting):
        till.await_posting(reference, PostingState.POSTED)
    assert (till.booked() - before, till.booked_twice(), till.items()) == (2, 0, [])


def failures(engine: Engine, place: str) -> int:
    """How often this part told that the store takes nothing."""
    return sum(one["place"] == place for one in engine.events("storage-failed"))


def test_a_payment_is_not_sent_while_its_intent_cannot_be_written(ward: Ward) -> None:
    till, store, by = ward.other_till, ward.engine.app.store, By("tester", "test")
    account, destination = till.open_account(), f"{SENDING}/dft"
    pause(store, by, PauseKind.DESTINATION, destination, [destination])
    reference = till.pay(account)
    wait_until(lambda: till.delivery(reference) is not None, "the payment is queued")
    ward.disk.leave(0)
    ward.await_refused()
    resume(store, by, PauseKind.DESTINATION, destination)
    wait_until(lambda: failures(ward.engine, destination) > 0, "the intent cannot be written")
    attempted = [one for one in ward.engine.events("delivery-attempted") if one["destination"] == destination]
    assert (till.booked(), attempted) == (0, [])
    ward.disk.ease()
    till.await_posting(reference, PostingState.POSTED)
    delivery = till.delivery(reference)
    assert delivery is not None
    assert (till.booked(), delivery.state) == (1, DeliveryState.DELIVERED)


def test_below_the_reserve_nothing_is_received_and_what_was_received_goes_on(ward: Ward) -> None:
    till, before = ward.till, ward.till.booked()
    account = till.open_account()
    ward.disk.leave(100_000_000)
    ward.await_refused()
    reference = till.pay(account)
    till.await_posting(reference, PostingState.POSTED)
    told = ward.engine.events("disk-short")[-1]
    assert (told["place"], till.booked() - before) == (str(ward.engine.home.parent / "disk"), 1)
    assert 99_000_000 < told["free_bytes"] <= 100_000_000
    ward.disk.ease()
    ward.engine.await_listening()
    assert ward.engine.events("disk-eased")


def test_little_room_is_told_of_and_stops_nothing(ward: Ward) -> None:
    number = control_id("FULL")
    ward.disk.leave(1_000_000_000)
    wait_until(lambda: bool(ward.engine.events("disk-low")), "it is told of")
    with Wire(ward.engine.port) as wire:
        assert code(wire.ask(adt(number))) == "AA"


def test_status_says_that_nothing_can_be_stored(ward: Ward) -> None:
    ward.disk.leave(0)
    ward.await_refused()
    told = json.loads(hp24(ward, "status", "--json").stdout)["storage"]
    assert (told["room"], told["writable"], told["code"]) == ("short", False, "database-unavailable")
    shown = hp24(ward, "status").stdout
    assert "nothing is received" in shown


def test_a_backup_onto_a_full_disk_leaves_nothing_behind(ward: Ward, tmp_path: Path) -> None:
    folder = tmp_path.resolve() / "backups"
    folder.mkdir()
    full = Disk(folder, Path(ward.disk.environ["LD_PRELOAD"]))
    full.leave(0)
    done = hp24(ward, "backup", str(folder / "monday.hp24"), environ=full.environ)
    assert (done.returncode, "[backup-not-written]" in done.stderr) == (3, True), done.stderr
    assert list(folder.iterdir()) == []
