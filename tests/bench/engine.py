"""The engine under test: started and stopped by the command line, as an operator does it; watched through its own status."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from interface.app.compose import App, open_app
from interface.operate.status import status
from tests.bench.server import QUOTED_CHARACTERS, ServerFailedError, serving
from tests.ports import free_ports

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).with_name("hp24")
EPIC = ("epic",)
DRAIN_SECS = 300
STEP_SECS = 0.1
# Where a message may end that the benchmark sends: anything else means that the run is worth nothing.
LOST = ("failed", "held", "refused", "filtered", "incomplete")


@dataclass(frozen=True, slots=True)
class Engine:
    """One running engine with a home, a copy of the shipped files and ports of its own."""

    app: App  # the engine's own home, opened a second time for looking
    ports: Mapping[str, int]  # of each channel's listener

    @property
    def port(self) -> int:
        """Of the first channel."""
        return next(iter(self.ports.values()))

    def ask(self, *arguments: str) -> str:
        """What `hp24 ARGUMENTS` prints; raises with what it complained of."""
        command = [str(COMMAND), *arguments, "--home", str(self.app.home), "--root", str(self.app.root)]
        done = subprocess.run(command, env=self.app.environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerFailedError(f"hp24 {arguments[0]}: {(done.stderr or done.stdout).strip()[-QUOTED_CHARACTERS:]}")
        return done.stdout

    def counts(self) -> Counter[str]:
        """Messages of the channels by state, and `received`; what `hp24 status` shows, without the cost of a process."""
        total: Counter[str] = Counter()
        for one in status(self.app.store, self.app.clock).channels:
            if one.channel in self.ports:
                total.update({state.value: count for state, count in one.states.items()} | {"received": one.received})
        return total

    def await_processed(self, total: int) -> None:
        """Wait until `total` messages are processed."""
        deadline = time.monotonic() + DRAIN_SECS
        while (counts := self.counts())["processed"] < total:
            if lost := {state: counts[state] for state in LOST if counts[state]}:
                raise ServerFailedError(f"not every message was processed: {lost}")
            if time.monotonic() > deadline:
                raise ServerFailedError(f"{counts['processed']} of {total} processed after {DRAIN_SECS} s")
            time.sleep(STEP_SECS)

    def await_told(self) -> None:
        """Wait until HealthPay24 knows what the ledger holds: telling it must not take time from what is measured next."""
        deadline = time.monotonic() + DRAIN_SECS
        while (due := status(self.app.store, self.app.clock).mirror.due) and time.monotonic() < deadline:
            time.sleep(STEP_SECS)
        if due:
            raise ServerFailedError(f"HealthPay24 was not told of {due} records after {DRAIN_SECS} s")

    def replay(self) -> None:
        """Run every stored message again; returns when the last has run."""
        self.ask("replay", "--all", "--json")

    def rebuild(self) -> None:
        """Run every stored message into an empty ledger and compare; returns when all is compared."""
        self.ask("verify", "--json")


@dataclass(frozen=True, slots=True)
class Place:
    """A home with a copy of the shipped files and ports of its own, where one engine after the other may run."""

    folder: Path
    ports: Mapping[str, int]
    environment: Mapping[str, str]

    @contextmanager
    def running(self, part: str | None = None) -> Iterator[Engine]:
        """Run an engine until the block ends; `part` runs only that part of it (`listen`)."""
        home, root = self.folder / "home", self.folder / "root"
        command = [str(COMMAND), "run", "--home", str(home), "--root", str(root), *(["--part", part] if part else [])]
        log = self.folder / "engine.log"
        ports = tuple(self.ports.values())
        with serving(command, ports, log, self.environment), open_app(home, root, self.environment) as app:
            yield Engine(app, self.ports)


def prepare(folder: Path, database_url: str, channels: Collection[str] = EPIC) -> Place:
    """Make a place for engines in `folder`, which has none yet, with some of the shipped channels."""
    ports = dict(zip(channels, free_ports(len(channels)), strict=True))
    (folder / "home").mkdir()
    make_root(folder / "root", database_url, channels)
    environment = os.environ | {"HP24_KEY_FILE": str(folder / "key")}
    for channel, port in ports.items():
        environment[f"{channel.upper()}_MLLP_PORT"] = str(port)
        environment[f"{channel.upper()}_DFT_HOST"] = "127.0.0.1"
        environment[f"{channel.upper()}_DFT_PORT"] = str(
            free_ports(1)[0]
        )  # nobody listens there, and no payment is made
    return Place(folder, ports, environment)


@contextmanager
def running(
    folder: Path, database_url: str, *, part: str | None = None, channels: Collection[str] = EPIC
) -> Iterator[Engine]:
    """Run an engine at a new place until the block ends."""
    with prepare(folder, database_url, channels).running(part) as engine:
        yield engine


def make_root(root: Path, database_url: str, channels: Collection[str]) -> None:
    """The shipped channels and mappings, and default settings on the given database. Senders' clocks show UTC."""
    (root / "channels").mkdir(parents=True)
    (root / "config").mkdir()
    for channel in channels:
        text = (PROJECT / "channels" / f"{channel}.yaml").read_text(encoding="utf-8")
        in_utc = re.sub(r"^timezone: \S+", "timezone: UTC", text, flags=re.MULTILINE)
        (root / "channels" / f"{channel}.yaml").write_text(in_utc, encoding="utf-8")
    shutil.copytree(PROJECT / "mappings", root / "mappings")
    settings = f'database_url: "{database_url}"\nhttp_port: 0\nfhir:\n  port: ${{HP24_FHIR_PORT:-0}}\n'
    (root / "config" / "engine.yaml").write_text(settings, encoding="utf-8")
