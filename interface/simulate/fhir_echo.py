"""A hospital whose EHR takes payments over HTTP: it books them on its accounts, and tells of each and of the new balance as FHIR.

It tells a while after it has answered, and the balance once the payment was heard: as of then it contains it.

Only PaymentReconciliation names an account by its number; what comes in another shape stays in the server's own record.
"""

import json
import threading
import time
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
from interface.simulate.hospital import Account, Entry, EntryKind, Hospital, Visit

Send = Callable[[tuple[FhirRequest, ...]], FhirSending]
Compose = Callable[[], tuple[FhirRequest, ...]]
"""Words requests when they are due, so that they tell what is true then."""


class FhirEcho:
    """Books on a hospital's accounts; hang `book` on a server as `booked`. A context manager, which sends while it lasts.

    `send` posts what is told; without one nothing is. `failures` are the kinds of what the engine never answered for good.
    """

    def __init__(
        self,
        hospital: Hospital,
        send: Send | None = None,
        *,
        delay_secs: float = 0.5,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        self.answered = FhirSending()
        self.failures: list[str] = []
        self._hospital = hospital
        self._words = FhirWords(hospital.site)
        self._send = send
        self._clock = clock
        self._delay_secs = delay_secs
        self._waiting: SimpleQueue[tuple[float, Compose] | None] = SimpleQueue()
        self._open = 0
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.put(None)
        self._thread.join()

    def book(self, booked: Booked) -> None:
        """Enter a payment in the hospital's books and have it told. Raises BrokenContractError where no account is known."""
        if booked.shape != RECONCILIATION:
            return
        with self._hospital.lock:
            now = self._clock()
            account, entry = posting_of(booked, self._hospital, now)
            visit = account.visits[-1]
            payment = tuple(self._words.tell(self._hospital.book(visit, (entry,)), now))
        self._later(lambda: payment)
        self._later(lambda: self._balance(visit))

    def _later(self, compose: Compose) -> None:
        if self._send is None:
            return
        with self._changed:
            self._open += 1
        self._waiting.put((time.monotonic() + self._delay_secs, compose))

    def _balance(self, visit: Visit) -> tuple[FhirRequest, ...]:
        with self._hospital.lock:
            now = self._clock()
            event = self._hospital.update(visit, now)
            self._hospital.count_sent(event, now)
            return tuple(self._words.tell(event, now))

    def wait_empty(self, secs: float) -> bool:
        """Whether everything was told, or given up, within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, secs)

    def _run(self) -> None:
        while (one := self._waiting.get()) is not None:
            assert self._send is not None, "nothing waits where nothing is sent"
            due, compose = one
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                self.answered.add(self._send(compose()))
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
