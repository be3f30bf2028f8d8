"""Runs the load generators, of MLLP and of HTTP: the native one where a Rust compiler is found, else the one in Python."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE / "build"
MLLP, HTTP = "mllp_load", "http_load"
TEMPLATES = {vendor: HERE / f"{vendor}_a08.hl7" for vendor in ("epic", "cerner", "athena")}
PATIENTS = 5000


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of the generator met. Times of one exchange, frame out to answer in, in milliseconds."""

    connections: int
    messages: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    refused: int  # answered otherwise than AA or CA with the message's own control id
    errors: int  # connections that failed
    cpu_secs: float  # of the generator itself

    @property
    def per_second(self) -> float:
        return self.messages / self.seconds if self.seconds else 0.0


@cache
def generator(native: bool = True, name: str = MLLP) -> tuple[str, ...]:
    """The command to run; compiles the native generator when its source is newer than what was built."""
    compiler = shutil.which("rustc") if native else None
    if compiler is None:
        return (sys.executable, "-m", f"tests.bench.{name}")
    source, binary = HERE / f"{name}.rs", BUILT / name
    if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
        BUILT.mkdir(exist_ok=True)
        fresh = BUILT / f"{name}.{os.getpid()}"  # moved into place whole: others may be building or running it
        subprocess.run([compiler, "--edition=2021", "-O", str(source), "-o", str(fresh)], check=True)
        fresh.replace(binary)
    return (str(binary),)


def describe_generator() -> str:
    """Which generator loads the machine, for the table."""
    if generator()[0] == sys.executable:
        return "load generator in Python (no rustc found): it takes CPU time from what is measured"
    version = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return f"native load generator (rustc {version})"


def send(
    port: int,
    connections: int,
    total: int,
    prefix: str,
    *,
    template: Path = TEMPLATES["epic"],
    patients: int = PATIENTS,
    once: bool = False,
    log: Path | None = None,
) -> Load:
    """Send `total` messages of a template, of so many patients, to a listener on loopback and wait for every answer.

    `prefix` starts every control id and must be new for the listener; `once` opens a connection for each message; `log`
    receives each positively acknowledged control id.
    """
    command = [*generator(), str(port), str(connections), str(total), str(template), f"--pool={patients}"]
    return _run([*command, "--prefix", prefix, *(["--once"] if once else []), *(["--log", str(log)] if log else [])])


def ask(port: int, connections: int, total: int, requests: Path, token: str, *, first: int = 0) -> Load:
    """Make `total` HTTP requests of a file (`http_load.rs` tells how it is written) and wait for every answer.

    They are taken in turn from line `first` on; where there are fewer, again from the first one.
    """
    command = [*generator(name=HTTP), str(port), str(connections), str(total), str(requests), "--first", str(first)]
    return _run(command, {"HTTP_LOAD_TOKEN": token})


def send_at_once(ports: Mapping[str, int], connections: int, total: int, prefix: str) -> Load:
    """The same to several listeners, named by the vendor whose messages they take; messages and connections are spread evenly.

    The waits are those of the listener whose senders waited longest.
    """
    before, count = _spent(), len(ports)

    def one(number: int, vendor: str, port: int) -> Load:
        share, messages = ((whole + number) // count for whole in (connections, total))
        return send(port, share, messages, f"{prefix}{vendor[0].upper()}", template=TEMPLATES[vendor])

    with ThreadPoolExecutor(count) as threads:
        met = list(threads.map(lambda each: one(each[0], *each[1]), enumerate(ports.items())))
    slowest = max(met, key=lambda each: each.p99_ms)
    return replace(
        slowest,
        connections=sum(each.connections for each in met),
        messages=sum(each.messages for each in met),
        seconds=max(each.seconds for each in met),
        refused=sum(each.refused for each in met),
        errors=sum(each.errors for each in met),
        cpu_secs=round(_spent() - before, 2),
    )


def _run(command: list[str], more: Mapping[str, str] | None = None) -> Load:
    before, environ = _spent(), {**os.environ, **(more or {})}
    done = subprocess.run(command, cwd=HERE.parents[1], env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the load generator failed: {done.stderr}")
    return Load(**json.loads(done.stdout), cpu_secs=round(_spent() - before, 2))


def _spent() -> float:
    """CPU seconds of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
