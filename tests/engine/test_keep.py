"""The thread that keeps what is stored, with a store that only counts."""

import threading
from dataclasses import replace
from typing import cast

from interface.engine.keep import KeepThread
from interface.errors import StoreUnavailableError
from interface.ports import Store
from interface.settings import Settings


class CountingStore:
    """Says when it was asked to seal; the first time it cannot."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_asked_again = threading.Event()

    def seal_audit(self) -> int:
        self.asked += 1
        if self.asked == 1:
            raise StoreUnavailableError("database-unavailable", "away", place="database")
        if self.asked > 2:
            self.is_asked_again.set()
        return 0


def test_it_seals_again_and_again_also_after_a_database_that_was_away() -> None:
    store = CountingStore()
    pace = replace(Settings().pace(), audit_seal_secs=0.01, storage_retry_secs=0.01)
    thread = KeepThread(cast(Store, store), pace)
    thread.start()
    assert store.is_asked_again.wait(10)
    thread.stop()
    assert not thread._thread.is_alive()
