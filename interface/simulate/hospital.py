"""A model hospital: what happens in it, and so what is true, whatever any interface engine makes of it.

Every act changes the hospital's own books and returns the event that its EHR tells others. Nothing here knows HL7;
`epic` words events, `record` sums the books up. Amounts are integer minor units of the site's currency, moments are
aware datetimes in UTC.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from threading import RLock
from zoneinfo import ZoneInfo

from interface.simulate.people import Coverage, Guarantor, Person


class Trigger(StrEnum):
    """The trigger events that this hospital sends."""

    ADMIT = "A01"
    TRANSFER = "A02"
    DISCHARGE = "A03"
    REGISTER = "A04"
    PREADMIT = "A05"
    UPDATE = "A08"
    CANCEL_ADMIT = "A11"
    CANCEL_DISCHARGE = "A13"
    ADD_PERSON = "A28"
    UPDATE_PERSON = "A31"
    MERGE = "A40"
    ALLERGY = "A60"
    FINANCIAL = "P03"

    @property
    def message_type(self) -> str:
        """MSH-9.1 and 9.2, written `ADT^A08`."""
        return f"{'DFT' if self is Trigger.FINANCIAL else 'ADT'}^{self.value}"


class VisitState(StrEnum):
    """Where a visit stands."""

    PLANNED = "planned"
    IN_PROGRESS = "in-progress"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class EntryKind(StrEnum):
    """FT1-6, HL7 table 0017, as far as this hospital uses it."""

    CHARGE = "CG"
    PAYMENT = "PY"


class Vendor(StrEnum):
    """Whose EHR the hospital has: it decides how events are worded."""

    EPIC = "epic"
    CERNER = "cerner"
    ATHENA = "athena"


class Billing(StrEnum):
    """What an account stands for."""

    STAY = "stay"  # one or more visits
    VISIT = "visit"  # one visit, never two
    PATIENT = "patient"  # the patient, whose number it has


@dataclass(frozen=True, slots=True)
class Site:
    """What is fixed about one hospital: names on the wire, assigning authorities, time zone, currency, wished answers.

    `accept_ack` and `application_ack` are MSH-15 and MSH-16 (HL7 table 0155); both empty ask for original mode. `tells` are the
    events that its EHR sends. `taking_back` ends the codes (FT1-7) of what takes a payment back, where amounts have no sign.
    """

    vendor: Vendor = Vendor.EPIC
    facility: str = "NORTH"
    adt_application: str = "EPICADT"
    financial_application: str = "EPICFIN"
    receiving_application: str = "HP24ENG"
    receiving_facility: str = "HP24"
    authority_oid: str = "2.16.840.1.113883.3.9999.1"
    enterprise: str = "ENT"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("America/Chicago"))
    currency: str = "USD"
    accept_ack: str = "AL"
    application_ack: str = "NE"
    billing: Billing = Billing.STAY
    tells: frozenset[Trigger] = frozenset(Trigger)
    taking_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of an account: a charge raises what is owed, a payment lowers it; a negative amount takes one back.

    `reference` is the payment medium's own number. `foreign` marks what came in over the interface, from HealthPay24.
    """

    transaction_id: str
    kind: EntryKind
    amount: int
    at: datetime
    code: str
    text: str
    reference: str = ""
    foreign: bool = False


@dataclass(slots=True)
class Patient:
    """A patient record. `relation` to the guarantor: SEL or PAR (HL7 table 0063). `survivor` replaced it in a merge."""

    mrn: str
    enterprise_id: str
    person: Person
    guarantor: Guarantor
    relation: str
    coverages: tuple[Coverage, ...]
    lane: str
    survivor: "Patient | None" = None
    accounts: "list[Account]" = field(default_factory=list)

    @property
    def current(self) -> "Patient":
        """The record that stands for this one today, through any chain of merges."""
        patient = self
        while patient.survivor is not None:
            patient = patient.survivor
        return patient


