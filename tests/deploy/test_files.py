"""What the service files say, held against what the engine does."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from interface.app.run import PARTS
from interface.cli.main import VERBS
from interface.engine.supervise import CANNOT_START, PART_GRACE_SECS
from interface.settings import Settings
from tests.conftest import PROJECT
from tests.deploy.containerfile import stages_of

DEPLOY = PROJECT / "config" / "deploy"
CONTAINER = stages_of(DEPLOY / "Containerfile")


class Unit(configparser.RawConfigParser):
    """A unit file: keys may come again, and keep their case."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture(scope="module")
def unit() -> configparser.SectionProxy:
    read = Unit(strict=False, comment_prefixes=("#",), delimiters=("=",))
    read.read(DEPLOY / "hp24.service")
    return read["Service"]


def test_the_service_manager_waits_as_long_as_draining_takes(unit: configparser.SectionProxy) -> None:
    drains = len(PARTS) * (Settings().drain_secs + PART_GRACE_SECS)
    assert int(unit["TimeoutStopSec"]) > drains


def test_what_cannot_start_is_left_alone_and_all_else_is_started_again(unit: configparser.SectionProxy) -> None:
    assert (unit["Restart"], int(unit["RestartPreventExitStatus"])) == ("on-failure", CANNOT_START)


def test_the_service_manager_hears_more_often_than_it_asks(unit: configparser.SectionProxy) -> None:
    assert (unit["Type"], int(unit["WatchdogSec"]) >= 10) == ("notify", True)


def test_the_key_comes_by_a_credential_and_lies_apart_from_what_editors_write() -> None:
    text = (DEPLOY / "hp24.service").read_text(encoding="utf-8")
    assert "LoadCredential=hp24.key:/etc/hp24-key/hp24.key" in text
    assert "HP24_KEY_COMMAND=/usr/bin/cat %d/hp24.key" in text
    assert "HP24_ROOT=/etc/hp24 " in text


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd on this machine")
    program = tmp_path / "hp24"
    program.touch(mode=0o755)
    text = (DEPLOY / "hp24.service").read_text(encoding="utf-8").replace("/opt/hp24/current/bin/hp24", str(program))
    (tmp_path / "hp24.service").write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "hp24.service")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_systemd_finds_the_unit_well_closed() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd on this machine")
    # Its own scale, 0 to 10, times ten; the shipped unit is at 1.3 with version 252.
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(DEPLOY / "hp24.service")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


@pytest.mark.parametrize("script", ["install-offline.sh", "hp24-admin"])
def test_a_script_is_one_and_may_be_run(script: str) -> None:
    path = DEPLOY / script
    assert path.stat().st_mode & 0o111 == 0o111
    done = subprocess.run(["/bin/sh", "-n", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_container_is_built_of_files_that_exist() -> None:
    copies = [step for stage in CONTAINER for step in stage if step.word in ("COPY", "ADD")]
    sources = [source for step in copies for source in step.words[:-1] if not step.options]
    assert sources
    assert [source for source in sources if not (PROJECT / source).exists()] == []


def test_the_container_runs_as_a_user_without_rights() -> None:
    words = [step.word for step in CONTAINER[-1]]
    (user,) = [step for step in CONTAINER[-1] if step.word == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user.rest)
    assert words.index("USER") > max(place for place, word in enumerate(words) if word == "RUN")


def test_the_container_stops_by_the_signal_that_drains_and_runs_verbs_that_exist() -> None:
    steps = {step.word: step.rest for step in CONTAINER[-1]}
    assert steps["STOPSIGNAL"] == "SIGTERM"
    assert steps["ENTRYPOINT"] == '["hp24"]'
    named = [re.findall(r'"(\w+)"', steps["CMD"])[0], re.findall(r'"hp24", "(\w+)"', steps["HEALTHCHECK"])[0]]
    assert [verb for verb in named if verb not in VERBS] == []


def test_the_page_names_every_file_beside_it() -> None:
    page = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in DEPLOY.iterdir() if f"`{path.name}`" not in page and path.name != "README.md"] == []
