"""Mail against a real server: taken, refused for now or for good, slow, down, secured, behind a login."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from interface.connector.mail import MailSettings, deliver
from interface.connector.secret import Secret
from interface.errors import UnansweredError, WireError
from interface.pipeline.alerting import payload
from interface.view.alert import Alert, Telling, TellingKind
from tests.alert.mailbox import Mailbox, mail_server
from tests.authority import Authority
from tests.ports import free_ports

T0 = 1_790_000_000_000_000
ALERT = Alert("queue-old", "epic/dft", "12 deliveries wait", "hp24 status", T0, id=5, start_told_at=T0)
START = payload(Telling(TellingKind.START, (ALERT,)), 9, "hp24-test", T0)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


def settings(port: int) -> MailSettings:
    return MailSettings(
        "127.0.0.1", port, "engine@hospital.invalid", ("call@hospital.invalid",), timeout_secs=5.0, is_starttls=False
    )


def test_a_mail_says_what_is_wrong_since_when_and_what_shows_more(box: Mailbox) -> None:
    assert deliver(settings(box.port), START, "M000A1").ack.code == "CA"
    (mail,) = box.mails
    assert mail["Subject"] == "[hp24-test] start: queue-old: epic/dft: 12 deliveries wait"
    assert mail["Message-ID"] == "<M000A1@hp24.invalid>"
    text = str(mail.get_payload())
    assert "STANDING  queue-old  epic/dft" in text
    assert "more: hp24 status" in text


@pytest.mark.parametrize(("answer", "code"), [("451 try later", "CR"), ("554 no", "CE")])
def test_a_refusal_is_for_now_or_for_good(box: Mailbox, answer: str, code: str) -> None:
    box.answer = answer
    assert deliver(settings(box.port), START, "M1").ack.code == code


@pytest.mark.parametrize(("answer", "code"), [("450 greylisted", "CR"), ("550 unknown", "CE")])
def test_a_refused_recipient_is_for_now_or_for_good(box: Mailbox, answer: str, code: str) -> None:
    box.on_recipient = answer
    assert deliver(settings(box.port), START, "M1").ack.code == code


def test_a_server_that_is_down_got_nothing() -> None:
    with pytest.raises(WireError) as refused:
        deliver(settings(free_ports(1)[0]), START, "M1")
    assert refused.value.code == "peer-unreachable"


def test_a_server_that_does_not_answer_may_have_it(box: Mailbox) -> None:
    is_over = threading.Event()
    box.on_content = lambda: is_over.wait(10)
    try:
        with pytest.raises(UnansweredError) as lost:
            deliver(replace(settings(box.port), timeout_secs=0.2), START, "M1")
    finally:
        is_over.set()
    assert lost.value.code == "reply-timeout"


def test_a_server_that_drips_bytes_is_not_waited_for() -> None:
    is_over = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            while not is_over.wait(0.05):
                connection.sendall(b"2")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        with pytest.raises(WireError):
            deliver(replace(settings(server.getsockname()[1]), timeout_secs=0.2), START, "M1")
        is_over.set()
        thread.join()


def test_a_recipient_that_is_refused_keeps_the_mail_from_nobody_else(box: Mailbox) -> None:
    box.refuses = "gone@hospital.invalid"
    both = replace(settings(box.port), recipients=("call@hospital.invalid", "gone@hospital.invalid"))
    assert deliver(both, START, "M1").ack.code == "CA"
    assert len(box.mails) == 1


def test_starttls_is_used_and_the_server_proved(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with mail_server(authority.serving(authority.issue("mail"))) as box:
        secured = replace(settings(box.port), is_starttls=True, authorities=authority.path)
        assert deliver(secured, START, "M1").ack.code == "CA"
        other = replace(secured, authorities=Authority(tmp_path, "other").path)
        with pytest.raises(WireError) as refused:
            deliver(other, START, "M2")
    assert refused.value.code == "tls-failed"
    assert len(box.mails) == 1


def test_tls_may_be_spoken_from_the_first_byte(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with mail_server(authority.serving(authority.issue("mail")), from_the_first=True) as box:
        secured = replace(settings(box.port), is_tls=True, authorities=authority.path)
        assert deliver(secured, START, "M1").ack.code == "CA"
        with pytest.raises(WireError) as refused:
            deliver(replace(secured, authorities=None), START, "M2")
    assert refused.value.code == "tls-failed"


def test_a_server_without_starttls_gets_nothing_where_it_is_wanted(box: Mailbox) -> None:
    with pytest.raises(WireError) as refused:
        deliver(replace(settings(box.port), is_starttls=True), START, "M1")
    assert (refused.value.code, box.mails) == ("tls-failed", [])


def test_the_login_comes_from_a_file_that_may_change(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    kept = tmp_path / "password"
    with mail_server(authority.serving(authority.issue("mail")), login=("engine", "right")) as box:
        login = replace(
            settings(box.port), is_starttls=True, authorities=authority.path, user="engine", password=Secret(kept)
        )
        with pytest.raises(WireError) as missing:
            deliver(login, START, "M1")
        kept.write_text("wrong\n")
        with pytest.raises(WireError) as refused:
            deliver(login, START, "M1")
        kept.write_text("right\n")
        assert deliver(login, START, "M1").ack.code == "CA"
    assert (missing.value.code, refused.value.code) == ("secret-missing", "login-refused")
    assert "wrong" not in str(refused.value)
