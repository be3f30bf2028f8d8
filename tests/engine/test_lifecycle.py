"""How an engine starts, stands beside another one, loses parts, and stops: nothing acknowledged is lost, and it says why."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from interface.hl7.framing import wrap
from interface.message import MessageState, PostingState
from interface.operate.act import By
from interface.operate.pause import pause, resume
from interface.simulate.parallel import send_all
from interface.simulate.receiver import Receiver
from interface.simulate.traffic import morning
from interface.view.count import PauseKind
from tests.engine.cashier import Till, paying
from tests.engine.conftest import on_port
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import SUPERVISOR, processes_of, send_signal, wait_until
from tests.engine.root import Spec, make_root, read_channel, write_channel
from tests.engine.wire import Wire, adt, code, control_id
from tests.ports import free_ports

BY = By("tester", "to see how a stop goes")
WHOLE = 3  # the supervisor and its parts


@dataclass(frozen=True, slots=True)
class Life:
    """One engine that the tests stop and start, and the ports of its further channels.

    `desk` pays to an EHR on `ehr_port`, where nobody listens yet; `patient` answers once a message was processed, however late.
    """

    engine: Engine
    desk_port: int
    ehr_port: int
    patient_port: int


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    folder = tmp_path_factory.mktemp("life")
    desk_port, ehr_port, patient_port = free_ports(3)

    def patient(spec: Spec) -> None:
        on_port(patient_port, "SOUTH")(spec)
        spec["ack"] = {"mode": "processed", "answer_within_secs": 3600}

    root = make_root(folder / "root", more={"desk": paying("DESK", desk_port, ehr_port), "patient": patient})
    with running_engine(folder / "home", root) as running:
        yield Life(running, desk_port, ehr_port, patient_port)


@pytest.fixture
def engine(life: Life) -> Engine:
    """The engine, whole and listening, however the test before left it."""
    if len(processes_of(life.engine.home)) != WHOLE:
        life.engine.kill()
        life.engine.start()
    for port in (life.engine.port, life.desk_port, life.patient_port):
        life.engine.await_listening(port)
    return life.engine


def send(engine: Engine) -> str:
    number = control_id("L")
    with Wire(engine.port) as wire:
        assert code(wire.ask(adt(number))) == "AA"
    return number


@pytest.mark.parametrize("part", ["listen", "process"])
def test_a_killed_part_is_started_again_and_the_other_one_stays(engine: Engine, part: str) -> None:
    other = {"listen": "process", "process": "listen"}[part]
    wait_until(lambda: bool(engine.part_pid(part) and engine.part_pid(other)), "both parts live")
    stays = engine.part_pid(other)
    killed = engine.kill_part(part)
    wait_until(lambda: engine.part_pid(part) not in (0, killed), f"another {part} part lives")
    engine.await_listening()
    engine.await_state(send(engine), MessageState.PROCESSED)
    assert engine.part_pid(other) == stays
    assert {"part": part, "pid": killed, "cause": "killed"}.items() <= engine.events("part-stopped")[-1].items()


def test_messages_are_taken_while_nothing_processes_them(engine: Engine) -> None:
    engine.drain()
    engine.start("--part", "listen")
    numbers = [send(engine) for _ in range(5)]
    assert {engine.state_of(number) for number in numbers} == {MessageState.WAITING}
    engine.drain()
    engine.start()
    for number in numbers:
        engine.await_state(number, MessageState.PROCESSED)


def test_a_second_engine_on_the_same_home_says_so_and_disturbs_nothing(engine: Engine) -> None:
    second = Engine(engine.home, engine.root, engine.environ)
    second.log = engine.home / "second.log"
    process = second.start(is_awaited=False)
    try:
        wait_until(lambda: bool(second.events("part-stands-by")), "the second one says that it stands by")
        engine.await_state(send(engine), MessageState.PROCESSED)
    finally:
        process.terminate()
        process.wait(60)
    engine.await_state(send(engine), MessageState.PROCESSED)


def test_a_broken_channel_file_leaves_the_active_version_running(engine: Engine) -> None:
    engine.drain()
    good = read_channel(engine.root, "epic")
    write_channel(engine.root, good | {"mapping": "nowhere", "timezone": "Moon/Crater"})
    try:
        engine.start()
    finally:
        write_channel(engine.root, good)
    engine.await_state(send(engine), MessageState.PROCESSED)
    log = engine.log.read_text()
    assert "the active version goes on" in log
    assert "Moon/Crater" in log  # every problem at once, with the file that holds it
    assert "channels/epic.yaml" in log


def test_a_broken_channel_file_without_an_active_version_is_refused(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root", lambda spec: spec.update(timezone="Moon/Crater"))
    with running_engine(tmp_path / "home", root, start=lambda _engine: None) as engine:
        process = engine.start(is_awaited=False)
        assert process.wait(60) == 1
        assert "Moon/Crater" in engine.log.read_text()


def test_a_stop_drains(engine: Engine) -> None:
    before, stops = engine.counts(), len(engine.events("part-stopped"))
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send_all, morning(32, 8), "127.0.0.1", engine.port, connections=4, give_up_secs=60)
        wait_until(lambda: engine.counts()["received"] > before["received"] + 10, "messages come in")
        assert engine.drain() == 0
        assert processes_of(engine.home) == {}
        assert [event["cause"] for event in engine.events("part-stopped")[stops:]] == ["drained", "drained"]
        engine.start()
        answers = sending.result().answers
    engine.await_idle()
    counts = engine.counts()
    assert counts["received"] - before["received"] == len(answers)
    assert (
        counts["duplicates"] == before["duplicates"]
    )  # whatever was taken before the stop was answered before it, too


def test_a_stop_tells_a_sender_that_waits_for_the_outcome_that_its_message_is_kept(engine: Engine, life: Life) -> None:
    pause(engine.app.store, BY, PauseKind.CHANNEL, "patient", known=("patient",))
    number = control_id("L")
    try:
        with Wire(life.patient_port) as wire:
            wire.write(wrap(adt(number, facility="SOUTH")))
            engine.await_state(number, MessageState.WAITING, channel="patient")
            assert engine.drain() == 0
            assert code(wire.read()) == "AA"
    finally:
        resume(engine.app.store, BY, PauseKind.CHANNEL, "patient")


def test_a_destination_that_is_not_there_never_stops_intake_and_gets_everything_later(
    engine: Engine, life: Life
) -> None:
    items = engine.work_items()
    till = Till(engine, "desk", "DESK", life.desk_port)
    references = [till.pay(till.open_account()) for _ in range(3)]
    wait_until(lambda: any(one.attempts for one in engine.deliveries()), "a send is tried")
    for _ in range(10):
        engine.await_state(send(engine), MessageState.PROCESSED)
    with Receiver(port=life.ehr_port) as ehr:
        for reference in references:
            till.await_posting(reference, PostingState.POSTED)
        assert len(ehr.record.journal.posted) == len(references)
    assert engine.work_items() == items


def test_parts_end_when_their_supervisor_is_killed(engine: Engine) -> None:
    wait_until(lambda: len(processes_of(engine.home)) == WHOLE, "all parts live")
    (supervisor,) = [pid for pid, name in processes_of(engine.home).items() if name == SUPERVISOR]
    send_signal(supervisor, signal.SIGKILL)
    wait_until(lambda: not engine.part_pid("listen") and not engine.part_pid("process"), "the parts end, too")
    engine.start()
    engine.await_state(send(engine), MessageState.PROCESSED)
