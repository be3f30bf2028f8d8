"""What is measured, in the order of the table, and how each row is run."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench import fhir_create, fhir_server, fields, load, usage
from tests.bench.engine import Engine, running
from tests.bench.load import Load
from tests.bench.measure import Database, Measured, Target
from tests.bench.server import ServerFailedError, serving
from tests.ports import free_ports

FHIR_ACCOUNTS = 10_000
MANY = 32  # connections of the rows that measure throughput
CREATORS = 16  # programs that write over FHIR at once
WARM_UP = 64  # messages sent before the clock starts


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a row may work: a folder and a database of its own, and how many messages it is to measure."""

    folder: Path
    database_url: str
    messages: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """A row to be, with the number of messages that a full run measures."""

    name: str
    run: Callable[[Bench], Measured]
    messages: int
    target: Target | None = None
    databases: tuple[Database, ...] = (Database.SQLITE, Database.POSTGRESQL)


def one_connection(bench: Bench) -> Measured:
    """A single sender that waits for each answer, beside the whole engine."""
    with running(bench.folder, bench.database_url) as engine:
        return _measure(engine, bench, lambda: _send(engine.ports, 1, bench.messages))


def intake_alone(bench: Bench) -> Measured:
    """Receiving only: nothing is processed meanwhile."""
    with running(bench.folder, bench.database_url, part="listen") as engine:
        return _measure(engine, bench, lambda: _send(engine.ports, MANY, bench.messages))


def end_to_end(bench: Bench) -> Measured:
    """Receive and process at once; the time ends when the last message is in the ledger."""
    with running(bench.folder, bench.database_url) as engine:
        return _measure(engine, bench, lambda: _send_and_drain(engine, bench.messages))


def three_vendors(bench: Bench) -> Measured:
    """The same with three channels at once: an Epic's, a Cerner's and an athena's messages, in their own words."""
    with running(bench.folder, bench.database_url, channels=tuple(load.TEMPLATES)) as engine:
        return _measure(engine, bench, lambda: _send_and_drain(engine, bench.messages))


def replay(bench: Bench) -> Measured:
    """Run every stored message again under the same configuration, which changes nothing."""
    with running(bench.folder, bench.database_url) as engine:
        _send_and_drain(engine, bench.messages)
        engine.await_told()
        return _measure(engine, bench, engine.replay, warm=False)


def rebuild(bench: Bench) -> Measured:
    """Run every stored message again into an empty ledger and compare it with the present one."""
    with running(bench.folder, bench.database_url) as engine:
        _send_and_drain(engine, bench.messages)
        engine.await_told()
        return _measure(engine, bench, engine.rebuild, warm=False)


