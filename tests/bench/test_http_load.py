"""Both HTTP load generators ask what stands in their file, with its bodies and headers, and tell good answers from bad ones."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.bench import load

Asked = tuple[str, str, str, str]  # method, path, body, and the header Prefer with the token


@pytest.fixture(params=["native", "python"], autouse=True)
def generator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "native" and not shutil.which("rustc"):
        pytest.skip("no Rust compiler")
    command = load.generator(request.param == "native", load.HTTP)
    monkeypatch.setattr(load, "generator", lambda **_: command)


@contextmanager
def server(status: int, asked: list[Asked]) -> Iterator[int]:
    """An HTTP server that keeps connections, notes what it is asked, and gives one status; 0 hangs up."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            told = f"{self.headers.get('prefer', '')} {self.headers.get('authorization', '')}"
            asked.append((self.command, self.path, body, told))
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_POST = do_GET  # noqa: N815 - the library calls it so

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Answer) as running:
        threading.Thread(target=running.serve_forever, args=[0.02], daemon=True).start()
        yield running.server_address[1]
        running.shutdown()


def test_requests_are_made_in_turn_with_body_headers_and_token(tmp_path: Path) -> None:
    file, asked = tmp_path / "requests", list[Asked]()
    file.write_text('GET /a\nPOST /b\t{"x":"é"}\tPrefer: return=minimal\n', encoding="utf-8")
    with server(200, asked) as port:
        met = load.ask(port, 1, 3, file, "secret", first=1)
    assert (met.messages, met.refused, met.errors) == (3, 0, 0)
    assert asked == [
        ("POST", "/b", '{"x":"é"}', "return=minimal Bearer secret"),
        ("GET", "/a", "", " Bearer secret"),
        ("POST", "/b", '{"x":"é"}', "return=minimal Bearer secret"),
    ]


@pytest.mark.parametrize(("status", "refused"), [(201, 0), (300, 5), (404, 5), (500, 5)])
def test_what_is_not_answered_well_is_refused(status: int, refused: int, tmp_path: Path) -> None:
    file = tmp_path / "requests"
    file.write_text("GET /a\n")
    with server(status, []) as port:
        met = load.ask(port, 2, 5, file, "")
    assert (met.messages, met.refused, met.errors) == (5, refused, 0)


def test_a_connection_that_ends_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "requests"
    file.write_text("GET /a\n")
    with server(0, []) as port:
        met = load.ask(port, 2, 5, file, "")
    assert (met.messages, met.errors) == (0, 2)
