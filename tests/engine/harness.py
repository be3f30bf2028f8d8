"""An engine under test: its own processes on SQLite or PostgreSQL, started, killed, drained and looked at from outside.

What it did is read from the wire, from its log and from its store, opened a second time beside it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from interface.app.compose import App, open_app
from interface.cli.exit import ExitCode
from interface.message import MessageState
from interface.simulate.hospital import Vendor
from interface.view.delivery import DeliveryFilter, DeliveryStory
from interface.view.message import MessageFilter, MessageRow
from interface.view.work import WorkItemRow
from tests.engine.processes import kill_all, processes_of, send_signal, wait_until
from tests.ports import free_ports

HP24 = (str(Path(sys.executable).with_name("hp24")),)
_PAGE = 500
_QUOTED_LINES = 15


class Engine:
    """One engine home. `start` and `kill` may be repeated; `app` is a second opening of its store, for looking and acting."""

    def __init__(self, home: Path, root: Path, environ: Mapping[str, str], command: Sequence[str] = HP24) -> None:
        self.home = home
        self.root = root
        self.environ = dict(environ)
        self.port = int(environ["EPIC_MLLP_PORT"])
        self.log = home / "engine.log"
        self._command = [*command, "--home", str(home), "--root", str(root), "run"]
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()
        self._app: App | None = None
        self._opened = ExitStack()

    # ------------------------------------------------------------ life

    def start(self, *arguments: str, is_awaited: bool = True) -> subprocess.Popen[bytes]:
        """Start the engine; returns when it listens, unless nobody is to wait for that."""
        with self._starting:
            if self._process is not None:
                self._process.wait(60)  # the one before, ended or killed by whoever starts another
            process = self._spawn(arguments)
        if is_awaited:
            self.await_listening()
        return process

    def start_again(self) -> bool:
        """Start it anew if it ended for want of its database, as whoever keeps a service running does; whether it had."""
        with self._starting:
            if self._process is None or self._process.poll() != ExitCode.UNAVAILABLE:
                return False
            self._spawn()
            return True

    def _spawn(self, arguments: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, *arguments], env=self.environ, stdout=log, stderr=log, start_new_session=True
            )
        return self._process

    def await_listening(self, port: int | None = None) -> None:
        """Wait until the port takes connections."""
        process = self._process
        assert process is not None, "start it first"

        def listens() -> bool:
            assert process.poll() is None, f"the engine ended with {process.returncode}: {self.last_words()}"
            return self.is_listening(port)

        wait_until(listens, f"the engine listens; its last words: {self.last_words()}")

    def is_listening(self, port: int | None = None) -> bool:
        """Whether the port takes connections now."""
        try:
            socket.create_connection(("127.0.0.1", port or self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """Kill -9 every process of the engine, at once."""
        with self._starting:
            kill_all(self.home)
            if self._process is not None:
                self._process.wait()
            self._process = None

    def kill_part(self, part: str) -> int:
        """Kill -9 one part, `listen` or `process`, and leave the rest alone; gives its pid (0: it was not there)."""
        pids = [pid for pid, name in processes_of(self.home).items() if name == part]
        for pid in pids:
            send_signal(pid, signal.SIGKILL)
        return pids[0] if pids else 0

    def drain(self) -> int:
        """SIGTERM to the supervisor, as an operator or the system stops it; gives the exit code."""
        with self._starting:
            assert self._process is not None, "start it first"
            self._process.terminate()
            code = self._process.wait(60)
            self._process = None
            return code

    def close(self) -> None:
        """End everything that was started."""
        try:
            self._opened.close()
        finally:
            self.kill()

    # ------------------------------------------------------------ looking

    def events(self, name: str = "") -> list[dict[str, Any]]:
        """The log's events, of one name or all."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        found = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [one for one in found if name in ("", one["event"])]

    def last_words(self) -> str:
        """The end of the log, for a failure's message."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return " / ".join(lines[-_QUOTED_LINES:])

    def part_pid(self, part: str) -> int:
        """The pid of a living part; 0 where there is none."""
        return next((pid for pid, name in processes_of(self.home).items() if name == part), 0)

    @property
    def app(self) -> App:
        """The engine's home, opened beside it."""
        if self._app is None:
            self._app = self._opened.enter_context(open_app(self.home, self.root, self.environ))
        return self._app

    def counts(self, channel: str = "epic") -> Counter[str]:
        """`received`, `duplicates` and messages by state of one channel."""
        with self.app.store.snapshot() as reader:
            mine = next((one for one in reader.channel_counts() if one.channel == channel), None)
        if mine is None:
            return Counter()
        states = {state.value: count for state, count in mine.states.items()}
        return Counter(states | {"received": mine.received, "duplicates": mine.duplicates})

    def messages(self, wanted: MessageFilter) -> list[MessageRow]:
        """Every message that a filter finds, oldest first."""
        found: list[MessageRow] = []
        with self.app.store.snapshot() as reader:
            while page := reader.messages(_page(wanted, found[-1].id if found else wanted.beyond_id)):
                found += page
        return found

    def message(self, control_id: str, channel: str = "epic") -> MessageRow:
        """The only message with this control id."""
        (row,) = self.messages(MessageFilter(control_id=control_id, channel=channel))
        return row

    def state_of(self, control_id: str, channel: str = "epic") -> MessageState | None:
        """Where the message stands; None while it is not stored."""
        rows = self.messages(MessageFilter(control_id=control_id, channel=channel))
        return rows[-1].state if rows else None

    def deliveries(self, wanted: DeliveryFilter | None = None) -> list[DeliveryStory]:
        """Deliveries, oldest first."""
        with self.app.store.snapshot() as reader:
            return reader.deliveries(wanted or DeliveryFilter(limit=_PAGE))

    def work_items(self) -> list[WorkItemRow]:
        """What waits for a person."""
        with self.app.store.snapshot() as reader:
            return reader.work_items(only_open=True, beyond_id=0, limit=_PAGE)

    # ------------------------------------------------------------ waiting

    def await_state(self, control_id: str, *states: MessageState, channel: str = "epic") -> MessageRow:
        """Wait until the message stands so; gives it."""
        wait_until(
            lambda: self.state_of(control_id, channel) in states,
            f"{control_id} is {' or '.join(states)}; see {self.log}",
        )
        return self.messages(MessageFilter(control_id=control_id, channel=channel))[-1]

    def await_idle(self) -> None:
        """Wait until no message waits to be run."""
        wait_until(lambda: not self._waiting(), "every message was run")

    def _waiting(self) -> int:
        with self.app.store.snapshot() as reader:
            return sum(one.states.get(MessageState.WAITING, 0) for one in reader.channel_counts())


