"""The thread that tells HealthPay24 what changed in the ledger, while this engine holds the `process` lock."""

import threading
import time
from collections.abc import Callable, Mapping

from interface.errors import StoreError
from interface.healthpay24.push import PushStage
from interface.ledger.due import BalancePolicy
from interface.observe.emit import emit
from interface.observe.engine import StorageFailed
from interface.observe.fault import fault
from interface.observe.push import PushFailed
from interface.settings import Pace


class PushThread:
    """Round after round while there is something to tell; between rounds, changes gather.

    `wait_secs` gives the wait after so many rounds in a row that could not reach HealthPay24.
    """

    def __init__(
        self,
        stage: PushStage,
        pace: Pace,
        rules: Mapping[str, BalancePolicy],
        wait_secs: Callable[[int], float],
    ) -> None:
        self._stage = stage
        self._pace = pace
        self._rules: Mapping[str, BalancePolicy] | None = rules  # to be adopted; None once they were
        self._wait_secs = wait_secs
        self._failures = 0
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="push", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def adopt(self, rules: Mapping[str, BalancePolicy]) -> None:
        """Reckon balances by these rules from the next round on."""
        self._rules = rules

    def stop(self) -> None:
        """End after the present round."""
        self._is_stopping.set()
        self._thread.join(self._pace.drain_secs)

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            try:
                wait_secs = self._once()
            except StoreError as failure:
                emit(StorageFailed(code=failure.code, place="push"))
                wait_secs = self._pace.storage_retry_secs
            except Exception as bug:  # noqa: BLE001 - the edge of the thread: a bug must not end telling for good
                emit(fault(bug, "push"))
                wait_secs = self._pace.storage_retry_secs
            self._is_stopping.wait(wait_secs)

    def _once(self) -> float:
        """One round; gives the seconds to wait before the next one."""
        rules = self._rules
        if rules is not None:
            self._stage.adopt(rules)
            if self._rules is rules:  # none newer came meanwhile
                self._rules = None
        started = time.monotonic()
        result = self._stage.run()
        took_secs = time.monotonic() - started
        if result.failure is not None:
            self._failures += 1
            wait_secs = self._wait_secs(self._failures)
            emit(PushFailed(code=result.failure.code, place=result.failure.place, wait_secs=wait_secs))
            return wait_secs
        self._failures = 0
        rest_secs = took_secs * (1 / self._pace.push_share - 1)
        return (
            rest_secs if result.taken >= self._pace.push_batch_records else max(rest_secs, self._pace.push_gather_secs)
        )
