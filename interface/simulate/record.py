"""The hospital's books summed up: what anybody who received its messages should have come to hold.

A record is a snapshot; it is made of the hospital's acts alone and never of an engine's answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from interface.simulate.hospital import Account, EntryKind, Hospital, Site, Trigger, VisitState


@dataclass(frozen=True, slots=True)
class AccountTruth:
    """One account, in minor units. `stated` is the newest balance that a message told (PV1-46), `stated_at` its moment.

    `desk_payments` are those that the hospital took itself, `our_payments` those that came in from HealthPay24.
    `charge_lines` counts FT1 segments; of money that its EHR does not tell of there is none. `patient` is the record that holds
    the account after all merges. `due` is what the patient owes: `stated`, less what came in from HealthPay24 since.
    """

    number: str
    patient: str
    guarantor: str
    visits: Mapping[str, VisitState]
    charges: int
    charge_lines: int
    desk_payments: int
    our_payments: int
    stated: int | None
    stated_at: datetime | None
    due: int


@dataclass(frozen=True, slots=True)
class Record:
    """What was told so far. `sent` counts by type (`ADT^A08`); `merges` are (retired, survivor) record numbers.

    `patients` are the record numbers that live, `early_charges` the accounts whose first message was a charge.
    """

    sent: Mapping[str, int]
    patients: frozenset[str]
    accounts: Mapping[str, AccountTruth]
    merges: tuple[tuple[str, str], ...]
    cancelled_visits: frozenset[str]
    early_charges: tuple[str, ...]

    @property
    def messages(self) -> int:
        """All messages sent."""
        return sum(self.sent.values())

    @property
    def of_no_interest(self) -> int:
        """Messages that a billing interface filters out (A60)."""
        return self.sent.get(Trigger.ALLERGY.message_type, 0)

    @property
    def charges(self) -> int:
        """Sum of all charges, in minor units."""
        return sum(account.charges for account in self.accounts.values())

    @property
    def stated(self) -> int:
        """Sum of the newest stated balances, in minor units."""
        return sum(account.stated or 0 for account in self.accounts.values())


def take_record(hospital: Hospital) -> Record:
    """Sum up the books of a hospital as they are now."""
    with hospital.lock:
        return Record(
            sent=dict(hospital.sent),
            patients=frozenset(number for number, patient in hospital.patients.items() if patient.survivor is None),
            accounts={number: _truth(account, hospital.site) for number, account in hospital.accounts.items()},
            merges=tuple(hospital.merges),
            cancelled_visits=frozenset(
                visit.number for visit in hospital.visits.values() if visit.state is VisitState.CANCELLED
            ),
            early_charges=tuple(hospital.early_charges),
        )


def _truth(account: Account, site: Site) -> AccountTruth:
    payments = [entry for entry in account.entries if entry.kind is EntryKind.PAYMENT]
    tells_money = Trigger.FINANCIAL in site.tells
    stated_at = account.stated_at
    since = sum(entry.amount for entry in payments if entry.foreign and (stated_at is None or entry.at > stated_at))
    return AccountTruth(
        number=account.number,
        patient=account.patient.mrn,
        guarantor=account.patient.guarantor.number,
        visits={visit.number: visit.state for visit in account.visits},
        charges=account.total(EntryKind.CHARGE) if tells_money else 0,
        charge_lines=sum(entry.kind is EntryKind.CHARGE for entry in account.entries) if tells_money else 0,
        desk_payments=sum(entry.amount for entry in payments if not entry.foreign) if tells_money else 0,
        our_payments=sum(entry.amount for entry in payments if entry.foreign),
        stated=account.stated,
        stated_at=stated_at,
        due=max(0, (account.stated or 0) - since),
    )
