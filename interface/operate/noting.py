"""Looks of many askers at once, kept in the audit trail by shared commits: who asks alone waits for one, and so do sixteen."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from interface.operate.act import By
from interface.ports import Store
from interface.row.act import Act


@dataclass(slots=True, eq=False)
class _Look:
    act: Act
    is_kept: bool = False
    failure: Exception | None = None


class Notes:
    """Keeps looks. From any thread; what is noted while one commit is under way goes into the next one together."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self._looks: list[_Look] = []

    @property
    def waiting(self) -> int:
        """How many looks no commit has taken yet."""
        return len(self._looks)

    def note(self, by: By, verb: str, subject: str, details: Mapping[str, Any] | None = None) -> None:
        """Audit a look at content before it is shown: durable when this returns.

        Errors: what the store raised; each look of a commit that failed is told.
        """
        mine = _Look(Act(by.actor, verb, subject, by.reason, details or {}))
        with self._guard:
            self._looks.append(mine)
        with self._writing:  # whoever had it before may have written this one, too
            if not mine.is_kept and mine.failure is None:
                self._write()
        if mine.failure is not None:
            raise mine.failure

    def _write(self) -> None:
        with self._guard:
            looks, self._looks = self._looks, []
        try:
            with self._store.turn("look") as turn:
                turn.audit([one.act for one in looks])
        except Exception as failure:  # noqa: BLE001 - everyone whose look was not kept is told, and shown nothing
            for one in looks:
                one.failure = failure
        else:
            for one in looks:
                one.is_kept = True
