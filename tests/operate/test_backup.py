"""A backup brings back all that was there, and one that is not as it was written, or does not fit, is refused."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from interface.errors import ActRefusedError, InterfaceError, StoreError
from interface.operate.act import By
from interface.operate.backup import backup
from interface.row.backup import BackupPace
from interface.store.database import Limits
from interface.store.restore import restore
from tests.made import MadeDatabase
from tests.operate.copies import Copies, Take, resume, settle, silent
from tests.operate.desk import Desk, Till
from tests.pipeline.spoken import HandClock, update

# ------------------------------------------------------------ what comes back


def test_everything_that_was_stored_is_there_again(desk: Desk, take: Take, copies: Copies) -> None:
    till = Till.open(desk, accounts=3)
    till.pay("TX1")
    till.send()
    other = copies.restored(desk, take())
    with desk.store.snapshot() as here, other.store.snapshot() as there:
        assert there.image().entities and list(map(str, there.image().entities)) == list(
            map(str, here.image().entities)
        )
        assert there.channel_counts() == here.channel_counts()
        assert there.destination_counts() == here.destination_counts()
        assert [there.body(one) for one in (1, 2, 3)] == [here.body(one) for one in (1, 2, 3)]


def test_a_restored_store_receives_and_counts_on(desk: Desk, take: Take, copies: Copies) -> None:
    Till.open(desk)
    other = copies.restored(desk, take())
    other.hear(("7", update("7", "A7")))
    assert other.story("A7").account.public_id
    with other.store.snapshot() as reader:
        (counts,) = reader.channel_counts()
    assert (counts.received, counts.duplicates) == (2, 0)


def test_the_backup_and_its_restore_are_in_the_audit_trail(desk: Desk, take: Take, copies: Copies) -> None:
    other = copies.restored(desk, take())
    assert other.trail("database") == ["nora: backup"]
    resume(other)
    assert other.trail("database") == ["nora: backup", "nora: resume-after-restore"]


def test_the_newest_message_held_is_told_by_sender(desk: Desk, take: Take, copies: Copies) -> None:
    desk.hear(("1", update("1", "A1")), ("2", update("2", "A2")))
    other = copies.restored(desk, take())
    with other.store.snapshot() as reader:
        (held,) = reader.last_held()
    assert (held.source, held.sender, held.control_id) == ("spoken", "EPIC|NORTH", "C2")
    assert 0 < held.arrived_at <= desk.clock.at


# ------------------------------------------------------------ what is refused


def refused(copies: Copies, file: Path, clock: HandClock, code: str, url: str = "") -> str:
    url = url or copies.place()
    with pytest.raises(InterfaceError) as caught:
        copies.load(file, clock, url)
    assert caught.value.code == code, caught.value.sentence()
    return url


def rewritten(file: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The same members, one of them changed, in a zip that is whole."""
    other = file.with_name("altered.hp24")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return other


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_refused(desk: Desk, take: Take, copies: Copies, kept: float) -> None:
    Till.open(desk)
    file = take()
    os.truncate(file, int(file.stat().st_size * kept))
    refused(copies, file, desk.clock, "backup-unreadable")


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_a_member_that_was_altered_is_refused_and_leaves_no_database(desk: Desk, take: Take, copies: Copies) -> None:
    Till.open(desk)
    file = take()
    with zipfile.ZipFile(file) as whole:
        largest = max(whole.infolist(), key=lambda one: one.file_size * one.filename.endswith(".zst")).filename
    altered = rewritten(file, lambda name, content: flipped(content) if name == largest else content)
    url = refused(copies, altered, desk.clock, "backup-altered")
    copies.load(file, desk.clock, url)  # the place is as empty as before


def test_a_manifest_that_was_altered_is_refused(desk: Desk, take: Take, copies: Copies) -> None:
    file = take()
    old, new = b'"message": 0', b'"message": 9'
    altered = rewritten(file, lambda name, content: content.replace(old, new))
    refused(copies, altered, desk.clock, "backup-altered")


