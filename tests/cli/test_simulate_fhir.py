"""hp24 simulate fhir-ehr: payments taken over HTTP, and a day sent to a FHIR server."""

import http.client
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.conftest import Hp24
from tests.engine.processes import wait_until
from tests.ports import free_ports

FORM = "departmentid=1&paymentmethod=CASH&otheramount=25.00"


def is_listening(port: int) -> bool:
    try:
        post(port, "GET", "metadata", "")
    except OSError:
        return False
    return True


def post(port: int, method: str, path: str, body: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, f"/{path}", body)
    status = connection.getresponse().status
    connection.close()
    return status


def test_payments_over_http_are_taken_refused_and_told(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    command = [str(Path(sys.executable).parent / "hp24"), "--json", "simulate", "fhir-ehr", "--receive", str(port)]
    command += ["--shape", "athena-recordpayment", "--behave", "answer", "--status", "429", "--times", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as ehr:
        wait_until(lambda: is_listening(port), "it takes payments")
        statuses = [post(port, "POST", path, FORM) for path in ("recordpayment", "recordpayment", "Basic")]
        ehr.send_signal(signal.SIGINT)
        told = json.loads(ehr.communicate(timeout=30)[0])
    assert statuses == [429, 200, 404]
    assert [one["amount"] for one in told["booked"]] == ["25.00"]


@dataclass(slots=True)
class Server:
    """A FHIR server that notes what it is asked and says yes; to the second request it says not now, first."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)


@pytest.fixture
def server() -> Iterator[Server]:
    noted = Server()

    class Session(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            kind = json.loads(self.rfile.read(int(self.headers["content-length"])))["resourceType"]
            noted.tokens.add(self.headers["authorization"])
            noted.asked.append(f"{self.command} {kind}")
            self.send_response(503 if len(noted.asked) == 2 else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_PUT  # noqa: N815 - as http.server calls it

        def log_message(self, *_arguments: object) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Session) as listening:
        listening.daemon_threads = True
        noted.port = listening.server_port
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield noted
        listening.shutdown()
        thread.join()


def test_a_day_is_sent_with_its_token_and_sent_again_where_it_was_not_taken(
    hp24: Hp24, server: Server, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    base = f"http://127.0.0.1:{server.port}/fhir"
    told = hp24("simulate", "fhir-ehr", "--to", base, "--token-file", str(token), "--patients", "8", "--json")
    assert (told.code, told.json["resent"], told.json["refused"]) == (0, 1, [])
    assert server.tokens == {"Bearer secret"}
    assert sum(told.json["sent"].values()) == len(server.asked) - 1
    assert {"PUT Patient", "PUT Account", "PUT Encounter", "POST ChargeItem"} <= set(server.asked)


def test_the_ways_are_listed_and_what_says_nothing_is_refused(hp24: Hp24) -> None:
    assert "drop" in hp24("simulate", "fhir-ehr", "--behave", "list").out.split()
    assert hp24("simulate", "fhir-ehr").code == 2
    assert hp24("simulate", "fhir-ehr", "--receive", "1", "--behave", "rude").code == 2
