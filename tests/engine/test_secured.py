"""A whole engine that speaks TLS: messages in, days left shown, a certificate changed under its feet, a broken one refused."""

import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.authority import SUBJECT, Authority
from tests.engine.harness import HP24, Engine, running_engine
from tests.engine.processes import wait_until
from tests.engine.root import Spec, make_root
from tests.engine.wire import Wire, adt, answered, code, control_id
from tests.ports import free_ports


class Site:
    """A root with two channels: `epic` with mutual TLS, `broken` whose key is missing."""

    def __init__(self, folder: Path) -> None:
        (folder / "certificates").mkdir()
        self.authority = Authority(folder / "certificates")
        (self.broken_port,) = free_ports(1)

        def secured(spec: Spec) -> None:
            spec["source"]["mllp"]["tls"] = {
                "certificate": "tls/listener.pem",
                "key": "tls/listener.key",
                "client_ca": "tls/authority.pem",
            }

        def broken(spec: Spec) -> None:
            spec["source"]["mllp"] |= {
                "port": self.broken_port,
                "tls": {"certificate": "tls/a.pem", "key": "tls/a.key"},
            }
            spec["facility"] = "SOUTH"
            spec["destinations"] = {}

        self.root = make_root(folder / "root", secured, more={"broken": broken})
        with (self.root / "config" / "engine.yaml").open("a") as settings:
            settings.write("certificate_check_secs: 0.2\nlisten_retry_secs: 0.2\n")
        (self.root / "tls").mkdir()
        self.place("listener")
        shutil.copy(self.authority.path, self.root / "tls")

    def place(self, name: str) -> None:
        """Put a new certificate and its key where the engine reads them."""
        for path in self.authority.issue(name):
            shutil.copy(path, self.root / "tls")

    @contextmanager
    def placed(self, name: str) -> Iterator[None]:
        """The same, and gone afterwards."""
        self.place(name)
        yield
        for ending in ("pem", "key"):
            (self.root / "tls" / f"{name}.{ending}").unlink()

    def sender(self, engine: Engine) -> Wire:
        return Wire(engine.port, self.authority.trusting(self.authority.issue("sender")))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def engine(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with running_engine(tmp_path_factory.mktemp("secured") / "home", site.root) as running:
        yield running


def hp24(engine: Engine, *words: str) -> subprocess.CompletedProcess[str]:
    place = ("--home", str(engine.home), "--root", str(engine.root))
    return subprocess.run(
        [*HP24, *words, *place], env={**os.environ, **engine.environ}, capture_output=True, text=True, check=False
    )


def test_a_message_is_stored_and_answered(site: Site, engine: Engine) -> None:
    number = control_id()
    with site.sender(engine) as wire:
        reply = wire.ask(adt(number))
    assert (code(reply), answered(reply)) == ("AA", number)


def test_a_sender_without_a_certificate_is_turned_away(site: Site, engine: Engine) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)), Wire(engine.port, site.authority.trusting()) as wire:
        wire.ask(adt(control_id()))


def test_a_certificate_is_changed_without_a_restart(site: Site, engine: Engine) -> None:
    def served() -> bytes:
        with site.sender(engine) as wire:
            return wire.peer_certificate()

    with site.sender(engine) as old:
        before = served()
        site.place("listener")
        wait_until(lambda: served() != before, "the new certificate is served")
        number = control_id()
        assert answered(old.ask(adt(number))) == number


def test_status_tells_the_days_that_are_left(engine: Engine) -> None:
    told = {
        one["file"].rpartition("/")[2]: one
        for one in json.loads(hp24(engine, "status", "--json").stdout)["certificates"]
    }
    assert told["listener.pem"]["days_left"] == 89
    assert (told["a.pem"]["owner"], told["a.pem"]["error"]) == ("broken", "tls-file-missing")
    assert "listener.pem: 89 days left" in hp24(engine, "status").stdout


def test_check_finds_what_is_missing(engine: Engine) -> None:
    done = hp24(engine, "check", "--json")
    assert done.returncode == 1
    assert [one["rule"] for one in json.loads(done.stdout)["problems"]] == ["tls-file-missing"]


def test_a_channel_without_its_key_keeps_no_other_from_listening(site: Site, engine: Engine) -> None:
    assert [one["channel"] for one in engine.events("listener-failed")][:1] == ["broken"]
    with site.placed("a"):
        engine.await_listening(site.broken_port)
        with Wire(site.broken_port, site.authority.trusting()) as wire:
            assert code(wire.ask(adt(control_id(), facility="SOUTH"))) == "AA"


def test_the_log_names_no_subject(engine: Engine) -> None:
    assert SUBJECT not in engine.log.read_text()
