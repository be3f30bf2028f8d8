"""Payments over HTTPS: nothing goes to a server without a proved name; one that refuses our certificate has read nothing."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from interface.certificate import TlsFiles
from interface.connector.fhir.settings import FhirSettings
from interface.connector.tls import says_refusal
from interface.errors import WireError
from interface.simulate.fhir_ehr import FhirEhr
from tests.authority import Authority
from tests.wire.test_fhir_asking import BASIC, asking, code, send


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@contextmanager
def serving(tls: ssl.SSLContext) -> Iterator[FhirEhr]:
    with FhirEhr(tls=tls) as ehr:
        yield ehr


def settings(ehr: FhirEhr, files: TlsFiles | None) -> FhirSettings:
    return FhirSettings("north/dft", f"https://127.0.0.1:{ehr.port}", tls=files, connect_timeout_secs=3.0)


def test_a_server_of_a_known_authority_gets_the_payment(authority: Authority) -> None:
    with serving(authority.serving(authority.issue("server"))) as ehr:
        assert code(send(asking(ehr, settings(ehr, TlsFiles(authorities=authority.path))), BASIC)) == "http-201"


def test_one_of_an_unknown_authority_or_another_name_gets_nothing(authority: Authority) -> None:
    with serving(authority.serving(authority.issue("server"))) as ehr:
        known = settings(ehr, TlsFiles(authorities=authority.path))
        for changed in (settings(ehr, None), replace(known, server_name="ehr.example.org")):
            found = send(asking(ehr, changed), BASIC)
            assert isinstance(found, WireError)
            assert found.code == "tls-failed"
        assert ehr.record.requests == {}


def test_a_certificate_is_shown_where_it_is_wanted(authority: Authority) -> None:
    shown = authority.issue("engine")
    with serving(authority.serving(authority.issue("server"), wants_certificate=True)) as ehr:
        assert code(send(asking(ehr, settings(ehr, TlsFiles(*shown, authorities=authority.path))), BASIC)) == "http-201"


def test_words_of_a_refusal_are_known() -> None:
    assert says_refusal("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580)")
    assert not says_refusal("[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol")


def test_without_the_certificate_that_is_wanted_nothing_is_booked(authority: Authority) -> None:
    with serving(authority.serving(authority.issue("server"), wants_certificate=True)) as ehr:
        found = send(asking(ehr, settings(ehr, TlsFiles(authorities=authority.path))), BASIC)
        # The refusal may be lost with the connection that the server closes behind it: then nobody knows, and says so.
        assert code(found) in ("tls-failed", "connection-lost")
        assert ehr.record.requests == {}


def test_files_that_cannot_be_used_send_nothing(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "broken.pem").write_text("no certificate")
    with serving(authority.serving(authority.issue("server"))) as ehr:
        for name, wrong in (("broken.pem", "tls-file-malformed"), ("none.pem", "tls-file-missing")):
            files = TlsFiles(authorities=tmp_path / name)
            found = send(asking(ehr, settings(ehr, files)), BASIC)
            assert isinstance(found, WireError)
            assert found.code == wrong
