"""An engine home with a small morning of messages processed in it, and a way to call `hp24` as a shell would."""

import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from interface.app.compose import App, open_app
from interface.app.plan import plan_of
from interface.cli.main import run
from interface.pipeline.process import ProcessStage, drain
from interface.pipeline.receive import Listening, examine, store_batch
from interface.simulate.traffic import morning
from tests.conftest import PROJECT
from tests.one_channel import copy_epic

CHANNEL = "epic"
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Home:
    """Where an engine's data lies."""

    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        return {
            "HP24_HOME": str(self.folder),
            "HP24_KEY_FILE": str(self.folder / "test.key"),
            "HP24_ROOT": str(PROJECT),
        }


def feed(app: App, *contents: bytes) -> None:
    """Receive and process messages as the shipped channel does."""
    with app.store.snapshot() as reader:
        is_published = reader.active_config() is not None
    config_id = app.active()[0] if is_published else app.publish(app.edited(), "test")
    now = app.clock.now()
    store_batch(app.store, [examine(raw, Listening(CHANNEL), peer="10.0.0.9:4000", at=now) for raw in contents])
    drain(ProcessStage(app.store, plan_of(config_id, app.edited()), app.clock), 64)


@pytest.fixture(scope="session")
def first_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A morning of twelve people, made once; tests get copies."""
    home = Home(tmp_path_factory.mktemp("home"))
    with open_app(home.folder, PROJECT, home.environ) as app:
        feed(app, *(sent.content for sent in morning(24, 12)))
    return home


@pytest.fixture
def home(first_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A copy of the morning, which `hp24` uses."""
    copied = Home(tmp_path / "home")
    shutil.copytree(first_home.folder, copied.folder)
    return use(copied, monkeypatch)


@pytest.fixture
def no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home in which nothing was made yet."""
    return use(Home(tmp_path / "home"), monkeypatch)


@pytest.fixture
def empty_home(no_home: Home) -> Home:
    """A home with a database in which nothing is."""
    with open_app(no_home.folder, PROJECT, no_home.environ):
        return no_home


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped files, to be edited; no home anywhere."""
    use(Home(tmp_path / "nowhere"), monkeypatch)
    copy_epic(tmp_path / "root")
    monkeypatch.setenv("HP24_ROOT", str(tmp_path / "root"))
    return tmp_path / "root"


def use(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name, value in home.environ.items():
        monkeypatch.setenv(name, value)
    return home


@dataclass(slots=True)
class Called:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """One JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True, slots=True)
class Hp24:
    """`hp24("status", "--json")` is `hp24 status --json`."""

    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Called:
        self.capsys.readouterr()
        code = run(arguments)
        told = self.capsys.readouterr()
        return Called(code, told.out, told.err)


@pytest.fixture
def hp24(capsys: pytest.CaptureFixture[str]) -> Iterator[Hp24]:
    log, root = logging.getLogger("interface"), logging.getLogger()
    before = (log.handlers[:], log.propagate, log.level, root.handlers[:])
    yield Hp24(capsys)
    log.handlers[:], log.propagate, log.level, root.handlers[:] = before  # the stream that a command logged to is gone
