"""What happens to patients in a morning, told as steps: how long after the step before, and the act that is done then.

A story decides; the hospital acts. Each is a generator over its own seeded randomness, so one story never disturbs
another, and an act runs only when its moment has come in the order of the whole hospital.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from random import Random
from typing import NamedTuple

from interface.simulate.hospital import Account, Entry, EntryKind, Event, Hospital, Patient, Trigger, Visit
from interface.simulate.people import mishear, move_house


class Step(NamedTuple):
    """One act of a story, `wait_secs` after the step before: a minute at least, so that event times differ."""

    wait_secs: float
    act: Callable[[datetime], Event]


Story = Callable[[Hospital, Patient, Random], Iterator[Step]]

_WARDS = ("MED 401-1", "MED 402-2", "SURG 210-1", "ICU 3-1", "ORTH 118-2")
_CLINICS = ("CARD", "DERM", "ORTH CLIN", "FAM MED", "IMAGING")
_SERVICES = ("CAR", "MED", "SUR", "ORT", "FAM")
_CATALOGUE = (
    ("HN1001", "Office visit, established", 14500),
    ("HN1002", "Office visit, new", 22000),
    ("HN2040", "Chest film, two views", 31250),
    ("HN3110", "Blood count & differential", 4875),
    ("HN4200", "Echocardiogram", 128000),
    ("HN5000", "Room and board, day", 264000),
    ("HN6001", "Emergency visit, level 3", 93500),
    ("HN7007", "Infusion, first hour", 41010),
)
_TENDERS = (("CHECK", "Check"), ("CASH", "Cash"), ("CARDPOS", "Card at desk"))


def outpatient(hospital: Hospital, patient: Patient, rng: Random) -> Iterator[Step]:
    """A clinic visit: registration, updates, charges, the end, a bill; at times a second visit on the same account."""
    yield from _become_known(hospital, patient, rng)
    account = hospital.open_account(patient)
    visit = hospital.plan_visit(account, "O", rng.choice(_CLINICS), rng.choice(_SERVICES))
    yield Step(_minutes(rng, 2), partial(hospital.begin, Trigger.REGISTER, visit))
    yield from _updates(hospital, visit, rng, 2, 4)
    yield from _charges(hospital, visit, rng, 1, 2)
    if rng.random() < 0.1:
        second = hospital.plan_visit(hospital.account_beside(account), "O", rng.choice(_CLINICS), visit.service)
        yield Step(_minutes(rng, 10), partial(hospital.begin, Trigger.REGISTER, second))
        yield from _charges(hospital, second, rng, 1, 1)
    yield Step(_minutes(rng, 30), partial(hospital.discharge, visit))
    yield from _billing(hospital, visit, rng)


def emergency(hospital: Hospital, patient: Patient, rng: Random) -> Iterator[Step]:
    """An emergency visit: registered in haste, asked for allergies (A60), corrected often."""
    visit = hospital.plan_visit(hospital.open_account(patient), "E", "ED 07", "EMR")
    yield Step(0, partial(hospital.begin, Trigger.REGISTER, visit))
    yield Step(_minutes(rng, 2), partial(hospital.note_allergy, visit))
    yield from _updates(hospital, visit, rng, 4, 7)
    yield from _charges(hospital, visit, rng, 1, 3)
    yield Step(_minutes(rng, 40), partial(hospital.discharge, visit))
    yield from _billing(hospital, visit, rng)


def inpatient(hospital: Hospital, patient: Patient, rng: Random) -> Iterator[Step]:
    """A stay: often planned ahead, transfers, daily charges; most leave before the morning is over."""
    visit = hospital.plan_visit(hospital.open_account(patient), "I", rng.choice(_WARDS), rng.choice(_SERVICES))
    if rng.random() < 0.4:
        yield Step(0, partial(hospital.preadmit, visit))
    yield Step(_minutes(rng, 15), partial(hospital.begin, Trigger.ADMIT, visit))
    yield from _updates(hospital, visit, rng, 2, 5)
    for _ in range(rng.choice((0, 1, 1, 2))):
        bed = rng.choice([ward for ward in _WARDS if ward != visit.location])
        yield Step(_minutes(rng, 20), partial(hospital.transfer, visit, bed))
        yield from _updates(hospital, visit, rng, 0, 2)
    yield from _charges(hospital, visit, rng, 1, 3)
    if rng.random() < 0.7:
        yield Step(_minutes(rng, 30), partial(hospital.discharge, visit))
        yield from _billing(hospital, visit, rng)


def discharged_too_early(hospital: Hospital, patient: Patient, rng: Random) -> Iterator[Step]:
    """A stay whose discharge is taken back (A13) and done again."""
    visit = hospital.plan_visit(hospital.open_account(patient), "I", rng.choice(_WARDS), rng.choice(_SERVICES))
    yield Step(0, partial(hospital.begin, Trigger.ADMIT, visit))
    yield from _charges(hospital, visit, rng, 1, 2)
    yield Step(_minutes(rng, 30), partial(hospital.discharge, visit))
    yield Step(_minutes(rng, 5), partial(hospital.cancel_discharge, visit))
    yield from _updates(hospital, visit, rng, 1, 2)
    yield Step(_minutes(rng, 20), partial(hospital.discharge, visit))
    yield from _billing(hospital, visit, rng)


def registered_in_error(hospital: Hospital, patient: Patient, rng: Random) -> Iterator[Step]:
    """A registration or admission that is cancelled (A11): the visit never was, the account stays."""
    trigger, patient_class = rng.choice(((Trigger.REGISTER, "O"), (Trigger.ADMIT, "I")))
    visit = hospital.plan_visit(hospital.open_account(patient), patient_class, rng.choice(_CLINICS), "MED")
    yield Step(0, partial(hospital.begin, trigger, visit))
    yield from _updates(hospital, visit, rng, 0, 1)
    yield Step(_minutes(rng, 10), partial(hospital.cancel_visit, visit))


def registered_twice(hospital: Hospital, patient: Patient, rng: Random) -> Iterator[Step]:
    """One person under two record numbers, each with an account, until the records are merged (A40)."""
    twin = hospital.enrol(mishear(patient.person), patient.guarantor, patient.relation, patient.coverages, patient.lane)
    first = hospital.plan_visit(hospital.open_account(patient), "O", rng.choice(_CLINICS), "FAM")
    second = hospital.plan_visit(hospital.open_account(twin), "O", rng.choice(_CLINICS), "CAR")
    yield Step(0, partial(hospital.begin, Trigger.REGISTER, first))
    yield from _charges(hospital, first, rng, 1, 2)
    yield Step(_minutes(rng, 20), partial(hospital.begin, Trigger.REGISTER, second))
    yield from _updates(hospital, second, rng, 1, 2)
    yield from _charges(hospital, second, rng, 1, 2)
    yield Step(_minutes(rng, 15), partial(hospital.merge, twin, patient))
    yield from _updates(hospital, second, rng, 1, 2)
    yield Step(_minutes(rng, 15), partial(hospital.discharge, second))
    yield from _billing(hospital, second, rng)


def charged_before_arrival(hospital: Hospital, patient: Patient, rng: Random) -> Iterator[Step]:
    """The charge interface is faster than the registration desk: the DFT tells of an account before any ADT does."""
    visit = hospital.plan_visit(hospital.open_account(patient), "O", "IMAGING", "CAR")
    yield from _charges(hospital, visit, rng, 1, 1)
    yield Step(_minutes(rng, 3), partial(hospital.begin, Trigger.REGISTER, visit))
    yield from _updates(hospital, visit, rng, 1, 3)
    yield Step(_minutes(rng, 20), partial(hospital.discharge, visit))
    yield from _billing(hospital, visit, rng)


def only_demographics(hospital: Hospital, patient: Patient, rng: Random) -> Iterator[Step]:
    """Somebody rings up: known to the person index (A28), moved (A31), not here today."""
    yield Step(0, partial(hospital.add_person, patient))
    yield Step(_minutes(rng, 20), partial(hospital.update_person, patient, move_house(rng, patient.person)))


def _become_known(hospital: Hospital, patient: Patient, rng: Random) -> Iterator[Step]:
    if rng.random() < 0.3:
        yield Step(0, partial(hospital.add_person, patient))
        if rng.random() < 0.3:
            yield Step(_minutes(rng, 5), partial(hospital.update_person, patient, move_house(rng, patient.person)))


def _updates(hospital: Hospital, visit: Visit, rng: Random, least: int, most: int) -> Iterator[Step]:
    """A08s: most repeat what is known, one in six brings a new address."""
    for _ in range(rng.randint(least, most)):
        person = visit.account.patient.person
        moved = move_house(rng, person) if rng.random() < 0.17 else None
        yield Step(_minutes(rng, 6), partial(hospital.update, visit, person=moved))


def _charges(hospital: Hospital, visit: Visit, rng: Random, least: int, most: int) -> Iterator[Step]:
    """DFT^P03 with one to three charges each."""
    for _ in range(rng.randint(least, most)):
        items = rng.choices(_CATALOGUE, k=rng.choice((1, 1, 1, 2, 3)))
        yield Step(_minutes(rng, 12), partial(_charge, hospital, visit, items))


def _charge(hospital: Hospital, visit: Visit, items: list[tuple[str, str, int]], at: datetime) -> Event:
    entries = [Entry(hospital.number("C", 6), EntryKind.CHARGE, price, at, code, text) for code, text, price in items]
    return hospital.book(visit, entries)


def _billing(hospital: Hospital, visit: Visit, rng: Random) -> Iterator[Step]:
    """The patient's share becomes known (PV1-46), is corrected at times, and at times paid at the hospital's desk."""
    account = visit.account
    part = rng.choice((0.05, 0.1, 0.2, 0.2, 0.3)) if account.patient.coverages else 1.0
    yield Step(_minutes(rng, 15), lambda at: hospital.bill(visit, _share(account, part), at))
    if rng.random() < 0.5:
        yield Step(_minutes(rng, 20), lambda at: hospital.bill(visit, _share(account, part * 0.9), at))
    if rng.random() < 0.25:
        tender, fraction = rng.choice(_TENDERS), rng.choice((0.25, 0.5, 1.0))
        yield Step(_minutes(rng, 10), lambda at: _pay_at_desk(hospital, visit, tender, fraction, at))
        yield Step(_minutes(rng, 3), partial(hospital.update, visit))


def _share(account: Account, part: float) -> int:
    return round(account.total(EntryKind.CHARGE) * part)


def _pay_at_desk(hospital: Hospital, visit: Visit, tender: tuple[str, str], fraction: float, at: datetime) -> Event:
    code, text = tender
    owed = visit.account.balance(at) or 0
    number = hospital.number("Y", 6)
    paid = Entry(number, EntryKind.PAYMENT, round(owed * fraction), at, code, text, reference=f"{code}{number[-4:]}")
    return hospital.book(visit, (paid,))


def _minutes(rng: Random, mean: float) -> float:
    """Return a waiting time in seconds: a minute at least, the rest exponential."""
    return 60 + rng.expovariate(1 / (mean * 60))
