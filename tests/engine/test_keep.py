"""The thread that keeps what is stored, with a store that only counts."""

import threading
from collections import Counter
from dataclasses import replace
from typing import cast

from interface.engine.keep import KeepThread
from interface.errors import StoreUnavailableError
from interface.pipeline.purge import PurgeReport, Rest, RuleReport
from interface.ports import Store
from interface.row.purge import Rule, Why
from interface.settings import Settings

SOON = replace(Settings().pace(), audit_seal_secs=0.01, storage_retry_secs=0.01, purge_every_hours=1e-6)


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


class Purging:
    """A purge whose first run leaves something that no baseline contains."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.is_done = threading.Event()

    def run(self, _rest: Rest) -> PurgeReport:
        self.told.append("purge")
        if len(self.told) >= 3:
            self.is_done.set()
        why = Counter({Why.PROOF: 1}) if len(self.told) == 1 else Counter()
        return PurgeReport([RuleReport(Rule.PROCESSED_BODIES, 30, kept=why)])

    def baseline(self) -> None:
        self.told.append("baseline")


def thread_of(store: CountingStore, purging: Purging) -> KeepThread:
    return KeepThread(cast(Store, store), SOON, purge=purging.run, take_baseline=purging.baseline)


def test_it_seals_again_and_again_also_after_a_database_that_was_away() -> None:
    store = CountingStore()
    thread = thread_of(store, Purging())
    thread.start()
    assert store.is_asked_again.wait(10)
    thread.stop()
    assert not thread._thread.is_alive()


def test_a_purge_that_wants_a_baseline_gets_one_and_goes_on() -> None:
    purging = Purging()
    thread = thread_of(CountingStore(), purging)
    thread.start()
    assert purging.is_done.wait(10)
    thread.stop()
    assert purging.told[:3] == ["purge", "baseline", "purge"]


def test_a_stop_ends_a_purge_at_its_next_rest_and_seals_go_on_meanwhile() -> None:
    store, rested = CountingStore(), threading.Event()

    def purge(rest: Rest) -> PurgeReport:
        while not rest(0.001):
            if store.asked > 2:
                rested.set()
        return PurgeReport(is_whole=False)

    thread = KeepThread(cast(Store, store), SOON, purge=purge, take_baseline=lambda: None)
    thread.start()
    assert rested.wait(10)
    thread.stop()
    assert not thread._thread.is_alive()
