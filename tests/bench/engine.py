"""The engine under test: started, watched and stopped the way an operator does it, by the command line."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.server import QUOTED_CHARACTERS, ServerFailedError, free_ports, serving

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).with_name("hp24")
CHANNEL = "epic"
DRAIN_SECS = 300
STEP_SECS = 0.1
# Where a message may end that the benchmark sends: anything else means that the run is worth nothing.
LOST = ("failed", "held", "refused", "filtered", "incomplete")


@dataclass(frozen=True, slots=True)
class Engine:
    """One running engine with a home, a copy of the shipped files and ports of its own."""

    home: Path
    root: Path
    environment: dict[str, str]
    port: int

    def ask(self, *arguments: str) -> str:
        """What `hp24 ARGUMENTS` prints; raises with what it complained of."""
        command = [str(COMMAND), *arguments, "--home", str(self.home), "--root", str(self.root)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerFailedError(f"hp24 {arguments[0]}: {(done.stderr or done.stdout).strip()[-QUOTED_CHARACTERS:]}")
        return done.stdout

    def counts(self) -> dict[str, int]:
        """Messages of the channel by state, with `received` and `duplicates`."""
        channels: dict[str, Any] = json.loads(self.ask("status", "--json"))["channels"]
        return {name: count for name, count in channels.get(CHANNEL, {}).items() if isinstance(count, int)}

    def await_processed(self, total: int) -> None:
        """Wait until `total` messages are processed."""
        deadline = time.monotonic() + DRAIN_SECS
        while (counts := self.counts()).get("processed", 0) < total:
            if lost := {state: counts[state] for state in LOST if counts.get(state)}:
                raise ServerFailedError(f"not every message was processed: {lost}")
            if time.monotonic() > deadline:
                raise ServerFailedError(f"{counts.get('processed', 0)} of {total} processed after {DRAIN_SECS} s")
            time.sleep(STEP_SECS)

    def replay(self) -> None:
        """Run every stored message of the channel again; returns when the last has run."""
        self.ask("replay", "--channel", CHANNEL, "--json")

    def rebuild(self) -> None:
        """Run every stored message into an empty ledger and compare; returns when all is compared."""
        self.ask("verify", "--json")


@contextmanager
def running(folder: Path, database_url: str, *, part: str | None = None) -> Iterator[Engine]:
    """Run an engine in `folder` until the block ends; `part` runs only that part of it (`listen`)."""
    engine = prepare(folder, database_url)
    command = [str(COMMAND), "run", "--home", str(engine.home), "--root", str(engine.root)]
    command += ["--part", part] if part else []
    with serving(command, engine.port, folder / "engine.log", engine.environment):
        yield engine


def prepare(folder: Path, database_url: str) -> Engine:
    """A home and a root of its own, with the shipped channel, mappings and settings, and free ports."""
    root = folder / "root"
    for name in ("channels", "mappings", "config"):
        shutil.copytree(PROJECT / name, root / name)
    for other in (root / "channels").glob("*.yaml"):
        if other.stem != CHANNEL:
            other.unlink()
    port, http_port, dft_port = free_ports(3)
    environment = os.environ | {
        "EPIC_MLLP_PORT": str(port),
        "EPIC_DFT_HOST": "127.0.0.1",
        "EPIC_DFT_PORT": str(dft_port),  # nobody listens there, and no payment is made
        "HP24_HTTP_PORT": str(http_port),
        "HP24_DATABASE_URL": database_url,
        "HP24_KEY_FILE": str(folder / "key"),
    }
    (folder / "home").mkdir()
    return Engine(folder / "home", root, environment, port)
