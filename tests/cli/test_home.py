"""The engine's home: only what must makes a new one, and what is wrong with it is told in one line."""

from pathlib import Path

import pytest

from interface.cli.exit import ExitCode
from tests.cli.conftest import Home, Hp24, use

LOOKS = (
    ("status",),
    ("messages",),
    ("accounts",),
    ("worklist",),
    ("show", "1"),
    ("trace", "9001"),
    ("verify",),
    ("release", "--cause", "code-unknown"),
    ("pause", "channel", "epic", "--reason", "test"),
    ("pay", "--account", "9001", "--amount", "1.00", "--method", "cash"),
)


@pytest.mark.parametrize("arguments", LOOKS)
def test_a_mistyped_home_is_told_and_left_alone(no_home: Home, hp24: Hp24, arguments: tuple[str, ...]) -> None:
    told = hp24(*arguments)
    assert told.code == ExitCode.UNAVAILABLE
    assert told.err.rstrip().endswith("[home-empty]")
    assert (told.out, no_home.folder.exists()) == ("", False)


def test_an_empty_file_in_the_database_s_place_is_no_home(no_home: Home, hp24: Hp24) -> None:
    no_home.folder.mkdir()
    (no_home.folder / "hp24.db").touch()
    assert hp24("status").err.rstrip().endswith("[home-empty]")
    assert [file.name for file in no_home.folder.iterdir()] == ["hp24.db"]


def test_a_run_without_usable_files_makes_no_home(no_home: Home, hp24: Hp24, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    told = hp24("run", "--root", str(tmp_path / "nothing"))
    assert (told.code, "there is no channel file" in told.err) == (ExitCode.PROBLEMS, True)
    assert not no_home.folder.exists()


@pytest.mark.parametrize("verb", ["status", "run"])
def test_a_file_that_is_no_database_is_told(no_home: Home, hp24: Hp24, verb: str) -> None:
    no_home.folder.mkdir()
    (no_home.folder / "hp24.db").write_text("notes of last night\n" * 100)
    told = hp24(verb)
    assert (told.code, told.err.count("\n")) == (ExitCode.UNAVAILABLE, 1)
    assert told.err.rstrip().endswith("[database-damaged]")


def test_a_home_that_cannot_be_made_is_told(hp24: Hp24, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    use(Home(tmp_path / "file" / "home"), monkeypatch)
    told = hp24("run")
    assert (told.code, told.err.count("\n")) == (ExitCode.UNAVAILABLE, 1)
    assert told.err.startswith(str(tmp_path / "file"))
    assert told.err.rstrip().endswith("[home-unusable]")


def test_a_key_that_cannot_be_written_is_told(no_home: Home, hp24: Hp24, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HP24_KEY_FILE", "/proc/nothing.key")
    told = hp24("run")
    assert (told.code, told.err.count("\n")) == (ExitCode.UNAVAILABLE, 1)
    assert told.err.startswith("/proc/nothing.key: ")


def test_settings_that_are_no_text_are_told(home: Home, hp24: Hp24, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "engine.yaml").write_bytes(b"\xff\xfel\x00")
    told = hp24("status", "--root", str(tmp_path))
    assert (told.code, told.err.count("\n")) == (ExitCode.PROBLEMS, 1)
    assert told.err.startswith("config/engine.yaml:1")
