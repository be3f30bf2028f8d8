"""`hp24 backup`, `restore` and `resume --after-restore`, as an operator calls them."""

import fcntl
from pathlib import Path

import pytest

from tests.cli.conftest import Home, Hp24


@pytest.fixture
def file(home: Home, hp24: Hp24, tmp_path: Path) -> Path:
    """A backup of the morning."""
    found = tmp_path / "morning.hp24"
    assert hp24("backup", str(found)).code == 0
    return found


def restore(hp24: Hp24, file: Path, home: Path, *more: str) -> object:
    called = hp24("restore", str(file), "--home", str(home), "--reason", "disk lost", "--json", *more)
    return called.json if called.code == 0 else (called.code, called.err)


def test_a_backup_tells_what_is_in_it(home: Home, hp24: Hp24, tmp_path: Path) -> None:
    told = hp24("backup", str(tmp_path / "x.hp24"), "--json").json
    messages = hp24("status", "--json").json["channels"]["epic"]["received"]
    assert (told["messages"], told["bytes"]) == (messages, (tmp_path / "x.hp24").stat().st_size)
    assert (tmp_path / "x.hp24").stat().st_mode & 0o077 == 0


def test_a_restored_home_holds_the_morning_and_its_ledger_holds(hp24: Hp24, file: Path, tmp_path: Path) -> None:
    before = hp24("status", "--json").json["channels"]
    restore(hp24, file, tmp_path / "new")
    assert hp24("status", "--home", str(tmp_path / "new"), "--json").json["channels"] == before
    assert hp24("verify", "--home", str(tmp_path / "new")).code == 0


def test_the_senders_are_told_where_to_begin_again(hp24: Hp24, file: Path, tmp_path: Path) -> None:
    last = hp24("messages", "--limit", "1000", "--json").lines[-1]
    told = restore(hp24, file, tmp_path / "new")
    assert isinstance(told, dict)
    assert last["control_id"] in {one["last_control_id"] for one in told["senders"]}
    assert {one["source"] for one in told["senders"]} == {"epic"}


def test_status_says_that_nothing_is_sent_until_it_is_resumed(hp24: Hp24, file: Path, tmp_path: Path) -> None:
    place = ("--home", str(tmp_path / "new"))
    restore(hp24, file, tmp_path / "new")
    assert "hp24 resume --after-restore" in hp24("status", *place).out
    assert hp24("resume", "--after-restore", "--reason", "looked through", *place).code == 0
    assert "--after-restore" not in hp24("status", *place).out
    assert hp24("status", "--json", *place).json["restored"]["resumed_at"]


def test_resume_takes_one_of_both(home: Home, hp24: Hp24) -> None:
    assert hp24("resume").code == 2
    assert hp24("resume", "channel").code == 2
    assert hp24("resume", "channel", "epic", "--after-restore").code == 2


@pytest.mark.parametrize("name", ["hp24.db", "note.txt"])
def test_a_home_with_something_in_it_is_left_alone(hp24: Hp24, file: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / name).write_text("kept")
    code, told = restore(hp24, file, tmp_path / "new")  # type: ignore[misc]  # refused
    assert (code, "[home-not-empty]" in told) == (1, True)
    assert [one.name for one in (tmp_path / "new").iterdir()] == [name]


def test_a_home_with_a_running_engine_is_told_apart(hp24: Hp24, file: Path, home: Home) -> None:
    (home.folder / "run").mkdir()
    with (home.folder / "run" / "listen.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _code, told = restore(hp24, file, home.folder)  # type: ignore[misc]  # refused
    assert "[engine-running]" in told


def test_a_restore_needs_a_reason(hp24: Hp24, file: Path, tmp_path: Path) -> None:
    called = hp24("restore", str(file), "--home", str(tmp_path / "new"))
    assert (called.code, "[reason-missing]" in called.err, (tmp_path / "new").exists()) == (1, True, False)


def test_the_restore_is_in_the_restored_audit_trail(hp24: Hp24, file: Path, tmp_path: Path) -> None:
    from interface.app.compose import open_app

    restore(hp24, file, tmp_path / "new", "--as", "nora")
    with open_app(tmp_path / "new") as app, app.store.snapshot() as reader:
        last = reader.audited_on(["database"])[-1]
    assert (last.actor, last.verb, last.reason, last.details["file"]) == ("nora", "restore", "disk lost", file.name)


def test_the_words_for_people_say_the_same(hp24: Hp24, file: Path, tmp_path: Path) -> None:
    told = hp24("restore", str(file), "--home", str(tmp_path / "new"), "--reason", "disk lost").out
    assert "MSH-10" in told and "epic" in told and "hp24 resume --after-restore" in told


def test_the_key_is_changed_and_the_old_file_named(home: Home, hp24: Hp24) -> None:
    told = hp24("key", "rotate", "--reason", "somebody left")
    assert told.code == 0 and "test.key.old-" in told.out
    assert hp24("verify").code == 0


def test_a_key_among_the_edited_files_is_refused(
    home: Home, hp24: Hp24, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "root" / "channels").mkdir(parents=True)
    monkeypatch.setenv("HP24_KEY_FILE", str(tmp_path / "root" / "channels" / "x.key"))
    called = hp24("status", "--root", str(tmp_path / "root"))
    assert (called.code, "[key-exposed]" in called.err) == (3, True)
