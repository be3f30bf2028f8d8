"""Certificates and keys that channels name: looked into before the engine has to, each finding at its line."""

from datetime import timedelta
from pathlib import Path

import pytest

from interface.channel.files import check_files
from interface.channel.loader import load
from interface.engine.clock import SystemClock
from interface.mapping.problem import Findings
from tests.authority import SUBJECT, Authority
from tests.channel.sample import CHANNEL, FILES

TLS = "    tls: {certificate: tls/north.pem, key: tls/north.key, client_ca: tls/authority.pem}\n"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    (tmp_path / "tls").mkdir()
    return Authority(tmp_path / "tls")


def report(authority: Authority) -> Findings:
    files = {**FILES, "channels/north.yaml": CHANNEL.replace("    port: $", f"{TLS}    port: $")}
    specs = load(files, {}).specs
    return check_files(specs, files, authority.folder.parent, SystemClock().now(), warn_days=30)


def test_files_that_fit_are_nothing_to_speak_of(authority: Authority) -> None:
    authority.issue("north")
    found = report(authority)
    assert (found.problems, found.warnings) == ([], [])


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("north.pem", None, "tls-file-missing"),
        ("north.key", None, "tls-file-missing"),
        ("authority.pem", None, "tls-file-missing"),
        ("north.pem", "no certificate", "tls-file-malformed"),
        ("north.key", "no key", "tls-file-malformed"),
    ],
)
def test_files_that_cannot_be_used_are_found_at_their_line(
    authority: Authority, name: str, content: str | None, rule: str
) -> None:
    authority.issue("north")
    path = authority.folder / name
    path.unlink()
    if content is not None:
        path.write_text(content)
    (found,) = report(authority).problems
    assert (found.file, found.line, found.rule) == ("channels/north.yaml", 4, rule)
    assert found.text.startswith(f"tls/{name}: ")


def test_a_key_of_another_certificate_is_found(authority: Authority) -> None:
    authority.issue("north")
    (authority.folder / "north.key").write_bytes(authority.issue("other")[1].read_bytes())
    assert [one.rule for one in report(authority).problems] == ["tls-key-differs"]


def test_a_folder_in_place_of_a_file_is_told_as_unreadable(authority: Authority) -> None:
    authority.issue("north")
    (authority.folder / "north.key").unlink()
    (authority.folder / "north.key").mkdir()
    assert [one.rule for one in report(authority).problems] == ["tls-file-unreadable"]


@pytest.mark.parametrize(
    ("days", "rules"), [(-2, ["tls-certificate-expired"]), (12, ["tls-certificate-expiring"]), (40, [])]
)
def test_an_end_that_nears_is_warned_of(authority: Authority, days: int, rules: list[str]) -> None:
    authority.issue("north", ends_in=timedelta(days=days, hours=1))
    found = report(authority)
    assert found.problems == []
    assert [one.rule for one in found.warnings] == rules
    assert SUBJECT not in repr(found)


def test_a_key_that_others_may_read_is_warned_of(authority: Authority) -> None:
    _, key = authority.issue("north")
    key.chmod(0o644)
    assert [one.rule for one in report(authority).warnings] == ["tls-key-exposed"]
