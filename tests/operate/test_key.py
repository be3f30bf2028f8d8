"""Where the master key comes from, and its change: a key that fits is there at every instant, and nothing stored is lost."""

import base64
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from interface.errors import ActRefusedError, InterfaceError, StoreError
from interface.operate.act import By
from interface.operate.backup import backup
from interface.operate.key import rotate_key
from interface.row.backup import BackupPace
from interface.store import keyfile
from interface.store.database import Limits
from interface.store.keysource import COMMAND, KeyCommand, KeyFile, key_source
from interface.store.restore import restore
from interface.store.store import SqlStore, open_store
from tests.engine.processes import wait_until
from tests.made import MadeDatabase
from tests.operate.copies import Copies, settle, silent
from tests.operate.desk import BY, Desk
from tests.pipeline.spoken import HandClock, update

Open = Callable[..., SqlStore]


@pytest.fixture
def made_database(made_database: MadeDatabase, tmp_path: Path) -> MadeDatabase:
    """The same database with a key file of the test's own, which it may change."""
    key = tmp_path / "own" / "own.key"
    key.parent.mkdir(mode=0o700)
    key.write_bytes(Path(made_database.environ["HP24_KEY_FILE"]).read_bytes())
    key.chmod(0o600)
    return MadeDatabase(made_database.url, {"HP24_KEY_FILE": str(key)})


@pytest.fixture
def key(made_database: MadeDatabase) -> Path:
    return Path(made_database.environ["HP24_KEY_FILE"])


def opens(made: MadeDatabase, environ: dict[str, str] | None = None) -> str:
    """How another process finds the database: "" where it opens, else the error's code."""
    try:
        open_store(made.url, HandClock(), environ or made.environ).close()
    except InterfaceError as failure:
        return failure.code
    return ""


# ------------------------------------------------------------ a key file


def test_a_new_key_opens_the_database_and_the_old_one_no_more(
    desk: Desk, made_database: MadeDatabase, key: Path
) -> None:
    before = keyfile.read(key)
    rotated = rotate_key(desk.store, BY)
    assert keyfile.read(key) != before and len(keyfile.read(key)) == 1
    assert opens(made_database) == ""
    assert rotated.old_file is not None and keyfile.read(rotated.old_file) == before
    assert opens(made_database, {"HP24_KEY_FILE": str(rotated.old_file)}) == "key-wrong"


def test_both_files_are_for_their_owner_alone(desk: Desk, key: Path) -> None:
    rotated = rotate_key(desk.store, BY)
    assert rotated.old_file is not None
    assert [one.stat().st_mode & 0o077 for one in (key, rotated.old_file)] == [0, 0]


def test_what_was_stored_is_read_under_the_new_key(desk: Desk, made_database: MadeDatabase) -> None:
    desk.hear(("1", update("1", "A1")))
    rotate_key(desk.store, BY)
    other = open_store(made_database.url, desk.clock, made_database.environ)
    with desk.store.snapshot() as here, other.snapshot() as there:
        assert there.body(1) == here.body(1) is not None
    other.close()


def test_a_store_that_is_open_goes_on(desk: Desk) -> None:
    rotate_key(desk.store, BY)
    (number,) = desk.hear(("1", update("1", "A1")))
    assert desk.state(number) == "processed"


def test_a_process_that_starts_at_any_point_of_the_change_opens_the_database(
    desk: Desk, made_database: MadeDatabase
) -> None:
    seen = [opens(made_database)]
    changed = desk.store.begin_key_rotation()
    seen.append(opens(made_database))
    with desk.store.turn("rotate") as turn:
        turn.rewrap(changed)
    seen.append(opens(made_database))
    desk.store.finish_key_rotation(changed)
    assert [*seen, opens(made_database)] == ["", "", "", ""]


@pytest.mark.parametrize("is_committed", [False, True])
def test_a_change_that_was_broken_off_is_completed_by_the_next_one(
    desk: Desk, made_database: MadeDatabase, key: Path, is_committed: bool
) -> None:
    changed = desk.store.begin_key_rotation()
    if is_committed:
        with desk.store.turn("rotate") as turn:
            turn.rewrap(changed)
    assert len(keyfile.read(key)) == 2
    rotate_key(desk.store, BY)
    assert (opens(made_database), len(keyfile.read(key))) == ("", 1)


def test_the_old_key_stays_where_the_new_one_does_not_open(desk: Desk, made_database: MadeDatabase, key: Path) -> None:
    changed = desk.store.begin_key_rotation()
    with pytest.raises(StoreError, match="key-wrong"):
        desk.store.finish_key_rotation(changed)  # it was never committed
    assert (opens(made_database), len(keyfile.read(key))) == ("", 2)