def test_a_file_that_is_something_else_is_refused(tmp_path: Path, copies: Copies, desk: Desk) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("manifest.json", "{}")
        file.writestr("manifest.proof", "")
    refused(copies, other, desk.clock, "backup-unreadable")
    refused(copies, tmp_path / "absent", desk.clock, "backup-unreadable")


def test_a_database_that_is_there_is_never_written_over(
    desk: Desk, take: Take, copies: Copies, made_database: MadeDatabase
) -> None:
    Till.open(desk)
    refused(copies, take(), desk.clock, "database-not-empty", made_database.url)
    assert desk.story("A0").account.public_id


def test_a_backup_is_restored_into_a_database_of_its_kind(
    desk: Desk, take: Take, copies: Copies, tmp_path: Path
) -> None:
    own = copies.place()
    other = f"sqlite:///{tmp_path / 'x.db'}" if own.startswith("postgresql") else "postgresql://nobody@localhost/none"
    refused(copies, take(), desk.clock, "backup-other-database", other)


@pytest.mark.parametrize(("content", "code"), [(None, "key-missing"), ("A" * 43 + "=\n", "key-wrong")])
def test_a_backup_needs_the_key_of_its_database(
    desk: Desk, take: Take, copies: Copies, tmp_path: Path, content: str | None, code: str
) -> None:
    key = tmp_path / "other.key"
    if content:
        key.write_text(content)
        key.chmod(0o600)
    with pytest.raises(StoreError, match=code):
        restore(copies.place(), take(), desk.clock, {"HP24_KEY_FILE": str(key)}, Limits(), settle, silent)


def test_a_file_is_never_written_over(desk: Desk, take: Take) -> None:
    file = take()
    before = file.read_bytes()
    with pytest.raises(ActRefusedError, match="file-exists"):
        take()
    assert file.read_bytes() == before


def test_a_backup_that_cannot_be_written_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="backup-not-written"):
        backup(desk.store, By("nora"), tmp_path / "absent" / "x.hp24", BackupPace(), silent)
    assert not (tmp_path / "absent").exists()


def test_nothing_personal_and_no_master_key_is_readable_in_it(
    desk: Desk, take: Take, made_database: MadeDatabase
) -> None:
    from backports import zstd

    desk.hear(("777001", update("777001", "A777001", family="Quillfeather")))
    with zipfile.ZipFile(take()) as file:
        members = {name: file.read(name) for name in file.namelist()}
    plain = b"".join(zstd.decompress(one) if name.endswith(".zst") else one for name, one in members.items())
    key = Path(made_database.environ["HP24_KEY_FILE"]).read_bytes().splitlines()[-1]
    assert b"EPIC" not in plain and b"spoken" in plain  # the words of the engine are not sealed
    assert not [one for one in (b"Quillfeather", b"777001", key) if one in plain]


def test_progress_rises_to_all(desk: Desk, tmp_path: Path, copies: Copies) -> None:
    Till.open(desk, accounts=50)
    seen: list[tuple[int, int]] = []
    file = tmp_path / "x.hp24"
    backup(desk.store, By("nora"), file, BackupPace(step_bytes=65536), lambda *told: seen.append(told))
    assert seen and seen == sorted(seen)
    seen.clear()
    restore(copies.place(), file, desk.clock, copies._made.environ, Limits(), settle, lambda *told: seen.append(told))
    assert seen and seen[-1][0] == seen[-1][1] > 0


def test_the_schema_must_be_known(desk: Desk, take: Take, copies: Copies) -> None:
    with desk.store.turn("test") as turn:
        turn.transaction.connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        refused(copies, take(), desk.clock, "schema-differs")
    finally:  # the database is shared between tests
        with desk.store.turn("test") as turn:
            turn.transaction.connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