def _page(wanted: MessageFilter, beyond_id: int) -> MessageFilter:
    fields = {name: getattr(wanted, name) for name in MessageFilter.__slots__}
    return MessageFilter(**(fields | {"beyond_id": beyond_id, "limit": _PAGE}))


def vendor_ports() -> dict[str, str]:
    """Free ports for the shipped channels, by variable; nobody listens for payments unless the test says so."""
    names = [f"{vendor.upper()}_{what}_PORT" for vendor in Vendor for what in ("MLLP", "DFT")]
    return {name: str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}


@contextmanager
def running_engine(
    home: Path,
    root: Path,
    environ: Mapping[str, str] | None = None,
    database_url: str = "",
    *,
    command: Sequence[str] = HP24,
    start: Callable[[Engine], object] = Engine.start,
) -> Iterator[Engine]:
    """Run an engine in `home` with the files of `root` until the block ends; then everything of it has ended.

    `environ` adds to the environment (peers, ports); what it does not name gets a free port. An empty `database_url` is the
    file hp24.db in the home.
    """
    mine = ("HP24_", *(f"{vendor.upper()}_" for vendor in Vendor))
    known = {
        **{name: value for name, value in os.environ.items() if not name.startswith(mine)},
        "HP24_KEY_FILE": str(home.parent / f"{home.name}.key"),
        "HP24_HTTP_PORT": "0",  # what a test does not look at is not started
        "HP24_FHIR_PORT": "0",
        "HP24_DATABASE_URL": database_url,
        **vendor_ports(),
        **(environ or {}),
    }
    engine = Engine(home, root, known, command)
    try:
        start(engine)
        yield engine
    finally:
        engine.close()
