"""TLS towards a destination over real sockets: nothing is sent before the peer has proved who it is."""

import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from interface.certificate import TlsFiles
from interface.errors import Disposition, WireError
from interface.observe.deliver import DestinationConnected
from tests.authority import SUBJECT, Authority
from tests.wire.memory import ack, message
from tests.wire.sending import Peer, Sending, say

Sends = Callable[..., Sending]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def refusal(engine: Sending) -> WireError:
    """How a send failed of which the peer has read nothing."""
    with pytest.raises(WireError) as raised:
        engine.send("A1")
    assert raised.value.disposition is Disposition.TRANSIENT
    assert SUBJECT not in raised.value.sentence()
    return raised.value


def test_a_message_travels_over_tls(sending: Sends, authority: Authority) -> None:
    peer = Peer([say(ack("A1"))], tls=authority.serving(authority.issue("peer")))
    assert sending(peer.port, tls=TlsFiles(authorities=authority.path)).send("A1").code == "AA"
    assert peer.received == [message("A1")]


def test_a_large_message_arrives_whole_over_tls(sending: Sends, authority: Authority) -> None:
    peer = Peer([say(ack("A1"))], tls=authority.serving(authority.issue("peer")))
    engine = sending(peer.port, tls=TlsFiles(authorities=authority.path))
    large = message("A1") + b"OBX|1|ED|" + b"QUJD" * 500_000 + b"\r"
    assert engine.send("A1", large).code == "AA"
    assert peer.received == [large]


def test_a_peer_of_another_authority_gets_nothing(sending: Sends, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "stranger")
    peer = Peer([say(ack("A1"))], tls=stranger.serving(stranger.issue("peer")))
    engine = sending(peer.port, tls=TlsFiles(authorities=authority.path))
    assert refusal(engine).code == "tls-failed"
    assert (peer.received, engine.seen(DestinationConnected)) == ([], [])


def test_a_peer_that_the_machine_does_not_trust_gets_nothing(sending: Sends, authority: Authority) -> None:
    peer = Peer([say(ack("A1"))], tls=authority.serving(authority.issue("peer")))
    assert "certificate verify failed" in refusal(sending(peer.port, tls=TlsFiles())).text
    assert peer.received == []


def test_a_certificate_for_another_name_gets_nothing(sending: Sends, authority: Authority) -> None:
    peer = Peer([say(ack("A1"))], tls=authority.serving(authority.issue("peer", host="ehr.example.org")))
    engine = sending(peer.port, tls=TlsFiles(authorities=authority.path))
    assert refusal(engine).text.endswith("the certificate is for another name")
    assert peer.received == []


def test_the_name_that_a_certificate_must_be_for_can_be_told(sending: Sends, authority: Authority) -> None:
    peer = Peer([say(ack("A1"))], tls=authority.serving(authority.issue("peer", host="ehr.example.org")))
    engine = sending(peer.port, tls=TlsFiles(authorities=authority.path), server_name="ehr.example.org")
    assert engine.send("A1").code == "AA"


def test_a_certificate_past_its_end_gets_nothing(sending: Sends, authority: Authority) -> None:
    late = authority.issue("peer", ends_in=timedelta(days=-1))
    peer = Peer([say(ack("A1"))], tls=authority.serving(late))
    assert refusal(sending(peer.port, tls=TlsFiles(authorities=authority.path))).code == "tls-failed"
    assert peer.received == []


def test_a_peer_that_wants_a_certificate_gets_ours(sending: Sends, authority: Authority) -> None:
    certificate, key = authority.issue("engine")
    peer = Peer([say(ack("A1"))], tls=authority.serving(authority.issue("peer"), wants_certificate=True))
    assert sending(peer.port, tls=TlsFiles(certificate, key, authority.path)).send("A1").code == "AA"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_peer_that_refuses_us_is_known_to_have_read_nothing(
    sending: Sends, authority: Authority, version: ssl.TLSVersion
) -> None:
    tls = authority.serving(authority.issue("peer"), wants_certificate=True)
    tls.minimum_version = tls.maximum_version = version
    peer = Peer([say(ack("A1"))], tls=tls)
    assert refusal(sending(peer.port, tls=TlsFiles(authorities=authority.path))).code == "tls-failed"
    assert peer.received == []


def test_a_peer_in_clear_gets_nothing(sending: Sends, authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        engine = sending(listener.getsockname()[1], tls=TlsFiles(authorities=authority.path), connect_timeout_secs=0.3)
        assert refusal(engine).code == "connect-failed"
        peer, _ = listener.accept()
        with peer:
            assert b"MSH" not in peer.recv(65536), "a greeting, and nothing of a message"


def test_a_handshake_that_does_not_end_is_given_up(sending: Sends, authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = sending(silent.getsockname()[1], tls=TlsFiles(authorities=authority.path), connect_timeout_secs=0.2)
        assert "none within 0.2 s" in refusal(engine).text


def test_files_that_cannot_be_used_send_nothing_until_they_are_mended(sending: Sends, authority: Authority) -> None:
    certificate, key = authority.issue("engine")
    written = key.read_bytes()
    key.unlink()
    peer = Peer([say(ack("A1"))], tls=authority.serving(authority.issue("peer"), wants_certificate=True))
    engine = sending(peer.port, tls=TlsFiles(certificate, key, authority.path))
    assert refusal(engine).code == "tls-file-missing"
    key.write_bytes(written)
    assert engine.send("A1").code == "AA"


def test_a_new_certificate_is_shown_on_the_next_connection(sending: Sends, authority: Authority) -> None:
    shown: list[bytes | None] = []

    def note(connection: socket.socket) -> None:
        assert isinstance(connection, ssl.SSLSocket)
        shown.append(connection.getpeercert(binary_form=True))
        connection.sendall(ack(f"A{len(shown)}"))

    certificate, key = authority.issue("engine")
    tls = authority.serving(authority.issue("peer"), wants_certificate=True)
    peer = Peer([note], [note], tls=tls)
    engine = sending(peer.port, tls=TlsFiles(certificate, key, authority.path))
    engine.send("A1")
    authority.issue("engine")
    assert engine.destination.tls is not None
    engine.destination.tls.refresh()
    engine.await_end()
    engine.send("A2")
    assert shown[1] == ssl.PEM_cert_to_DER_cert(certificate.read_text())
    assert shown[0] != shown[1]
