"""TLS at a listener over real sockets: who may talk, what is served anew without a restart, and what never gets further."""

import socket
import ssl
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, succeed

from interface.certificate import TlsFiles
from interface.connector.mllp.arrival import Arrival, ArrivalKind
from interface.connector.tls import ServerTls
from interface.errors import ConfigurationError
from interface.hl7.ack import read_ack
from interface.hl7.framing import wrap
from interface.observe.certificate import CertificateKept, CertificateLoaded
from interface.observe.receive import ConnectionClosed, HandshakeFailed
from tests.authority import SUBJECT, Authority
from tests.engine.processes import wait_until
from tests.wire.listening import Listening, accept, read_frames
from tests.wire.memory import SourceRig, message

Listen = Callable[..., Listening]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def served(authority: Authority, *, mutual: bool = False, **issued: Any) -> TlsFiles:
    certificate, key = authority.issue("listener", **issued)
    return TlsFiles(certificate, key, authority.path if mutual else None)


def shown_to(client: socket.socket) -> bytes:
    """The certificate that the listener showed."""
    assert isinstance(client, ssl.SSLSocket)
    return client.getpeercert(binary_form=True) or b""


def talks(listening: Listening, tls: ssl.SSLContext) -> bool:
    """Whether a message is answered over a connection of its own."""
    try:
        with listening.connect(tls) as sender:
            sender.sendall(wrap(message("M1")))
            return [read_ack(one).control_id for one in read_frames(sender, 1)] == ["M1"]
    except (ssl.SSLError, ConnectionError):
        return False


def ends(listening: Listening) -> list[str]:
    """Why connections ended, once one has."""
    wait_until(lambda: bool(listening.seen(ConnectionClosed)), "the connection ended")
    return [event.cause for event in listening.seen(ConnectionClosed)]


def test_a_message_is_answered_over_tls(listen: Listen, authority: Authority) -> None:
    assert talks(listen(accept, tls=served(authority)), authority.trusting())


def test_a_sender_in_clear_is_not_heard(listen: Listen, authority: Authority) -> None:
    arrivals: list[Arrival] = []
    listening = listen(arrivals.append, tls=served(authority))
    with listening.connect() as sender:
        sender.sendall(wrap(message("M1")))
        assert b"MSA" not in sender.recv(65536), "nothing but an alert comes back"
    assert ends(listening) == ["peer-closed"]
    assert (arrivals, len(listening.seen(HandshakeFailed))) == ([], 1)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_today_are_spoken(listen: Listen, authority: Authority, version: ssl.TLSVersion) -> None:
    tls = authority.trusting()
    tls.minimum_version = tls.maximum_version = version
    assert talks(listen(accept, tls=served(authority)), tls)


def test_older_versions_are_refused(listen: Listen, authority: Authority) -> None:
    tls = authority.trusting()
    tls.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    assert not talks(listen(accept, tls=served(authority)), tls)


def test_ciphers_without_forward_secrecy_are_refused(listen: Listen, authority: Authority) -> None:
    tls = authority.trusting()
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    tls.set_ciphers("AES128-SHA:ECDHE+AES128:@SECLEVEL=0")
    with listen(accept, tls=served(authority)).connect(tls) as sender:
        assert isinstance(sender, ssl.SSLSocket)
        assert "GCM" in (sender.cipher() or ("",))[0]


def test_mutual_tls_takes_certificates_of_its_authority_only(
    listen: Listen, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "stranger")
    listening = listen(accept, tls=served(authority, mutual=True))
    assert talks(listening, authority.trusting(authority.issue("sender")))
    assert not talks(listening, authority.trusting())
    assert not talks(listening, authority.trusting(stranger.issue("sender")))
    assert not talks(listening, authority.trusting(authority.issue("late", ends_in=timedelta(days=-1))))
    wait_until(lambda: len(listening.seen(HandshakeFailed)) == 3, "three senders were turned away")
    assert SUBJECT not in repr(listening.events)


def test_a_new_certificate_serves_new_connections_and_cuts_no_old_one(listen: Listen, authority: Authority) -> None:
    files = served(authority)
    listening = listen(accept, tls=files)
    assert files.certificate is not None
    tls = listening.source.tls
    assert tls is not None
    with listening.connect(authority.trusting()) as old:
        before = shown_to(old)
        authority.issue("listener")
        tls.refresh()
        with listening.connect(authority.trusting()) as new:
            assert shown_to(new) == ssl.PEM_cert_to_DER_cert(files.certificate.read_text())
            assert shown_to(new) != before
        old.sendall(wrap(message("M2")))
        assert [read_ack(one).control_id for one in read_frames(old, 1)] == ["M2"]
    assert len({event.fingerprint for event in listening.seen(CertificateLoaded)}) == 2


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("listener.pem", b"", "tls-file-malformed"),
        ("listener.key", b"no key", "tls-file-malformed"),
        ("listener.pem", None, "tls-file-missing"),
        ("listener.key", "another", "tls-key-differs"),
    ],
)
def test_files_that_cannot_be_used_leave_the_old_certificate(
    listen: Listen, authority: Authority, name: str, content: bytes | str | None, code: str
) -> None:
    listening = listen(accept, tls=served(authority))
    path = authority.folder / name
    match content:
        case None:
            path.unlink()
        case str():
            path.write_bytes(authority.issue(content)[1].read_bytes())
        case _:
            path.write_bytes(content)
    assert listening.source.tls is not None
    listening.source.tls.refresh()
    listening.source.tls.refresh()
    assert listening.seen(CertificateKept) == [CertificateKept("adt", code, str(path))]
    assert talks(listening, authority.trusting())