def peer(name: str, *, once: bool = False) -> Callable[[Bench], Measured]:
    """A peer's server, which parses and acknowledges; `once` where it takes one message a connection."""

    def run(bench: Bench) -> Measured:
        (port,) = free_ports(1)
        command = [sys.executable, "-m", "tests.bench.peer", name, str(port)]
        with serving(command, (port,), bench.folder / "peer.log"):
            _send({"epic": port}, 1, min(WARM_UP, bench.messages // 10), once=once)
            before = usage.cpu_secs()
            met = _send({"epic": port}, MANY, bench.messages, once=once)
            return Measured(met.messages, met.seconds, met, _cpu_since(before, met))

    return run


def over_fhir(way: str, connections: int) -> Callable[[Bench], Measured]:
    """What programs read over FHIR of a small ledger; `python -m tests.bench.fhir` measures every way in a large one."""

    def run(bench: Bench) -> Measured:
        with fhir_server.running(bench.folder, bench.database_url, FHIR_ACCOUNTS, lambda _done: None) as server:
            file = server.requests(way, bench.folder)
            server.ask(file, connections, min(WARM_UP, bench.messages))
            before = usage.cpu_secs()
            met = server.ask(file, connections, bench.messages)
            return Measured(met.messages, met.seconds, met, _cpu_since(before, met))

    return run


def creates(bench: Bench) -> Measured:
    """Patients created over FHIR, each durable, validated and applied before its answer."""
    with fhir_create.running(bench.folder, bench.database_url) as desk:
        warm = min(WARM_UP, bench.messages)
        file = fhir_create.requests(bench.folder, warm + bench.messages)
        desk.create(file, CREATORS, 0, warm)
        held, before = usage.stored_bytes(bench.database_url), usage.cpu_secs()
        met = desk.create(file, CREATORS, warm, bench.messages)
        grown = usage.stored_bytes(bench.database_url) - held
        return Measured(met.messages, met.seconds, met, _cpu_since(before, met), grown // bench.messages)


def reads(work: Callable[[], Callable[[], object]]) -> Callable[[Bench], Measured]:
    """One message read again and again in this process: no wire, no store."""
    return lambda bench: fields.measured(work(), bench.messages)


SCENARIOS = (
    Scenario("one connection", one_connection, 3_000, Target(400, p99_ms=10)),
    Scenario(f"intake alone, {MANY} connections", intake_alone, 24_000, Target(4_000, p99_ms=50)),
    Scenario(f"end to end while receiving, {MANY} connections", end_to_end, 12_000, Target(1_200, p99_ms=50)),
    Scenario(f"end to end, three vendors at once, {MANY} connections", three_vendors, 12_000, Target(1_200, p99_ms=50)),
    Scenario("replay without change", replay, 6_000, Target(2_000)),
    Scenario("rebuild into an empty ledger", rebuild, 6_000, Target(1_200)),
    Scenario(f"FHIR: create Patient, {CREATORS} connections", creates, 4_000, Target(400)),
    *(
        Scenario(f"FHIR: {way}, {connections} connections", over_fhir(way, connections), 2_000, Target(0, p95_ms=25))
        for way in (fhir_server.READ, fhir_server.SEARCH)
        for connections in (4, 16)
    ),
    Scenario(
        f"python-hl7: parse and answer, {MANY} connections", peer("python-hl7"), 4_000, databases=(Database.NONE,)
    ),
    Scenario(
        f"hl7apy: parse and answer, {MANY} connections", peer("hl7apy", once=True), 200, databases=(Database.NONE,)
    ),
    *(
        Scenario(f"60 fields of an ADT: {name}", reads(work), messages, target, databases=(Database.NONE,))
        for name, work, messages, target in (
            ("parsed and mapped", lambda: fields.mapped, 20_000, Target(5_000)),
            ("mapped, parsed before", fields.mapped_alone, 20_000, Target(5_000)),
            ("python-hl7", lambda: fields.by_python_hl7, 1_000, None),
            ("hl7apy", lambda: fields.by_hl7apy, 40, None),
        )
    ),
)


def _measure(engine: Engine, bench: Bench, act: Callable[[], Load | None], *, warm: bool = True) -> Measured:
    """Time `act`, which deals with `bench.messages` messages, and what it costs."""
    if warm:
        _send(engine.ports, len(engine.ports), WARM_UP)
    held = usage.stored_bytes(bench.database_url)
    before = usage.cpu_secs()
    begun = time.perf_counter()
    met = act()
    seconds = time.perf_counter() - begun
    grown = usage.stored_bytes(bench.database_url) - held
    return Measured(bench.messages, seconds, met, _cpu_since(before, met), grown // bench.messages)


def _send_and_drain(engine: Engine, messages: int) -> Load:
    before = engine.counts()["received"]
    met = _send(engine.ports, MANY, messages)
    engine.await_processed(before + messages)
    return met


def _send(ports: Mapping[str, int], connections: int, messages: int, *, once: bool = False) -> Load:
    """Send new messages to listeners by vendor; every one must be answered well."""
    prefix = (
        f"B{time.time_ns() // 1_000_000 % 10**9}"  # new for each call, and short: MSH-10 has room for 20 characters
    )
    if len(ports) > 1:
        met = load.send_at_once(ports, connections, messages, prefix)
    else:
        (port,) = ports.values()
        met = load.send(port, connections, messages, prefix, once=once)
    if met.refused or met.errors or met.messages != messages:
        raise ServerFailedError(f"of {messages} messages {met.refused} were refused, {met.errors} connections failed")
    return met


def _cpu_since(before: dict[str, float], met: Load | None) -> dict[str, float]:
    spent = {part: secs - before.get(part, 0.0) for part, secs in usage.cpu_secs().items()}
    if met:
        spent |= {usage.ENDED: spent[usage.ENDED] - met.cpu_secs, "load": met.cpu_secs}
    return spent
