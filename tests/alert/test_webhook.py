"""Webhooks against a real receiver: signed, put off, refused, down."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from interface.connector.secret import Secret
from interface.connector.webhook import WebhookSettings, deliver
from interface.errors import UnansweredError, WireError
from tests.alert.mailbox import Receiver, http_receiver
from tests.alert.test_mail import START
from tests.ports import free_ports

AT = 1_790_000_000


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


def settings(port: int) -> WebhookSettings:
    secret = Secret(variable="HOOK", environ={"HOOK": "shared"})
    return WebhookSettings("pager", f"http://127.0.0.1:{port}/alerts", secret, timeout_secs=5.0)


def test_a_post_is_signed_and_names_its_delivery(receiver: Receiver) -> None:
    assert deliver(settings(receiver.port), START, "M1", AT).ack.code == "CA"
    (post,) = receiver.posts
    proof = hmac.new(b"shared", f"{AT}.".encode() + post.body, hashlib.sha256).hexdigest()
    assert post.headers["hp24-signature"] == f"t={AT},v1={proof}"
    assert post.headers["hp24-delivery"] == "M1"
    assert json.loads(post.body)["alerts"][0]["rule"] == "queue-old"


@pytest.mark.parametrize(("status", "code"), [(200, "CA"), (503, "CR"), (429, "CR"), (404, "CE"), (302, "CE")])
def test_a_status_is_taken_put_off_or_refused(receiver: Receiver, status: int, code: str) -> None:
    receiver.status = status
    assert deliver(settings(receiver.port), START, "M1", AT).ack.code == code


def test_a_receiver_that_is_down_got_nothing() -> None:
    with pytest.raises(WireError) as refused:
        deliver(settings(free_ports(1)[0]), START, "M1", AT)
    assert refused.value.code == "peer-unreachable"


def test_a_receiver_that_hangs_up_may_have_it() -> None:
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(UnansweredError) as lost:
            deliver(settings(server.getsockname()[1]), START, "M1", AT)
        thread.join()
    assert lost.value.code == "reply-timeout"


def test_without_its_secret_nothing_is_sent(receiver: Receiver) -> None:
    with pytest.raises(WireError) as missing:
        deliver(replace(settings(receiver.port), secret=Secret(variable="HOOK", environ={})), START, "M1", AT)
    assert (missing.value.code, missing.value.place, receiver.posts) == ("secret-missing", "HOOK", [])
