"""Changing the master key of a database, also while its engine runs: its parts hold the data keys, which stay as they are."""

from dataclasses import dataclass
from pathlib import Path

from interface.errors import ActRefusedError
from interface.operate.act import By, acting, need_reason
from interface.ports import Store


@dataclass(frozen=True, slots=True)
class RotatedKey:
    """The new key is in use. `old_file` holds the old one, which only older backups need; None where a command gives the keys."""

    place: str
    old_file: Path | None


def rotate_key(store: Store, by: By) -> RotatedKey:
    """Wrap the data keys under a new master key.

    Errors: ActRefusedError `reason-missing`, `key-not-new`, `already-rotating`; StoreError `key-not-written` and those of opening.
    """
    need_reason(by, "key rotate")
    with store.exclusive("key") as is_ours:
        if not is_ours:
            raise ActRefusedError("already-rotating", "the master key is being changed", place="key")
        rotation = store.begin_key_rotation()
        with acting(store, by, "rotate-key", "database") as turn:
            turn.rewrap(rotation)
        return RotatedKey(rotation.source.place, store.finish_key_rotation(rotation))
