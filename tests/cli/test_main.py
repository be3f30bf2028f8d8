"""The frame of every command: help without loading the engine, options in any place, failures as one line and an exit code."""

import subprocess
import sys
from importlib.metadata import version

import click
import pytest

from interface.cli.exit import ExitCode, exit_code_of
from interface.cli.main import GROUPS, VERBS
from interface.cli.main import hp24 as group
from interface.engine.supervise import CANNOT_START
from interface.errors import (
    ActRefusedError,
    ConfigurationError,
    InterfaceError,
    StoreError,
    StoreUnavailableError,
    UnansweredError,
    WireError,
)
from tests.cli.conftest import Home, Hp24


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_of_the_help_page_loads_and_explains_itself(name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert command.name == name
    assert command.help
    names = [option for parameter in command.params for option in parameter.opts]
    assert len(names) == len(set(names)), "no option twice"
    assert {"--home", "--root", "--as", "--json"} <= set(names)


def test_the_help_page_names_every_verb_and_the_exit_codes(hp24: Hp24) -> None:
    told = hp24("--help")
    assert told.code == 0
    for verbs in GROUPS.values():
        for name in verbs:
            assert f"  {name} " in told.out
    listed = told.out.partition("Exit codes:")[2].partition(".")[0]
    assert [int(word) for word in listed.split() if word.isdigit()] == sorted(ExitCode)


def test_a_part_that_cannot_start_ends_with_the_code_of_the_help_page() -> None:
    assert CANNOT_START == ExitCode.CANNOT_START


def test_the_help_page_loads_neither_engine_nor_tables() -> None:
    script = "import sys; from interface.cli.main import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert loaded.isdisjoint({"sqlalchemy", "twisted", "pydantic", "rich", "interface.app.compose", "hl7apy"})


def test_common_options_stand_before_or_behind_the_verb(
    home: Home, hp24: Hp24, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HP24_HOME")
    before = hp24("--home", str(home.folder), "--json", "status")
    behind = hp24("status", "--json", "--home", str(home.folder))
    assert before.code == behind.code == 0
    assert before.json["channels"] == behind.json["channels"] != {}


def test_the_version_is_told(hp24: Hp24) -> None:
    told = hp24("--version")
    assert (told.code, told.out) == (0, f"hp24 {version('hp24-interface')}\n")


def test_a_number_beyond_the_database_is_wrong_usage(home: Home, hp24: Hp24) -> None:
    assert hp24("show", "9" * 30).code == ExitCode.USAGE
    assert hp24("release", "9" * 30).code == ExitCode.USAGE


def test_a_misspelt_verb_is_told_with_what_was_meant(hp24: Hp24) -> None:
    told = hp24("mesages")
    assert told.code == ExitCode.USAGE
    assert "did you mean 'messages'?" in told.err


def test_a_failure_is_one_line_and_no_traceback(home: Home, hp24: Hp24) -> None:
    told = hp24("show", "999999")
    assert told.code == ExitCode.PROBLEMS
    assert told.err == "message:999999: there is no such message; check the id [not-found]\n"
    assert told.out == ""


def test_a_database_that_cannot_be_opened_is_unavailable(
    home: Home, hp24: Hp24, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HP24_KEY_FILE", str(home.folder / "lost.key"))
    told = hp24("status")
    assert told.code == ExitCode.UNAVAILABLE
    assert told.err.rstrip().endswith("[key-missing]")


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (ActRefusedError("x", ""), ExitCode.PROBLEMS),
        (ConfigurationError("x", ""), ExitCode.PROBLEMS),
        (InterfaceError("x", ""), ExitCode.PROBLEMS),
        (StoreError("x", ""), ExitCode.UNAVAILABLE),
        (StoreUnavailableError("x", ""), ExitCode.UNAVAILABLE),
        (WireError("x", ""), ExitCode.UNAVAILABLE),
        (UnansweredError("x", ""), ExitCode.UNAVAILABLE),
    ],
)
def test_what_a_failure_means_to_the_caller(failure: InterfaceError, code: ExitCode) -> None:
    assert exit_code_of(failure) is code


def test_a_reader_that_has_seen_enough_is_no_failure(home: Home) -> None:
    command = f"{sys.executable} -m interface.cli.main messages --json | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
