"""How an Epic-like EHR words its messages: HL7 2.5.1, the segments and identifiers that its interfaces usually send.

The wording is written out here rather than with the engine's own writer on purpose: a mistake shared by both sides
would cancel out. Account (HAR) in PID-18, visit (CSN) in PV1-19 and guarantor account in GT1-2 follow common
practice at such sites.
"""

from datetime import datetime

from interface.simulate.hospital import Entry, EntryKind, Event, Hospital, Patient, Trigger
from interface.simulate.people import Address, Coverage, Person
from interface.simulate.sent import Sent
from interface.simulate.wording import RECORDED_AFTER, SENT_AFTER, amounts, escape, money

# MSH-9.3 (HL7 2.5.1, table 0354) and the segments after PID.
_STRUCTURES: dict[Trigger, tuple[str, tuple[str, ...]]] = {
    Trigger.ADMIT: ("ADT_A01", ("PV1", "GT1", "IN1")),
    Trigger.TRANSFER: ("ADT_A02", ("PV1",)),
    Trigger.DISCHARGE: ("ADT_A03", ("PV1",)),
    Trigger.REGISTER: ("ADT_A01", ("PV1", "GT1", "IN1")),
    Trigger.PREADMIT: ("ADT_A05", ("PV1", "GT1", "IN1")),
    Trigger.UPDATE: ("ADT_A01", ("PV1", "GT1", "IN1")),
    Trigger.CANCEL_ADMIT: ("ADT_A09", ("PV1",)),
    Trigger.CANCEL_DISCHARGE: ("ADT_A01", ("PV1", "GT1", "IN1")),
    Trigger.ADD_PERSON: ("ADT_A05", ("PV1",)),
    Trigger.UPDATE_PERSON: ("ADT_A05", ("PV1", "GT1")),
    Trigger.MERGE: ("ADT_A39", ("MRG",)),
    Trigger.ALLERGY: ("ADT_A60", ("PV1", "IAM")),
    Trigger.FINANCIAL: ("DFT_P03", ("PV1", "FT1")),
}


