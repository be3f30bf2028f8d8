"""`hp24 restore`: a new home made of a backup. What it may have sent in its earlier life is settled before anybody can open it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from interface.app.compose import keep_key_apart, limits_of
from interface.channel.environment import settings_at
from interface.engine.clock import SystemClock
from interface.engine.standby import is_held
from interface.errors import ActRefusedError
from interface.healthpay24.payload import SOURCE as HEALTHPAY24
from interface.operate.act import By, need_reason
from interface.operate.amend import SOURCE as OPERATOR
from interface.pipeline.restored import doubt_unfinished
from interface.ports import Progress, Turn
from interface.row.act import Act
from interface.row.backup import LastHeld, Manifest
from interface.store.files import files_translated
from interface.store.restore import restore

_OUR_OWN = (OPERATOR, HEALTHPAY24)  # sources whose messages no sender has


@dataclass(frozen=True, slots=True)
class RestoredStore:
    """What was restored. `in_doubt` deliveries may have been sent already; `held` says where senders are to begin again."""

    manifest: Manifest
    in_doubt: int
    held: tuple[LastHeld, ...]


def restore_home(
    home: Path, root: Path, environ: Mapping[str, str], by: By, file: Path, progress: Progress
) -> RestoredStore:
    """Restore a backup into a home that is empty or not there yet.

    Errors: ActRefusedError `engine-running`, `home-not-empty`, `reason-missing`; see `store.restore.restore`.
    """
    need_reason(by, "restore")
    _require_empty(home)
    settings = settings_at(root, home, environ)
    keep_key_apart(root, environ)
    clock = SystemClock()
    settled: list[tuple[int, tuple[LastHeld, ...]]] = []

    def settle(turn: Turn, manifest: Manifest) -> None:
        doubtful = doubt_unfinished(turn, clock.now())
        turn.tell_again()  # HealthPay24 may have been told more than this store remembers
        details = {"file": file.name, "made_at": manifest.made_at, "in_doubt": doubtful}
        turn.audit([Act(by.actor, "restore", "database", by.reason, details)])
        held = (one for one in turn.last_held() if one.source.partition("/")[0] not in _OUR_OWN)
        settled.append((doubtful, tuple(held)))

    with files_translated():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    manifest = restore(settings.database_url, file, clock, environ, limits_of(settings), settle, progress)
    in_doubt, held = settled[0]
    return RestoredStore(manifest, in_doubt, held)


def _require_empty(home: Path) -> None:
    if not home.is_dir() or not any(home.iterdir()):
        return
    if any(is_held(lock) for lock in (home / "run").glob("*.lock")):
        raise ActRefusedError(
            "engine-running",
            "an engine runs in this home; nothing was changed",
            place=str(home),
            advice="stop it, and restore into a home of its own",
        )
    raise ActRefusedError(
        "home-not-empty",
        "a backup is restored into an empty home only; nothing was changed",
        place=str(home),
        advice="give another directory, and keep this one until the restored one is in use",
    )