@dataclass(slots=True)
class Account:
    """A hospital account. `share` is what the patient is to pay of the charges, unknown until it has been billed."""

    number: str
    patient: Patient
    visits: "list[Visit]" = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    share: int | None = None
    stated: int | None = None
    stated_at: datetime | None = None

    def total(self, kind: EntryKind) -> int:
        """Sum of one kind of entries."""
        return sum(entry.amount for entry in self.entries if entry.kind is kind)

    def paid(self, at: datetime) -> int:
        """What had been paid at a moment."""
        return sum(entry.amount for entry in self.entries if entry.kind is EntryKind.PAYMENT and entry.at <= at)

    def balance(self, at: datetime) -> int | None:
        """What the patient owed at a moment: the share less the payments up to then; None before billing."""
        return None if self.share is None else self.share - self.paid(at)


@dataclass(slots=True)
class Visit:
    """A visit, billed to one account; `patient_class` is of HL7 table 0004."""

    number: str
    account: Account
    patient_class: str
    location: str
    service: str
    prior_location: str = ""
    state: VisitState = VisitState.PLANNED
    began: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened and that the EHR tells others. A merge names the `retired` record beside the patient."""

    trigger: Trigger
    patient: Patient
    visit: Visit | None = None
    entries: tuple[Entry, ...] = ()
    retired: Patient | None = None


class Hospital:
    """The books of one hospital. Numbers come from ranges of the seed's own: two seeds below 1000 never collide.

    Acts may come from several threads (a morning's traffic, the receiving EHR): hold `lock` around an act and its
    wording.
    """

    def __init__(self, seed: int, site: Site | None = None) -> None:
        self.seed = seed
        self.site = site or Site()
        self.lock = RLock()
        self.patients: dict[str, Patient] = {}
        self.accounts: dict[str, Account] = {}
        self.visits: dict[str, Visit] = {}
        self.merges: list[tuple[str, str]] = []
        self.early_charges: list[str] = []
        self.sent: Counter[str] = Counter()
        self._numbers: Counter[str] = Counter()

    def number(self, prefix: str, width: int = 5) -> str:
        """Return the next number of a series, `7` + three digits of the seed + a counter."""
        self._numbers[prefix] += 1
        return f"{prefix}{self.seed % 1000:03d}{self._numbers[prefix]:0{width}d}"

    def enrol(
        self, person: Person, guarantor: Guarantor, relation: str, coverages: tuple[Coverage, ...], lane: str = ""
    ) -> Patient:
        """Return a new patient record; nothing is told of it yet, so it is not in the books either."""
        mrn = self.number("7")
        return Patient(mrn, self.number("E"), person, guarantor, relation, coverages, lane or mrn)

    def plan_visit(self, account: Account, patient_class: str, location: str, service: str) -> Visit:
        """Return a new visit of an account, not told of and not in the books yet."""
        return Visit(self.number("5"), account, patient_class, location, service)

    def open_account(self, patient: Patient) -> Account:
        """Return a new account, not told of and not in the books yet; the patient's only one where accounts are patients."""
        is_patients = self.site.billing is Billing.PATIENT
        if is_patients and patient.accounts:
            return patient.accounts[0]
        account = Account(patient.mrn if is_patients else self.number("9"), patient)
        patient.accounts.append(account)
        return account

    def account_beside(self, account: Account) -> Account:
        """Return the account of one more visit after those of `account`: the same, or a new one for each visit."""
        return self.open_account(account.patient) if self.site.billing is Billing.VISIT else account

    def _tell(self, trigger: Trigger, visit: Visit) -> Event:
        """Enter in the books what the event makes known."""
        account = visit.account
        self.patients[account.patient.mrn] = account.patient
        self.accounts[account.number] = account
        if visit.number not in self.visits:
            self.visits[visit.number] = visit
            account.visits.append(visit)
        return Event(trigger, account.patient, visit)

    def add_person(self, patient: Patient, _at: datetime) -> Event:
        """A28: a person becomes known; no visit, no account."""
        self._know(patient)
        return Event(Trigger.ADD_PERSON, patient)

    def update_person(self, patient: Patient, person: Person, _at: datetime) -> Event:
        """A31: something about the person changed."""
        self._know(patient)
        patient.person = person
        return Event(Trigger.UPDATE_PERSON, patient)

    def _know(self, patient: Patient) -> None:
        self.patients[patient.mrn] = patient
        if self.site.billing is Billing.PATIENT:
            account = self.open_account(patient)
            self.accounts[account.number] = account

    def preadmit(self, visit: Visit, _at: datetime) -> Event:
        """A05: a stay is planned."""
        return self._tell(Trigger.PREADMIT, visit)

    def begin(self, trigger: Trigger, visit: Visit, at: datetime) -> Event:
        """A01 or A04: a visit begins."""
        visit.state, visit.began = VisitState.IN_PROGRESS, at
        return self._tell(trigger, visit)

    def transfer(self, visit: Visit, location: str, _at: datetime) -> Event:
        """A02: another bed."""
        visit.prior_location, visit.location = visit.location, location
        return self._tell(Trigger.TRANSFER, visit)

    def discharge(self, visit: Visit, at: datetime) -> Event:
        """A03: the visit ends."""
        visit.state, visit.ended = VisitState.FINISHED, at
        return self._tell(Trigger.DISCHARGE, visit)

    def cancel_discharge(self, visit: Visit, _at: datetime) -> Event:
        """A13: the discharge was an error."""
        visit.state, visit.ended = VisitState.IN_PROGRESS, None
        return self._tell(Trigger.CANCEL_DISCHARGE, visit)

    def cancel_visit(self, visit: Visit, _at: datetime) -> Event:
        """A11: the visit was an error."""
        visit.state = VisitState.CANCELLED
        return self._tell(Trigger.CANCEL_ADMIT, visit)

    def update(self, visit: Visit, _at: datetime, person: Person | None = None) -> Event:
        """A08: whatever changed, the message repeats all that is known."""
        if person is not None:
            visit.account.patient.person = person
        return self._tell(Trigger.UPDATE, visit)

    def note_allergy(self, visit: Visit, _at: datetime) -> Event:
        """A60: clinical; of no interest to billing."""
        return self._tell(Trigger.ALLERGY, visit)

    def bill(self, visit: Visit, share: int, at: datetime) -> Event:
        """A08 after billing worked out, first or again, what the patient is to pay."""
        visit.account.share = share
        return self.update(visit, at)

    def book(self, visit: Visit, entries: Iterable[Entry]) -> Event:
        """DFT^P03: charges, or payments that the EHR took itself or got from others."""
        booked = tuple(entries)
        if visit.account.number not in self.accounts:
            self.early_charges.append(visit.account.number)
        event = self._tell(Trigger.FINANCIAL, visit)
        visit.account.entries.extend(booked)
        return Event(event.trigger, event.patient, visit, booked)

    def merge(self, retired: Patient, survivor: Patient, _at: datetime) -> Event:
        """A40: two records were one person; whatever hung on the retired one follows the survivor."""
        retired.survivor = survivor
        self.patients[survivor.mrn] = survivor
        self.merges.append((retired.mrn, survivor.mrn))
        for account in retired.accounts:
            account.patient = survivor
        survivor.accounts += retired.accounts
        retired.accounts = []
        return Event(Trigger.MERGE, survivor, retired=retired)

    def count_sent(self, event: Event, at: datetime) -> None:
        """Note that the event was told, and with it the account's balance where the message states one."""
        self.sent[event.trigger.message_type] += 1
        if event.visit is None or event.trigger in SILENT_ON_BALANCE:
            return
        account = event.visit.account
        balance = account.balance(at)
        if balance is not None and (account.stated_at is None or at >= account.stated_at):
            account.stated, account.stated_at = balance, at


SILENT_ON_BALANCE = frozenset({Trigger.FINANCIAL, Trigger.ALLERGY, Trigger.TRANSFER, Trigger.CANCEL_ADMIT})
"""Events whose messages leave PV1-46 to 49 empty."""