def test_a_folder_that_takes_no_file_leaves_the_old_key_in_use(
    desk: Desk, made_database: MadeDatabase, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key.read_bytes()

    def no_room(*_arguments: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(keyfile, "_write_new", no_room)
    with pytest.raises(StoreError, match="key-not-written"):
        rotate_key(desk.store, BY)
    assert (key.read_bytes(), opens(made_database)) == (before, "")


def test_the_change_is_audited_and_needs_a_reason(desk: Desk) -> None:
    with pytest.raises(ActRefusedError, match="reason-missing"):
        rotate_key(desk.store, By("nora"))
    rotate_key(desk.store, BY)
    assert desk.trail("database") == ["nora: rotate-key"]


def test_one_change_at_a_time(desk: Desk) -> None:
    with desk.store.exclusive("key"), pytest.raises(ActRefusedError, match="already-rotating"):
        other = desk.store.opened
        second = SqlStore(other, desk.clock, Limits())
        rotate_key(second, BY)


def test_an_older_backup_is_restored_with_the_old_key(
    desk: Desk, copies: Copies, tmp_path: Path, made_database: MadeDatabase
) -> None:
    file = tmp_path / "x.hp24"
    backup(desk.store, BY, file, BackupPace(), silent)
    rotated = rotate_key(desk.store, BY)
    with pytest.raises(StoreError, match="key-wrong"):
        restore(copies.place(), file, desk.clock, made_database.environ, Limits(), settle, silent)
    old = {"HP24_KEY_FILE": str(rotated.old_file)}
    assert restore(copies.place(), file, desk.clock, old, Limits(), settle, silent).counts["audit"] == 1


def test_a_folder_in_which_others_may_write_is_refused(made_database: MadeDatabase, key: Path) -> None:
    key.parent.chmod(0o777)
    assert opens(made_database) == "key-exposed"
    key.parent.chmod(0o1777)  # others may add files, and replace none
    assert opens(made_database) == ""


# ------------------------------------------------------------ a command


def program(folder: Path, text: str) -> str:
    """A program of these shell lines; its path."""
    path = folder / "own" / "give-key"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return str(path)


def by_command(text: str, limit_secs: float = 30.0) -> KeyCommand:
    source = key_source("X", {COMMAND: text, "GIVEN": "from outside"}, limit_secs)
    assert isinstance(source, KeyCommand)
    return source


def refusal(source: KeyCommand) -> str:
    with pytest.raises(StoreError) as caught:
        source.keys()
    return caught.value.sentence()


def test_a_command_gives_the_key(desk: Desk, made_database: MadeDatabase, key: Path, tmp_path: Path) -> None:
    assert opens(made_database, {COMMAND: program(tmp_path, f"cat {key}")}) == ""


def test_a_new_database_is_made_under_the_commands_key(key: Path, tmp_path: Path) -> None:
    environ = {COMMAND: program(tmp_path, f"cat {key}"), "HOME": str(tmp_path / "nobody")}
    made = MadeDatabase(f"sqlite:///{tmp_path / 'first.db'}", environ)
    assert opens(made) == ""
    assert opens(made, {"HP24_KEY_FILE": str(key)}) == ""
    assert not (tmp_path / "nobody").exists()


def test_the_command_is_no_shell_and_gets_its_words(key: Path, tmp_path: Path) -> None:
    path = program(tmp_path, f'test "$1" = "a b; exit 3" && test "$GIVEN" = "from outside" && cat {key}')
    assert by_command(f"{path} 'a b; exit 3'").keys() == keyfile.read(key)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("echo hush; exit 3", "it ended with 3"),
        ("yes hush", "it says too much"),
        ("echo hush", "this is no master key"),
    ],
)
def test_a_command_that_fails_is_told_without_its_words(key: Path, tmp_path: Path, lines: str, said: str) -> None:
    told = refusal(by_command(f"{program(tmp_path, lines)} --token hush"))
    assert said in told and "hush" not in told


def test_a_command_that_does_not_end_is_ended_with_all_that_it_started(key: Path, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    source = by_command(program(tmp_path, f"sleep 300 & echo $! > {note}; wait"), 2.0)
    started = time.monotonic()
    assert "did not end within 2 s" in refusal(source)
    assert time.monotonic() - started < 20
    wait_until(lambda: has_ended(int(note.read_text())), "what it started has ended")


def has_ended(pid: int) -> bool:
    """Whether a process is gone; one that nobody has waited for yet is."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize("text", ["relative/program", "/does/not/exist", "'unclosed", "  "])
def test_what_is_no_program_is_told(text: str) -> None:
    assert "[key-command-failed]" in refusal(by_command(text))


def test_a_program_that_others_may_change_is_not_run(key: Path, tmp_path: Path) -> None:
    path = program(tmp_path, f"touch {tmp_path / 'ran'}")
    os.chmod(path, 0o722)  # noqa: PTH101 - the test's own
    assert "[key-exposed]" in refusal(by_command(path))
    assert not (tmp_path / "ran").exists()


def test_a_file_and_a_command_are_one_too_many(made_database: MadeDatabase) -> None:
    assert opens(made_database, made_database.environ | {COMMAND: "/bin/true"}) == "key-ambiguous"


def test_a_command_prints_the_new_key_above_the_old_one_to_change_it(
    made_database: MadeDatabase, key: Path, tmp_path: Path
) -> None:
    shown = tmp_path / "shown"
    shown.write_bytes(key.read_bytes())
    environ = {COMMAND: program(tmp_path, f"cat {shown}")}
    store = open_store(made_database.url, HandClock(), environ)
    with pytest.raises(ActRefusedError, match="key-not-new"):
        rotate_key(store, BY)
    new = base64.b64encode(os.urandom(32)) + b"\n"
    shown.write_bytes(new + key.read_bytes())
    assert rotate_key(store, BY).old_file is None
    shown.write_bytes(new)
    assert opens(made_database, environ) == ""
    assert opens(made_database) == "key-wrong"
    store.close()


def test_by_default_the_key_is_a_file_named_after_the_database(tmp_path: Path) -> None:
    source = key_source("X", {"HOME": str(tmp_path)}, 1.0)
    assert source == KeyFile(tmp_path / ".config" / "hp24" / "X.key")