class Epic:
    """One hospital's EHR: words events and numbers the messages (`N`, three digits of the seed, a counter)."""

    def __init__(self, hospital: Hospital) -> None:
        self._hospital = hospital
        site = hospital.site
        self._zone = site.zone
        self._peers = f"|{site.facility}|{site.receiving_application}|{site.receiving_facility}|"
        self._wishes = f"|P|2.5.1|||{site.accept_ack}|{site.application_ack}||UNICODE UTF-8\r"
        self._mr = f"^^^{site.facility}&{site.authority_oid}&ISO^MR~"
        self._pi = f"^^^{site.enterprise}^PI"
        self._words = {
            "PV1": self._pv1,
            "GT1": self._gt1,
            "IN1": self._in1,
            "FT1": self._ft1,
            "MRG": self._mrg,
            "IAM": _iam,
        }
        # Demographics seldom change: their text is kept beside the value that it was rendered from.
        self._persons: dict[str, tuple[Person, str]] = {}

    def tell(self, event: Event, at: datetime) -> Sent:
        """Return the message of an event that occurred at `at`, and count it in the hospital's books."""
        hospital, trigger, visit = self._hospital, event.trigger, event.visit
        hospital.count_sent(event, at)
        control_id = hospital.number("N", 7)
        account = visit.account.number if visit else ""
        structure, segments = _STRUCTURES[trigger]
        site = hospital.site
        application = site.financial_application if trigger is Trigger.FINANCIAL else site.adt_application
        parts = [
            f"MSH|^~\\&|{application}{self._peers}{self._stamp(at + SENT_AFTER)}||",
            f"{trigger.message_type}^{structure}|{control_id}{self._wishes}",
            f"EVN|{trigger}|{self._stamp(at + RECORDED_AFTER)}|||REG01|{self._stamp(at)}\r",
            self._pid(event.patient, account),
        ]
        parts += [self._words[name](event, at) for name in segments]
        text = "".join(parts)
        return Sent(
            control_id, trigger.message_type, event.patient.lane, account, visit.number if visit else "", text.encode()
        )

    def _stamp(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%Y%m%d%H%M%S%z")

    def _ids(self, patient: Patient) -> str:
        return f"{patient.mrn}{self._mr}{patient.enterprise_id}{self._pi}"

    def _pid(self, patient: Patient, account: str) -> str:
        person = patient.person
        known = self._persons.get(patient.mrn)
        if known is None or known[0] is not person:
            text = (
                f"PID|1||{self._ids(patient)}||{_name(person)}||{person.birth_date:%Y%m%d}|{person.sex}"
                f"|||{_address(person.address)}||{_telecom(person)}||{person.language}|||"
            )
            known = self._persons[patient.mrn] = (person, text)
        number = f"{account}^^^{self._hospital.site.facility}^AN" if account else ""
        return f"{known[1]}{number}\r"

    def _pv1(self, event: Event, at: datetime) -> str:
        visit = event.visit
        if visit is None:
            return "PV1|1|N\r"
        facility = self._hospital.site.facility
        patient_class = "P" if event.trigger is Trigger.PREADMIT else visit.patient_class
        prior = f"{visit.prior_location}^^^{facility}" if visit.prior_location else ""
        coverages = event.patient.coverages
        financial_class = coverages[0].plan_type if coverages else "SP"
        began = self._stamp(visit.began) if visit.began else ""
        ended = self._stamp(visit.ended) if visit.ended else ""
        if event.trigger is Trigger.CANCEL_DISCHARGE:
            ended = '""'  # an empty field would keep the discharge
        parts = (
            f"PV1|1|{patient_class}|{visit.location}^^^{facility}|||{prior}|9901^EXAMPLE^DOCTOR|||{visit.service}",
            f"||||||||{visit.patient_class}|{visit.number}^^^{facility}^VN|{financial_class}",  # PV1-18 to 20
            f"||||||||||||||||{'01' if visit.ended else ''}|||{facility}|||||{began}|{ended}",  # PV1-36 to 45
        )
        return "".join((*parts, amounts(event, at), "\r"))

    def _gt1(self, event: Event, _at: datetime) -> str:
        patient = event.patient
        person = patient.person if patient.relation == "SEL" else patient.guarantor.person
        return (
            f"GT1|1|{patient.guarantor.number}^^^{self._hospital.site.facility}^GN|{_name(person)}||{_address(person.address)}"
            f"|{_telecom(person)}||{person.birth_date:%Y%m%d}|{person.sex}|P|{patient.relation}\r"
        )

    def _in1(self, event: Event, _at: datetime) -> str:
        return "".join([_insurance(coverage) for coverage in event.patient.coverages])

    def _ft1(self, event: Event, _at: datetime) -> str:
        return "".join([self._line(number, entry, event) for number, entry in enumerate(event.entries, 1)])

    def _line(self, number: int, entry: Entry, event: Event) -> str:
        site = self._hospital.site
        amount = f"{money(entry.amount)}&{site.currency}"
        at = entry.at.astimezone(self._zone)
        service = event.visit.service if event.visit else ""
        catalogue = "CDM" if entry.kind is EntryKind.CHARGE else "PAY"
        owner = site.receiving_facility if entry.foreign else f"{site.facility}{catalogue}"
        issuer = site.receiving_facility if entry.foreign else site.facility
        reference = f"||||||||||||||{escape(entry.reference)}^^^{issuer}" if entry.reference else ""
        return (
            f"FT1|{number}|{entry.transaction_id}|B{at:%y%m%d}|{at:%Y%m%d%H%M%S%z}|{at:%Y%m%d}|{entry.kind}"
            f"|{escape(entry.code)}^{escape(entry.text)}^{owner}|||1|{amount}|{amount}|{service}|||{site.facility}{reference}\r"
        )

    def _mrg(self, event: Event, _at: datetime) -> str:
        if event.retired is None:
            raise AssertionError("a merge names the record that it retires")
        return f"MRG|{self._ids(event.retired)}||||||{_name(event.retired.person)}\r"


def _name(person: Person) -> str:
    return f"{escape(person.family)}^{escape(person.given)}^{person.middle}^^^^L"


def _address(address: Address) -> str:
    return f"{escape(address.street)}^{address.other}^{address.city}^{address.state}^{address.zip}^USA^H"


def _telecom(person: Person) -> str:
    mail = f"~^NET^Internet^{person.mail}" if person.mail else ""
    return f"^PRN^CP^^1^{person.area}^{person.phone}{mail}"


def _insurance(coverage: Coverage) -> str:
    insured = coverage.insured
    return (
        f"IN1|{coverage.priority}|{coverage.plan_id}^{escape(coverage.plan_name)}|{coverage.payer_id}"
        f"|{escape(coverage.payer_name)}||||{coverage.group}||||{coverage.effective:%Y%m%d}|||{coverage.plan_type}|{_name(insured)}"
        f"|{coverage.relation}|{insured.birth_date:%Y%m%d}||||{coverage.priority}||||||||||||||{coverage.policy}\r"
    )


def _iam(_event: Event, _at: datetime) -> str:
    return "IAM|1|DA^Drug allergy^HL70127|ALG07^Examplecillin^NORTHALG|||A\r"
