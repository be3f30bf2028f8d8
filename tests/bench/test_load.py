"""Both load generators tell good answers from bad ones, and send what they say."""

import shutil
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hl7
import pytest

from tests.bench import load

Answer = Callable[[str], str]
END = b"\x1c\x0d"


@pytest.fixture(params=["native", "python"], autouse=True)
def generator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "native" and not shutil.which("rustc"):
        pytest.skip("no Rust compiler")
    command = load.generator(request.param == "native")
    monkeypatch.setattr(load, "generator", lambda: command)


@contextmanager
def listener(answer: Answer, received: list[bytes], callers: set[int] | None = None) -> Iterator[int]:
    """An MLLP server that gives `answer(control id)` as MSA-1 and MSA-2, or hangs up on an empty one.

    It notes each frame, and the port of each caller where a set is given.
    """

    class Converse(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if callers is not None:
                callers.add(self.client_address[1])
            pending = b""
            while chunk := self.connection.recv(4096):
                pending += chunk
                if pending.endswith(END):
                    received.append(pending)
                    said = answer(str(hl7.parse(pending[1:-2].decode())["MSH.10"]))
                    pending = b""
                    if not said:
                        return
                    self.connection.sendall(f"\x0bMSH|^~\\&|\rMSA|{said}\r".encode() + END)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Converse) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_accepted_messages_are_counted_and_logged(tmp_path: Path) -> None:
    received: list[bytes] = []
    with listener(lambda control_id: f"AA|{control_id}", received) as port:
        met = load.send(port, 3, 20, "T1", log=tmp_path / "acked")
    assert (met.messages, met.refused, met.errors) == (20, 0, 0)
    assert 0 < met.p50_ms <= met.p95_ms <= met.p99_ms <= met.max_ms
    acked = (tmp_path / "acked").read_text().split()
    assert sorted(acked) == sorted({str(hl7.parse(frame[1:-2].decode())["MSH.10"]) for frame in received})
    assert len(acked) == 20


@pytest.mark.parametrize("said", ["AE|{0}", "AR|{0}", "AA|someone-else", "AA", "AA|{0}0"])
def test_any_other_answer_is_refused(said: str, tmp_path: Path) -> None:
    with listener(said.format, []) as port:
        met = load.send(port, 2, 4, "T2", log=tmp_path / "acked")
    assert (met.refused, met.errors) == (4, 0)
    assert (tmp_path / "acked").read_text() == ""


def test_a_lost_connection_is_an_error() -> None:
    with listener(lambda control_id: "", []) as port:
        met = load.send(port, 2, 10, "T3")
    assert (met.messages, met.errors) == (0, 2)


def test_a_connection_can_be_used_once() -> None:
    callers: set[int] = set()
    with listener(lambda control_id: f"CA|{control_id}", [], callers) as port:
        met = load.send(port, 2, 10, "T4", once=True)
    assert (met.messages, met.refused, met.errors) == (10, 0, 0)
    assert len(callers) == 10


def test_the_template_is_a_whole_adt_of_one_kilobyte() -> None:
    received: list[bytes] = []
    with listener(lambda control_id: f"AA|{control_id}", received) as port:
        load.send(port, 1, 2, "T5")
    first, second = (hl7.parse(frame[1:-2].decode()) for frame in received)
    assert [str(segment[0]) for segment in first] == ["MSH", "EVN", "PID", "PV1", "GT1", "IN1"]
    assert [first[path] for path in ("MSH.9.1.1", "MSH.9.1.2", "MSH.18", "PV1.46", "IN1.36")] == [
        *("ADT", "A08", "UNICODE UTF-8", "125.00"),
        "POL100000",
    ]
    assert [str(message["PID.3.1.1"]) for message in (first, second)] == ["100000", "102919"]
    assert first["PID.11.1.1"] != second["PID.11.1.1"]
    assert all(1000 < len(frame) < 1300 for frame in received)
