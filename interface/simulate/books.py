"""What the receiving EHR checks and books of the payments that come to it: DFT^P03 whose FT1 lines are payments (PY).

It books by FT1-2 and kind of amount, as a cashier's journal would: the same line a second time is booked a second
time and noted as an incident, because that is what an EHR does to a patient's account when it is paid twice. Only
the very same message sent again (same MSH-10, same bytes) is recognised, if the EHR is one that does so.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from interface.hl7.problem import ErrorCode
from interface.simulate.hospital import Account, Billing, Entry, EntryKind, Hospital, Site
from interface.simulate.incoming import Incoming, component, field_of, read_amount

PROBE = "NMQ^N01"
"""A message that no receiver can post; any answer proves that somebody is there."""
_LONGEST = {2: 12, 3: 10}  # FT1-2 and FT1-3, widths of the columns they are kept in


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message is refused: HL7 table 0357 and the place, written as ERR-2 wants it (`FT1^1^11`)."""

    code: ErrorCode
    place: str


@dataclass(frozen=True, slots=True)
class Posting:
    """One booked payment line; `amount` in minor units, negative when it takes one back."""

    transaction_id: str
    account: str
    visit: str
    amount: int
    reference: str
    code: str
    text: str
    control_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Journal:
    """What was booked so far. `duplicates` are lines booked although the same one had been booked before.

    `redelivered` counts messages recognised as sent before and not booked again; `amounts` sums all lines by account.
    """

    posted: tuple[Posting, ...]
    duplicates: tuple[Posting, ...]
    redelivered: int
    amounts: Mapping[str, int]


class Books:
    """A journal of payments received. With a hospital, patients and accounts are checked and their balances change."""

    def __init__(self, hospital: Hospital | None, clock: Callable[[], datetime], *, deduplicates: bool) -> None:
        self._hospital = hospital
        self._site = hospital.site if hospital is not None else Site()
        self._clock = clock
        self._deduplicates = deduplicates
        self._posted: list[Posting] = []
        self._duplicates: list[Posting] = []
        self._redelivered = 0
        self._amounts: Counter[str] = Counter()
        self._lines: set[tuple[str, bool, str]] = set()
        self._messages: dict[str, bytes] = {}

    def check(self, incoming: Incoming) -> Fault | None:
        """Return why the message cannot be booked, if so."""
        if incoming.message_type != "DFT^P03":
            return Fault(ErrorCode.UNSUPPORTED_MESSAGE_TYPE, "MSH^1^9")
        lines = incoming.all("FT1")
        if not lines:
            return Fault(ErrorCode.SEGMENT_SEQUENCE, "FT1")
        for number, line in enumerate(lines, 1):
            fault = _check_line(line, number)
            if fault:
                return fault
        return self._check_identity(incoming)

    def book(self, incoming: Incoming) -> tuple[Posting, ...]:
        """Book a message that passed `check`; return its lines, none when the message was recognised as sent before."""
        if self._deduplicates and self._messages.get(incoming.control_id) == incoming.content:
            self._redelivered += 1
            return ()
        self._messages[incoming.control_id] = incoming.content
        return tuple(self._book_line(incoming, line) for line in incoming.all("FT1"))

    def journal(self) -> Journal:
        """Return a snapshot."""
        return Journal(tuple(self._posted), tuple(self._duplicates), self._redelivered, dict(self._amounts))

    def _check_identity(self, incoming: Incoming) -> Fault | None:
        if not component(incoming.field("PID", 3), 1):
            return Fault(ErrorCode.REQUIRED_FIELD_MISSING, "PID^1^3")
        if not _account_number(incoming, self._site):
            return Fault(ErrorCode.REQUIRED_FIELD_MISSING, "PID^1^18")
        if self._hospital is None:
            return None
        with self._hospital.lock:
            account = _account_named(incoming, self._hospital)
            if account is None:
                return Fault(ErrorCode.UNKNOWN_KEY, "PID^1^18")
            named = [part.split("^")[0] for part in incoming.field("PID", 3).split("~")]
            known = [self._hospital.patients[mrn].current for mrn in named if mrn in self._hospital.patients]
            return None if account.patient in known else Fault(ErrorCode.UNKNOWN_KEY, "PID^1^3")

    def _book_line(self, incoming: Incoming, line: tuple[str, ...]) -> Posting:
        amount = read_amount(field_of(line, 11))
        assert amount is not None, "checked before"
        code = component(field_of(line, 7), 1)
        posting = Posting(
            transaction_id=field_of(line, 2),
            account=self._account_number(incoming),
            visit=component(incoming.field("PV1", 19), 1),
            amount=-amount[0] if code.endswith(self._site.taking_back) else amount[0],
            reference=component(field_of(line, 30), 1) or field_of(line, 9),
            code=code,
            text=component(field_of(line, 7), 2),
            control_id=incoming.control_id,
            at=self._clock(),
        )
        key = (posting.transaction_id, posting.amount < 0, posting.account)
        if key in self._lines:
            self._duplicates.append(posting)
        self._lines.add(key)
        self._posted.append(posting)
        self._amounts[posting.account] += posting.amount
        self._tell_hospital(posting)
        return posting

    def _account_number(self, incoming: Incoming) -> str:
        if self._hospital is not None:
            account = _account_named(incoming, self._hospital)
            if account is not None:
                return account.number
        return _account_number(incoming, self._site)

    def _tell_hospital(self, posting: Posting) -> None:
        if self._hospital is None:
            return
        with self._hospital.lock:
            account = self._hospital.accounts[posting.account]
            visit = self._hospital.visits.get(posting.visit) or account.visits[-1]
            self._hospital.book(visit, [entry_of(posting)])


def entry_of(posting: Posting) -> Entry:
    """Return the line of the hospital's account that a posting became."""
    return Entry(
        transaction_id=posting.transaction_id,
        kind=EntryKind.PAYMENT,
        amount=posting.amount,
        at=posting.at,
        code=posting.code,
        text=posting.text,
        reference=posting.reference,
        foreign=True,
    )


def _account_named(incoming: Incoming, hospital: Hospital) -> Account | None:
    """Return the account that PID-18 names, else the one of the visit in PV1-19; or the patient's where accounts are patients."""
    number = _account_number(incoming, hospital.site)
    visit = hospital.visits.get(number)
    return hospital.accounts.get(number) or (visit.account if visit else None)


def _account_number(incoming: Incoming, site: Site) -> str:
    if site.billing is Billing.PATIENT:
        return component(incoming.field("PID", 3), 1)
    return component(incoming.field("PID", 18), 1) or component(incoming.field("PV1", 19), 1)


def _check_line(line: tuple[str, ...], number: int) -> Fault | None:
    """Check one FT1: what must be there (HL7 2.5.1, 6.5.1; here an amount, too), what it holds, how long it is."""
    for required in (2, 4, 6, 7, 11):
        if not field_of(line, required):
            return Fault(ErrorCode.REQUIRED_FIELD_MISSING, f"FT1^{number}^{required}")
    if field_of(line, 6) != EntryKind.PAYMENT:
        return Fault(ErrorCode.TABLE_VALUE, f"FT1^{number}^6")
    for limited, width in _LONGEST.items():
        if len(field_of(line, limited)) > width:
            return Fault(ErrorCode.VALUE_TOO_LONG, f"FT1^{number}^{limited}")
    if read_amount(field_of(line, 11)) is None:
        return Fault(ErrorCode.DATA_TYPE, f"FT1^{number}^11")
    return None
