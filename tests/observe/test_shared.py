"""Counts that several processes share: added up, gone on with after a death, bounded, and written as Prometheus reads them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from interface.observe.count import MOST_SERIES, Counters
from interface.observe.expose import expose
from interface.observe.gauge import GAUGES, Reading
from interface.observe.process import BatchProcessed, MessageRun
from interface.observe.receive import AnswersGiven, MessagesReceived
from interface.observe.shared import FOLDER, open_shared

RECEIVED = MessagesReceived("epic", "AA", message_ids=(1,), size_bytes=700)


class Parts:
    """Counters of parts, each as a process of its own would have them; `end` is what the kernel does when it dies."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._open: list[tuple[str, Callable[[], None]]] = []

    def begin(self, part: str) -> Counters:
        counters = Counters()
        self._open.append((part, open_shared(self.home, part, counters.share)))
        return counters

    def end(self, part: str = "") -> None:
        for name, close in self._open:
            if part in ("", name):
                close()


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    made = Parts(tmp_path)
    yield made
    made.end()


def shown(home: Path, *readings: Reading) -> dict[tuple[str, ...], float]:
    """Every sample of the exposition, by name and label values in the order of the labels' names."""
    text = expose(home, readings)[0].decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_parts_are_added_up(parts: Parts, tmp_path: Path) -> None:
    parts.begin("listen").count(RECEIVED)
    parts.begin("process").count(RECEIVED)
    samples = shown(tmp_path)
    assert samples["hp24_messages_received_total", "AA", "epic"] == 2
    assert samples["hp24_received_bytes_total", "AA", "epic"] == 1400


def test_a_part_that_starts_again_goes_on_from_what_was_counted(parts: Parts, tmp_path: Path) -> None:
    parts.begin("listen").count(RECEIVED)
    parts.end("listen")
    parts.begin("listen").count(RECEIVED)
    assert shown(tmp_path)["hp24_messages_received_total", "AA", "epic"] == 2


def test_what_was_counted_before_it_was_shared_is_shown(tmp_path: Path) -> None:
    counters = Counters()
    counters.count(RECEIVED)
    close = open_shared(tmp_path, "listen", counters.share)
    close()
    assert shown(tmp_path)["hp24_messages_received_total", "AA", "epic"] == 1


def test_a_killed_process_loses_no_count(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from interface.observe.emit import emit, share;"
        "from interface.observe.process import BatchProcessed;"
        "share(Path(sys.argv[1]), 'process'); [emit(BatchProcessed(3, 100)) for _ in range(50)]; os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert shown(tmp_path)["hp24_batches_processed_total",] == 50


def test_two_processes_never_write_one_file(parts: Parts, tmp_path: Path) -> None:
    parts.begin("engine").count(RECEIVED)
    parts.begin("engine").count(RECEIVED)  # a second engine on the same home: it counts for itself
    assert shown(tmp_path)["hp24_messages_received_total", "AA", "epic"] == 1


def test_a_file_that_a_power_cut_spoiled_begins_anew(parts: Parts, tmp_path: Path) -> None:
    parts.begin("listen").count(RECEIVED)
    parts.end("listen")
    (spoiled,) = (tmp_path / "run" / FOLDER).glob("counter_listen-*.db")
    spoiled.write_bytes(b"\xff" * 4096)
    parts.begin("listen").count(RECEIVED)
    assert shown(tmp_path)["hp24_messages_received_total", "AA", "epic"] == 1


def test_a_histogram_counts_into_the_bucket_of_its_unit(parts: Parts, tmp_path: Path) -> None:
    counters = parts.begin("listen")
    for took_micros in ((900, 4_000), (60_000_000,)):
        counters.count(AnswersGiven("epic", took_micros))
    samples = shown(tmp_path)
    assert samples["hp24_answer_seconds_bucket", "epic", "0.001"] == 1
    assert samples["hp24_answer_seconds_bucket", "epic", "0.005"] == 2
    assert samples["hp24_answer_seconds_bucket", "epic", "+Inf"] == 3
    assert samples["hp24_answer_seconds_sum", "epic"] == pytest.approx(60.0049)


def test_a_histogram_may_be_split_by_less_than_its_counter(parts: Parts, tmp_path: Path) -> None:
    counters = parts.begin("process")
    counters.count(MessageRun("epic", "processed", 1_000))
    counters.count(MessageRun("epic", "held", 1_000))
    assert shown(tmp_path)["hp24_processing_seconds_count", "epic"] == 2


def test_series_beyond_the_most_are_counted_together(parts: Parts, tmp_path: Path) -> None:
    counters = parts.begin("listen")
    for number in range(MOST_SERIES + 7):
        counters.count(AnswersGiven(f"channel-{number}", (10,)))
    samples = shown(tmp_path)
    assert samples["hp24_answers_given_total", "other"] == 7
    assert samples["hp24_answer_seconds_count", "other"] == 7


def test_every_gauge_is_written_as_prometheus_reads_it(tmp_path: Path) -> None:
    readings = [Reading(one.name, 1.5, tuple(f'a "{label}"\\' for label in one.labels)) for one in GAUGES.values()]
    samples = shown(tmp_path, *readings)
    assert len(samples) == len(GAUGES)
    assert set(samples.values()) == {1.5}


def test_what_prometheus_asks_for_decides_the_format(parts: Parts, tmp_path: Path) -> None:
    parts.begin("listen").count(BatchProcessed(1, 1))
    content, content_type = expose(tmp_path, [], "application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert content.endswith(b"# EOF\n")


@pytest.mark.proof
def test_what_one_message_pays_for_being_counted(parts: Parts, tmp_path: Path) -> None:
    import time

    counters, rounds = parts.begin("listen"), 20_000
    events = (RECEIVED, AnswersGiven("epic", (900,)), MessageRun("epic", "processed", 4_000))
    started = time.process_time()
    for _ in range(rounds):
        for event in events:
            counters.count(event)
    micros = (time.process_time() - started) / rounds * 1_000_000
    print(f"{micros:.1f} us a message")  # noqa: T201 - the figure is what this is for
    assert micros < 30
