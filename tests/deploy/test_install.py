"""The engine installed without a network, as on a machine that has none: made, checked, run, drained; and the container's steps."""

import base64
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interface.message import MessageState
from tests.conftest import PROJECT
from tests.deploy.containerfile import stages_of
from tests.engine.harness import running_engine
from tests.engine.processes import wait_until
from tests.engine.wire import Wire, adt, code, control_id

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]
# Nothing listens there: whoever asks an index all the same fails.
NO_NETWORK = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_TIMEOUT": "1"}


def run(*command: str | Path, cwd: Path, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith(("HP24_", "PYTHON"))}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=known | {"PYTHON": sys.executable} | (environ or {}),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed") / "wheelhouse"
    done = run("make", "wheelhouse", f"WHEELHOUSE={folder}", f"PYTHON={sys.executable}", cwd=PROJECT)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def prefix(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("target")
    done = run("sh", wheelhouse / "install-offline.sh", folder / "opt", cwd=folder, environ=NO_NETWORK)
    assert done.returncode == 0, done.stderr
    return folder / "opt"


def hp24(prefix: Path) -> Path:
    return prefix / "current" / "bin" / "hp24"


@pytest.fixture
def notified(tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """The socket on which a service manager listens."""
    address = f"\0hp24-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.setblocking(False)
        yield listening, f"@{address[1:]}"


def heard(listening: socket.socket) -> set[str]:
    words = set()
    while True:
        try:
            words.add(listening.recv(100).decode())
        except BlockingIOError:
            return words


def test_an_installed_engine_answers_drains_and_tells_its_service_manager(
    prefix: Path, tmp_path: Path, notified: tuple[socket.socket, str]
) -> None:
    listening, address = notified
    site, key, number = tmp_path / "site", tmp_path / "hp24.key", control_id("OFF")
    assert run(hp24(prefix), "init", site, cwd=tmp_path).returncode == 0
    assert not (site / "config" / "deploy").exists()
    checked = run(hp24(prefix), "check", "--root", site, cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    key.write_bytes(base64.b64encode(os.urandom(32)))
    environ = {"HP24_KEY_FILE": "", "HP24_KEY_COMMAND": f"/usr/bin/cat {key}", "NOTIFY_SOCKET": address}
    with running_engine(tmp_path / "home", site, environ, command=(str(hp24(prefix)),)) as engine:
        with Wire(engine.port) as wire:
            assert code(wire.ask(adt(number))) == "AA"
        engine.await_state(number, MessageState.PROCESSED)
        words: set[str] = set()
        wait_until(lambda: (words.update(heard(listening)) or words) >= {"READY=1", "WATCHDOG=1"}, "it tells")
        assert engine.drain() == 0
        assert "STOPPING=1" in heard(listening)


def test_the_same_version_is_not_installed_over_itself(wheelhouse: Path, prefix: Path, tmp_path: Path) -> None:
    done = run("sh", wheelhouse / "install-offline.sh", prefix, cwd=tmp_path, environ=NO_NETWORK)
    assert (done.returncode, "is there already" in done.stderr) == (1, True)
    assert run(hp24(prefix), "--version", cwd=tmp_path).returncode == 0


def test_wheels_that_were_altered_are_not_installed(wheelhouse: Path, tmp_path: Path) -> None:
    altered = tmp_path / "wheelhouse"
    shutil.copytree(wheelhouse, altered)
    with next(altered.glob("click-*.whl")).open("ab") as file:
        file.write(b"\0")
    done = run("sh", altered / "install-offline.sh", tmp_path / "opt", cwd=tmp_path, environ=NO_NETWORK)
    assert (done.returncode, "not what was packed" in done.stderr) == (1, True)
    assert not (tmp_path / "opt").exists()


def test_the_container_s_steps_work_on_what_it_copies(tmp_path: Path) -> None:
    wheels, image = stages_of(PROJECT / "config" / "deploy" / "Containerfile")
    source, opt = tmp_path / "src", tmp_path / "opt"
    source.mkdir()
    places = {"/wheels": str(tmp_path / "wheels"), "/opt/hp24": str(opt)}
    for step in wheels:
        match step.word:
            case "COPY":
                *names, target = step.words
                for name in names:
                    copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
                    copy(PROJECT / name, source / target if len(names) == 1 else source / Path(name).name)
            case "RUN":
                follow(step.rest, places, source)
    install = next(step for step in image if step.word == "RUN" and "venv" in step.rest)
    follow(install.rest, places, tmp_path, NO_NETWORK)
    done = run(opt / "bin" / "hp24", "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout.startswith("hp24 ")) == (0, True)


def follow(command: str, places: dict[str, str], cwd: Path, environ: dict[str, str] | None = None) -> None:
    for inside, outside in places.items():
        command = command.replace(inside, outside)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = run("/bin/sh", "-ec", command, cwd=cwd, environ={"PATH": path, **(environ or {})})
    assert done.returncode == 0, done.stderr
