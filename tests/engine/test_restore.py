"""Real engines: payments sent after the backup reach the EHR once, and a backup under load holds all that was answered before."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from interface.app.restore import restore_home
from interface.app.verify import verify
from interface.message import PostingState
from interface.operate.act import By
from interface.operate.backup import backup, resume_after_restore
from interface.operate.key import rotate_key
from interface.operate.pause import pause, resume
from interface.row.backup import BackupPace
from interface.simulate.parallel import send_all
from interface.simulate.receiver import Receiver
from interface.simulate.sender import Answered
from interface.simulate.traffic import morning
from interface.view.count import PauseKind
from interface.view.message import MessageFilter
from tests.engine.cashier import EhrTill, paying
from tests.engine.conftest import Ward
from tests.engine.harness import HP24, Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.ports import free_ports
from tests.postgres import PostgresServer

BY = By("tester", "the disk was lost")
PAYMENTS = 100
ENOUGH_ANSWERED = 100  # messages, before the backup begins
TO = "till/dft"


def silent(_done: int, _total: int) -> None:
    """Progress that nobody looks at."""


@pytest.fixture
def ehr() -> Iterator[Receiver]:
    """It would book every line that reaches it."""
    with Receiver(deduplicates=False) as receiver:
        yield receiver


@contextmanager
def restored(original: Engine, file: Path, home: Path, database_url: str = "") -> Iterator[Engine]:
    """An engine in a new home, restored of a backup of this one."""
    environ = original.environ | {"HP24_DATABASE_URL": database_url}
    restore_home(home, original.root, environ, BY, file, silent)
    with running_engine(home, original.root, environ, database_url) as engine:
        yield engine


@pytest.mark.proof
def test_the_ehr_gets_none_of_100_payments_again_and_new_ones_once_sending_is_resumed(
    tmp_path: Path, ehr: Receiver
) -> None:
    (port,) = free_ports(1)
    root = make_root(tmp_path / "root", more={"till": paying("TILL", port, ehr.port)})
    file = tmp_path / "night.hp24"
    with running_engine(tmp_path / "home", root) as engine:
        engine.await_listening(port)
        till = EhrTill(engine, "till", "TILL", port, ehr)
        store = engine.app.store
        accounts = [till.open_account() for _ in range(5)]
        pause(store, BY, PauseKind.DESTINATION, TO, [TO])
        references = [till.pay(accounts[number % 5], 1000 + number) for number in range(PAYMENTS)]
        for reference in references:
            wait_until(lambda reference=reference: till.delivery(reference) is not None, "the payment is queued")  # type: ignore[misc]  # bound
        backup(store, BY, file, BackupPace(), silent)
        resume(store, BY, PauseKind.DESTINATION, TO)
        wait_until(lambda: till.booked() == PAYMENTS, "the EHR has booked all")
        engine.kill()
        with restored(engine, file, tmp_path / "new") as copy:
            copy.await_listening(port)
            later = EhrTill(copy, "till", "TILL", port, ehr)
            before = dict(ehr.record.received)
            resume(copy.app.store, BY, PauseKind.DESTINATION, TO)  # paused when the backup was made
            fresh = later.pay(later.open_account())
            wait_until(lambda: later.delivery(fresh) is not None, "the new payment is queued")
            assert dict(ehr.record.received) == before
            assert [cause for _kind, cause in later.items()] == ["restored"] * PAYMENTS
            resume_after_restore(copy.app.store, BY)
            later.await_posting(fresh, PostingState.POSTED)
            assert (later.booked(), later.booked_twice()) == (PAYMENTS + 1, 0)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.proof)])
def urls(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Where the engine's database is, and where the restored one goes; empty: in their homes."""
    if request.param == "sqlite":
        yield "", ""
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with ExitStack() as stack:
        yield stack.enter_context(server.database()), stack.enter_context(server.database())


def test_a_backup_under_load_holds_all_that_was_answered_before_and_its_ledger_holds(
    tmp_path: Path, urls: tuple[str, str]
) -> None:
    root, file = make_root(tmp_path / "root"), tmp_path / "day.hp24"
    answered: list[str] = []
    enough, is_over = threading.Event(), threading.Event()

    def hear(answer: Answered) -> None:
        if answer.code.is_positive:
            answered.append(answer.control_id)
        if len(answered) >= ENOUGH_ANSWERED:
            enough.set()

    def send(port: int) -> None:
        for seed in count(31):  # one small hospital after the other, for as long as the backup takes
            send_all(list(morning(seed, 6)), "127.0.0.1", port, connections=8, progress=hear)
            if is_over.is_set():
                return

    with running_engine(tmp_path / "home", root, database_url=urls[0]) as engine:
        sending = threading.Thread(target=send, args=(engine.port,), daemon=True)
        sending.start()
        assert enough.wait(60)
        before = set(answered)
        backup(engine.app.store, BY, file, BackupPace(), silent)
        assert len(answered) > len(before), "the load went on beside the backup"
        is_over.set()
        sending.join(60)
        engine.await_idle()
    with restored(engine, file, tmp_path / "new", urls[1]) as copy:
        copy.await_idle()
        held = {one.control_id for one in copy.messages(MessageFilter())}
        assert before <= held
        assert verify(copy.app, silent).holds


def test_the_key_is_changed_under_a_running_engine_whose_parts_come_back_with_the_new_one(tmp_path: Path) -> None:
    with running_engine(tmp_path / "home", make_root(tmp_path / "root")) as engine:
        rotated = rotate_key(engine.app.store, BY)
        assert rotated.old_file is not None
        rotated.old_file.unlink()
        old = engine.kill_part("process")
        wait_until(lambda: engine.part_pid("process") not in (0, old), "the part comes back")
        sent = list(morning(3, 2))
        send_all(sent, "127.0.0.1", engine.port)
        engine.await_idle()
        assert engine.counts()["processed"] > 0


def test_a_home_with_a_running_engine_is_not_restored_into(ward: Ward, tmp_path: Path) -> None:
    engine, file = ward.engine, tmp_path / "x.hp24"
    backup(engine.app.store, BY, file, BackupPace(), silent)
    place = ["--home", str(engine.home), "--root", str(engine.root), "--reason", "mistaken"]
    done = subprocess.run(
        [*HP24, "restore", str(file), *place], env=engine.environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "[engine-running]" in done.stderr) == (1, True)
    with engine.app.store.snapshot() as reader:
        assert reader.restored() is None
