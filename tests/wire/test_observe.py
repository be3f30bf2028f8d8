"""Events: counted always, written where their level is wanted, and never with a value of a message in them."""

import dataclasses
import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from interface.errors import StoreError
from interface.observe.catalogue import events, metrics
from interface.observe.count import Count, Counters
from interface.observe.emit import configure, counts, emit
from interface.observe.engine import PartStarted
from interface.observe.event import Event, Level, Stage
from interface.observe.fault import fault
from interface.observe.receive import BatchStored, ConnectionOpened, MessagesReceived, NoiseSkipped

# What an event may hold. A new field needs a place here, and a thought whether it could carry a value of a message.
TEXTS = {"channel", "destination", "place", "peer", "cause", "code", "part", "kind", "trail", "library", "answer"} | {
    "outcome",
    "rule",  # of an alert
    "owner",
    "fingerprint",  # of a certificate
    "purpose",
    "subject",  # the kind of a row of the ledger
    "database_id",
    "key_place",
}
OWN_WORDS = {"text", "advice", "notice"}  # of our errors, which name rules
NUMBERS = {"connection", "message_id", "message_ids", "delivery_id", "attempt", "pid", "limit", "unresolved"} | {
    "size_bytes",
    "took_micros",
    "frames",
    "messages",
    "unanswered",
    "free_bytes",
    "limit_bytes",
    "lines",
    "wanted",
    "by_micros",
    "behind_micros",
    "age_micros",
    "waited_micros",
    "length_micros",
    "limit_micros",
    "wait_secs",
    "days_left",
    "records",
    "recipients",
    "row",
    "rows",
    "kept",
    "seal",
    "last_row",
    "version",
    "files",
}


