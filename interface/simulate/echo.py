"""The EHR tells of a payment that it booked: the payment itself as DFT^P03, then the account's new balance in an A08.

That is what makes a payment posted rather than accepted: the interface sees it come back out of the EHR's own accounts.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from interface.simulate.books import Posting, entry_of
from interface.simulate.hospital import Event, Hospital, Trigger, Visit
from interface.simulate.outbox import Outbox
from interface.simulate.vendor import dialect_of


def wall_clock() -> datetime:
    """Return the present, aware, in UTC."""
    return datetime.now(UTC)


class Echo:
    """Sends what was posted back to the engine's own listener; hang it on a receiver as `receiver.echo`."""

    def __init__(
        self,
        hospital: Hospital,
        host: str,
        port: int,
        *,
        delay_secs: float = 0.5,
        give_up_secs: float = 30.0,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        self.outbox = Outbox(host, port, give_up_secs=give_up_secs)
        self._hospital = hospital
        self._dialect = dialect_of(hospital)
        self._delay_secs = delay_secs
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.outbox.stop()

    def tell(self, posting: Posting) -> None:
        """Have the payment and then the balance sent, once the delay is over; nothing, where the EHR tells of no money."""
        if Trigger.FINANCIAL not in self._hospital.site.tells:
            return
        visit = self._visit(posting)
        self.outbox.put(self._delay_secs, lambda: self._payment(visit, posting))
        self.outbox.put(self._delay_secs, lambda: self._balance(visit))

    def _visit(self, posting: Posting) -> Visit:
        with self._hospital.lock:
            return self._hospital.visits.get(posting.visit) or self._hospital.accounts[posting.account].visits[-1]

    def _payment(self, visit: Visit, posting: Posting) -> bytes:
        with self._hospital.lock:
            event = Event(Trigger.FINANCIAL, visit.account.patient, visit, (entry_of(posting),))
            return self._worded(event, posting.at)

    def _balance(self, visit: Visit) -> bytes:
        with self._hospital.lock:
            now = self._clock()
            return self._worded(self._hospital.update(visit, now), now)

    def _worded(self, event: Event, at: datetime) -> bytes:
        sent = self._dialect.tell(event, at)
        assert sent is not None, "a site that tells of money tells of updates, too"
        return sent.content
