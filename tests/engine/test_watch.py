"""The watching part of a real engine: it answers whatever becomes of the others, and its counters never go back."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.engine.harness import Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import make_root
from tests.engine.wire import Wire, adt, code
from tests.ports import free_ports


class Face:
    """The HTTP face of an engine."""

    def __init__(self, port: int) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}")

    def code(self, path: str) -> int:
        """The status code; 0 where nobody answers."""
        try:
            return self._client.get(path).status_code
        except httpx.TransportError:
            return 0

    def samples(self) -> dict[tuple[str, ...], float]:
        """Every sample of /metrics, by name and label values."""
        text = self._client.get("/metrics").text
        return {
            (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
            for family in text_string_to_metric_families(text)
            for one in family.samples
        }

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def face(tmp_path: Path) -> Iterator[tuple[Engine, Face]]:
    (port,) = free_ports(1)
    settings = {"HP24_HTTP_PORT": str(port)}
    root = make_root(tmp_path / "root")
    config = root / "config" / "engine.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "health_secs: 0.1\n", encoding="utf-8")
    with running_engine(tmp_path / "home", root, settings) as engine:
        face = Face(port)
        yield engine, face
        face.close()


def send(engine: Engine, control_id: str) -> None:
    with Wire(engine.port) as wire:
        assert code(wire.ask(adt(control_id))) == "AA"
    engine.await_state(control_id, "processed")


def test_a_watched_engine_answers_counts_and_outlives_its_parts(face: tuple[Engine, Face]) -> None:
    engine, http = face
    wait_until(lambda: http.code("/health/ready") == 200, "the engine is ready")
    send(engine, "W1")
    before = http.samples()
    assert before["hp24_channel_listening", "epic"] == 1
    for part in ("listen", "process"):
        engine.kill_part(part)
        assert http.code("/health/live") == 200
    wait_until(
        lambda: http.samples().get(("hp24_parts_stopped_total", "killed", "process")) == 1, "the death was counted"
    )
    engine.await_listening()
    send(engine, "W2")
    after = http.samples()
    gone_back = [key for key, value in before.items() if "_total" in key[0] and after.get(key, 0) < value]
    assert gone_back == []
    assert after["hp24_messages_received_total", "AA", "epic"] == 2
    assert after["hp24_messages_run_total", "epic", "processed"] == 2
    engine.kill_part("watch")
    wait_until(lambda: http.code("/health/ready") == 200, "the watching part is back")
    assert engine.drain() == 0
