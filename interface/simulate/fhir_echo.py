"""A hospital whose EHR takes payments over HTTP: it books them on its accounts, and tells of each and of the new balance as FHIR.

Only PaymentReconciliation names an account by its number; what comes in another shape stays in the server's own record.
"""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from interface.simulate.echo import wall_clock
from interface.simulate.fhir_books import RECONCILIATION, Booked, BrokenContractError
from interface.simulate.fhir_day import FhirRequest, FhirWords
from interface.simulate.fhir_sender import FhirSending, NobodyThereError, send_day
from interface.simulate.hospital import Account, Entry, EntryKind, Event, Hospital

Send = Callable[[tuple[FhirRequest, ...]], FhirSending]


class FhirEcho:
    """Books on a hospital's accounts; hang `book` on a server as `booked`. A context manager, which sends while it lasts.

    `send` posts what is told; without one nothing is. `failures` are the kinds of what the engine never answered for good.
    """

    def __init__(
        self, hospital: Hospital, send: Send | None = None, *, clock: Callable[[], datetime] = wall_clock
    ) -> None:
        self.answered = FhirSending()
        self.failures: list[str] = []
        self._hospital = hospital
        self._words = FhirWords(hospital.site)
        self._send = send
        self._clock = clock
        self._waiting: SimpleQueue[tuple[FhirRequest, ...]] = SimpleQueue()
        self._open = 0
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.put(())
        self._thread.join()

    def book(self, booked: Booked) -> None:
        """Enter a payment in the hospital's books and have it told. Raises BrokenContractError where no account is known."""
        if booked.shape != RECONCILIATION:
            return
        with self._hospital.lock:
            now = self._clock()
            account, entry = posting_of(booked, self._hospital, now)
            visit = account.visits[-1]
            told = [*self._words.tell(self._hospital.book(visit, (entry,)), now)]
            told += self._words.tell(self._balance(account), now)
        if self._send is not None:
            with self._changed:
                self._open += 1
            self._waiting.put(tuple(told))

    def _balance(self, account: Account) -> Event:
        event = self._hospital.update(account.visits[-1], self._clock())
        self._hospital.count_sent(event, self._clock())
        return event

    def wait_empty(self, secs: float) -> bool:
        """Whether everything was told, or given up, within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, secs)

    def _run(self) -> None:
        while told := self._waiting.get():
            assert self._send is not None, "nothing waits where nothing is sent"
            try:
                found = self._send(told)
                self.answered.sent += found.sent
                self.answered.statuses += found.statuses
                self.answered.refused += found.refused
            except NobodyThereError as nobody:
                self.failures.append(str(nobody))
            with self._changed:
                self._open -= 1
                self._changed.notify_all()


def to_server(base_url: str, token: str = "") -> Send:
    """How an echo sends to a FHIR server."""
    return lambda told: send_day(told, base_url, token)


def posting_of(booked: Booked, hospital: Hospital, at: datetime) -> tuple[Account, Entry]:
    """The account that a PaymentReconciliation is for, and the line that it becomes there."""
    found: dict[str, Any] = json.loads(booked.content, parse_float=Decimal)
    (detail,) = found["detail"]
    account = hospital.accounts.get(detail["request"]["identifier"]["value"])
    if account is None:
        raise BrokenContractError("PaymentReconciliation.detail[0].request")
    paid = found.get("paymentIdentifier", {})
    tender = paid.get("type", {}).get("text", "")
    number = booked.identifier.rpartition("|")[2]
    minor = int((Decimal(booked.amount) * 100).to_integral_value())
    entry = Entry(
        transaction_id=number,
        kind=EntryKind.PAYMENT,
        amount=minor,
        at=at.astimezone(UTC),
        code=tender.upper(),
        text=tender,
        reference=paid.get("value", ""),
        foreign=True,
    )
    return account, entry
