"""One engine for all rows: a sound channel, one that waits less than a second for a frame's end, and what each row brought."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engine.conftest import on_port
from tests.engine.harness import Engine, free_ports, running_engine
from tests.engine.root import Edit, Spec, make_root

HASTY_SECS = 0.6


@dataclass(frozen=True, slots=True)
class Ward:
    """The engine, and the port of its hasty channel."""

    engine: Engine
    hasty_port: int


@contextmanager
def hostile_ward(folder: Path, more: dict[str, Edit] | None = None, database_url: str = "") -> Iterator[Ward]:
    """Run it; `more` channels as for `make_root`."""
    (hasty_port,) = free_ports(1)

    def hasty(spec: Spec) -> None:
        on_port(hasty_port, "HASTE")(spec)
        spec["source"]["mllp"]["frame_timeout_secs"] = HASTY_SECS

    root = make_root(folder / "root", more={"hasty": hasty, **(more or {})})
    with running_engine(folder / "home", root, database_url=database_url) as engine:
        engine.await_listening(hasty_port)
        yield Ward(engine, hasty_port)


class LogTail:
    """What the log says from now on."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._from = log.stat().st_size

    def events(self) -> list[dict[str, Any]]:
        """Whole lines of JSON only: the last one may be half written."""
        with self._log.open("rb") as log:
            log.seek(self._from)
            lines = log.read().split(b"\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith(b"{")]
