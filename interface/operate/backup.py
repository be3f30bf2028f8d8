"""Taking a backup, and letting a restored store send again. Restoring itself has no store to act on yet: see `app/restore.py`."""

from pathlib import Path

from interface.errors import ActRefusedError
from interface.operate.act import By, acting, need_reason, note
from interface.ports import Progress, Store
from interface.row.backup import BackupPace, Manifest


def backup(store: Store, by: By, file: Path, pace: BackupPace, progress: Progress) -> Manifest:
    """Write a backup of a running store. Its own line of the audit trail is in it.

    Errors: ActRefusedError `file-exists`; StoreError `backup-not-written`, `database-damaged`.
    """
    note(store, by, "backup", "database", details={"file": file.name})
    manifest = store.backup(file, pace, progress)
    with store.turn("backup") as turn:
        turn.note_backup(manifest.made_at)
    return manifest


def resume_after_restore(store: Store, by: By) -> None:
    """Let a restored store send: deliveries that are not ambiguous, probes, and what HealthPay24 is told.

    Errors: ActRefusedError `reason-missing`, `not-restored` where nothing stands still.
    """
    need_reason(by, "resume")
    with acting(store, by, "resume-after-restore", "database") as turn:
        if not turn.resume_after_restore():
            raise ActRefusedError("not-restored", "nothing stands still after a restore", place="database")