def test_a_listener_without_usable_files_does_not_open(authority: Authority) -> None:
    files = served(authority)
    assert files.key is not None
    files.key.unlink()
    with pytest.raises(ConfigurationError) as raised:
        SourceRig(tls=files)
    assert (raised.value.code, raised.value.place) == ("tls-file-missing", str(files.key))


def test_a_locked_key_is_told_as_such(authority: Authority) -> None:
    files = served(authority)
    assert files.key is not None
    files.key.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIA=\n-----END ENCRYPTED PRIVATE KEY-----\n")
    with pytest.raises(ConfigurationError) as raised:
        ServerTls("adt", files, lambda _: None).load()
    assert raised.value.code == "tls-file-malformed"


# ---------------------------------------------------------------- hostile neighbours


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
def test_a_handshake_that_does_not_end_is_ended(listen: Listen, authority: Authority, sent: bytes) -> None:
    listening = listen(accept, tls=served(authority), handshake_timeout_secs=0.3)
    with listening.connect() as sender:
        sender.sendall(sent)
        with pytest.raises(ConnectionResetError):
            sender.recv(1)
    assert ends(listening) == ["handshake-timeout"]


def test_bytes_that_trickle_buy_a_handshake_no_time(listen: Listen, authority: Authority) -> None:
    listening = listen(accept, tls=served(authority), handshake_timeout_secs=0.5)
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(400)
    sent = 0
    with listening.connect() as sender:
        sender.settimeout(0.05)
        while not listening.seen(ConnectionClosed) and sent < len(hello):
            try:
                sender.sendall(hello[sent : sent + 1])
                sent += 1
                sender.recv(1)
            except TimeoutError:
                continue
            except ConnectionError:
                break
    assert ends(listening) == ["handshake-timeout"]
    assert sent < len(hello)


def test_a_secured_connection_that_says_nothing_is_closed(listen: Listen, authority: Authority) -> None:
    listening = listen(accept, tls=served(authority), idle_timeout_secs=0.3)
    with listening.connect(authority.trusting()) as sender:
        assert sender.recv(1) == b""
    assert ends(listening) == ["idle-timeout"]


def test_a_frame_that_does_not_end_is_cut_over_tls_too(listen: Listen, authority: Authority) -> None:
    kinds: list[ArrivalKind] = []

    def receive(arrival: Arrival) -> Deferred[bytes | None]:
        kinds.append(arrival.kind)
        return succeed(None)

    listening = listen(receive, tls=served(authority), frame_timeout_secs=0.3)
    with listening.connect(authority.trusting()) as sender:
        sender.sendall(b"\x0bMSH|half")
        assert sender.recv(1) == b""
    assert kinds == [ArrivalKind.CUT]
    assert ends(listening) == ["frame-timeout"]


def test_a_secured_listener_drains(listen: Listen, authority: Authority) -> None:
    listening = listen(accept, tls=served(authority))
    with listening.connect(authority.trusting()) as sender:
        sender.sendall(wrap(message("M1")))
        assert len(read_frames(sender, 1)) == 1
        listening.call(listening.source.drain, 20)
        assert sender.recv(1) == b"", "closed with a farewell"
    assert ends(listening) == ["stopping"]


# ---------------------------------------------------------------- framing


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=2000).map(lambda one: one.translate(None, b"\x0b\x1c")), min_size=1, max_size=6))
@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_what_is_sent_over_tls_is_framed_as_in_clear(
    listen: Listen, authority: Authority, contents: list[bytes]
) -> None:
    noise = b"\r\n" if len(contents) % 2 else b""
    stream = b"".join(wrap(one) + noise for one in contents)
    seen: list[list[tuple[ArrivalKind, bytes]]] = []
    for tls in (None, served(authority)):
        arrivals: list[tuple[ArrivalKind, bytes]] = []

        def receive(arrival: Arrival, into: list[tuple[ArrivalKind, bytes]] = arrivals) -> Deferred[bytes | None]:
            into.append((arrival.kind, arrival.content))
            return succeed(b"x")

        with listen(receive, tls=tls).connect(authority.trusting() if tls else None) as sender:
            for at in range(0, len(stream), 701):
                sender.sendall(stream[at : at + 701])
            assert read_frames(sender, len(contents)) == [b"x"] * len(contents)
        seen.append(arrivals)
    assert seen[0] == seen[1] == [(ArrivalKind.FRAME, one) for one in contents]
