"""A running engine purges by itself: fifty thousand old messages go while senders are answered as before."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from os import urandom
from pathlib import Path
from statistics import quantiles

import pytest

from interface.app.verify import verify
from interface.operate.status import status
from interface.row.purge import DAY_MICROS
from interface.simulate.sender import Sender
from interface.simulate.traffic import morning
from interface.store.store import SqlStore
from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.store.given import intake, run

OLD_MESSAGES = 50_000
_BATCH = 250
_BEFORE_SECS = 10.0
_PAUSE_SECS = 0.02
_SETTINGS = """
keep_processed_bodies_days: 30
keep_arrivals_days: 30
keep_runs_days: 30
purge_every_hours: 0.003
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Empty: the file in the engine's home."""
    url: str = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return url


def make_old(store: SqlStore, count: int, at: int) -> None:
    """Messages that were processed then: received and run in one commit, so that no engine sees them waiting."""
    for start in range(0, count, _BATCH):
        numbers = range(start, start + _BATCH)
        raws = (f"MSH|^~\\&|E|N|H|H|2026||ADT^A08|{n}|P|2.5.1\r".encode() + urandom(900) for n in numbers)
        intakes = [intake(n, raw=raw, arrived_at=at, source="old") for n, raw in zip(numbers, raws, strict=True)]
        prepared = store.prepare(intakes)
        with store.turn("receive") as turn:
            ids = [one.message_id for one in turn.receive(prepared)]
            turn.finish([replace(run(number), started_at=at, ended_at=at) for number in ids])


def waits(sender: Sender, messages: Iterator[bytes], is_over: Callable[[], bool]) -> list[float]:
    """Milliseconds until each answer, of one message after another."""
    found: list[float] = []
    while not is_over():
        began = time.perf_counter()
        sender.send(next(messages))
        found.append((time.perf_counter() - began) * 1_000)
        time.sleep(_PAUSE_SECS)
    return found


def told(found: list[float]) -> dict[str, float]:
    cuts = quantiles(found, n=100)
    return {"answers": len(found), "p50": round(cuts[49], 1), "p99": round(cuts[98], 1), "max": round(max(found), 1)}


def purged(engine: Engine) -> int:
    with engine.app.store.snapshot() as reader:
        return sum(one.purged_bodies for one in reader.channel_counts())


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_senders_are_answered_as_before_while_an_engine_purges(
    tmp_path: Path, database_url: str, record_property: Callable[[str, object], None]
) -> None:
    root = make_root(tmp_path / "root")
    settings = root / "config" / "engine.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + _SETTINGS, encoding="utf-8")
    with running_engine(tmp_path / "home", root, database_url=database_url) as engine:
        store = engine.app.store
        messages = itertools.chain.from_iterable(
            (one.content for one in morning(seed, 60)) for seed in itertools.count(1)
        )
        with Sender("127.0.0.1", engine.port) as sender:
            until = time.monotonic() + _BEFORE_SECS
            before = waits(sender, messages, lambda: time.monotonic() > until)
            make_old(store, OLD_MESSAGES, engine.app.clock.now() - 40 * DAY_MICROS)
            store.settle_space()
            size = store.size_bytes()
            began = time.monotonic()
            during = waits(sender, messages, lambda: purged(engine) == OLD_MESSAGES)
        took = time.monotonic() - began
        engine.await_idle()
        figures = {"before_ms": told(before), "during_ms": told(during), "secs": round(took), "bytes": size}
        if not database_url:
            wait_until(lambda: store.size_bytes() < size / 2, "the purge gives room back", secs=300)
        record_property("figures", figures | {"bytes_after": store.size_bytes()})
        assert told(during)["p99"] < 3 * told(before)["p99"] + 50
        for count in status(store, engine.app.clock).channels:
            assert count.received == count.duplicates + sum(count.states.values())
        proof = verify(engine.app, lambda _done, _total: None)
        assert (proof.holds, proof.messages > 0) == (True, True)