def every_event() -> list[type[Event]]:
    return list(events())


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is written at level info; logging is as before afterwards."""
    own, root = logging.getLogger("interface"), logging.getLogger()
    before = (own.handlers[:], own.propagate, own.level, root.handlers[:])
    stream = io.StringIO()
    configure(stream)
    yield stream
    own.handlers[:], own.propagate, root.handlers[:] = before[0], before[1], before[3]
    own.setLevel(before[2])


@pytest.mark.parametrize("kind", every_event(), ids=lambda kind: kind.__name__)
def test_an_event_declares_what_its_counter_needs(kind: type[Event]) -> None:
    fields = {field.name for field in dataclasses.fields(kind)}
    assert kind.counter.endswith("_total")
    assert set(kind.split_by) <= fields
    assert {one.field for one in (*kind.sums, *kind.histograms)} <= fields
    assert all(one.name.endswith("_total") for one in kind.sums)
    assert set(kind.measured_by or ()) <= set(kind.split_by)
    assert kind.level in set(Level)
    assert kind.stage in set(Stage)
    assert kind.__doc__


@pytest.mark.parametrize("kind", every_event(), ids=lambda kind: kind.__name__)
def test_an_event_holds_names_ids_and_sizes_only(kind: type[Event]) -> None:
    types = {field.name: field.type for field in dataclasses.fields(kind)}
    assert {name for name, of in types.items() if of is str} <= TEXTS | OWN_WORDS
    assert {name for name, of in types.items() if of is not str} <= NUMBERS


def test_counters_have_names_of_their_own() -> None:
    names = [one.name for one in metrics()]
    assert len(names) == len(set(names))


def test_an_event_stands_in_the_file_of_its_stage() -> None:
    stages = {"receive": Stage.RECEIVE, "process": Stage.PROCESS, "deliver": Stage.DELIVER, "push": Stage.DELIVER}
    files = {kind: kind.__module__.rpartition(".")[2] for kind in every_event()}
    assert [kind for kind, file in files.items() if kind.stage is not stages.get(file, Stage.ENGINE)] == []


# ---------------------------------------------------------------- counting


def test_counts_are_split_and_summed() -> None:
    counters = Counters()
    for answer, ids, size in (("AA", (1, 2), 100), ("AA", (3,), 50), ("AR", (4,), 7)):
        counters.count(MessagesReceived("adt", answer, ids, size_bytes=size))
    positive, negative = (("channel", "adt"), ("answer", "AA")), (("channel", "adt"), ("answer", "AR"))
    assert counters.read() == [
        Count("messages_received_total", positive, 3),
        Count("messages_received_total", negative, 1),
        Count("received_bytes_total", positive, 150),
        Count("received_bytes_total", negative, 7),
    ]


def test_an_event_without_labels_is_counted_as_one() -> None:
    counters = Counters()
    counters.count(BatchStored(messages=3, took_micros=900))
    assert counters.read() == [Count("batches_stored_total", (), 1)]


def test_no_count_is_lost_between_threads() -> None:
    counters = Counters()
    event = NoiseSkipped("adt", 1, 2)
    threads = [threading.Thread(target=lambda: [counters.count(event) for _ in range(5000)] and None) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters.read()[-1] == Count("noise_skipped_total", (("channel", "adt"),), 20_000)


# ---------------------------------------------------------------- lines


def test_an_event_is_one_json_object_on_a_line(lines: io.StringIO) -> None:
    emit(ConnectionOpened("adt", 3, "192.0.2.7:50123"))
    (line,) = lines.getvalue().splitlines()
    written = json.loads(line)
    assert written.pop("at").endswith("+00:00")
    assert written == {
        "level": "info",
        "stage": "receive",
        "event": "connection-opened",
        "channel": "adt",
        "connection": 3,
        "peer": "192.0.2.7:50123",
    }


def test_an_event_below_the_level_is_counted_and_not_written(lines: io.StringIO) -> None:
    def received() -> int:
        return sum(count.value for count in counts() if count.name == "batches_stored_total")

    before = received()
    emit(BatchStored(messages=3, took_micros=900))
    assert lines.getvalue() == ""
    assert received() == before + 1


def test_the_last_configuration_wins(lines: io.StringIO) -> None:
    louder = io.StringIO()
    configure(louder, "debug")
    emit(BatchStored(messages=3, took_micros=900))
    assert lines.getvalue() == ""
    assert json.loads(louder.getvalue())["level"] == "debug"


def test_a_librarys_line_is_kept_without_its_text(lines: io.StringIO) -> None:
    logging.getLogger("sqlalchemy.pool").error("connection lost for TESTER^INVENTED")
    written = json.loads(lines.getvalue())
    assert (written["event"], written["library"], written["kind"]) == ("library-complained", "sqlalchemy", "error")
    assert written["place"].startswith("test_observe.py:")
    assert "TESTER" not in lines.getvalue()


def test_a_librarys_small_talk_is_left_out(lines: io.StringIO) -> None:
    logging.getLogger("alembic").info("running upgrade")
    assert lines.getvalue() == ""


# ---------------------------------------------------------------- faults


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:  # noqa: BLE001 - any will do
        return caught


def test_a_fault_tells_its_calls_and_not_its_words() -> None:
    event = fault(raised(ValueError("TESTER^INVENTED")), "intake")
    assert (event.kind, event.place) == ("ValueError", "intake")
    assert event.trail.endswith(" raised")
    assert "TESTER" not in repr(event)


def test_a_fault_of_our_own_is_known_by_its_code() -> None:
    assert fault(raised(StoreError("seal-broken", "it does not open")), "intake").kind == "seal-broken"


FORGETS = """
import gc
from twisted.internet.defer import fail
from twisted.logger import Logger
from interface.observe.fault import record_stray_failures
record_stray_failures(lambda event: print(type(event).__name__, event.kind, event.place))
fail(KeyError("TESTER^INVENTED"))
gc.collect()
Logger("elsewhere").warn("TESTER^INVENTED")
"""


def test_failures_that_twisted_would_print_become_events() -> None:
    # In a process of its own, because Twisted's log begins once in each.
    done = subprocess.run([sys.executable, "-c", FORGETS], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["FaultFound KeyError reactor twisted.internet.defer"]
    assert done.stderr == ""


def test_events_compare_by_what_they_hold() -> None:
    assert PartStarted("listen", 7) == PartStarted("listen", 7)
