"""How an EHR like Oracle Health's Cerner Millennium words its messages: HL7 2.3, words where others send codes.

The dress of numbers follows public messages of Millennium: the financial number (FIN) in PID-18, pools and types in words, long
control ids, local times without an offset. Where a visit's number and amounts stand is practice.
"""

from collections.abc import Callable
from datetime import datetime

from interface.simulate.hospital import Entry, Event, Hospital, Patient, Trigger
from interface.simulate.people import Address, Coverage, Person
from interface.simulate.sent import Sent
from interface.simulate.wording import RECORDED_AFTER, SENT_AFTER, amounts, escape, money

_CHARSET = "latin-1"  # MSH-18 8859/1: a letter beyond it is lost, as it is there
_SEGMENTS: dict[Trigger, tuple[str, ...]] = {
    Trigger.ADMIT: ("PV1", "GT1", "IN1"),
    Trigger.TRANSFER: ("PV1",),
    Trigger.DISCHARGE: ("PV1",),
    Trigger.REGISTER: ("PV1", "GT1", "IN1"),
    Trigger.PREADMIT: ("PV1", "GT1", "IN1"),
    Trigger.UPDATE: ("PV1", "GT1", "IN1"),
    Trigger.CANCEL_ADMIT: ("PV1",),
    Trigger.CANCEL_DISCHARGE: ("PV1", "GT1", "IN1"),
    Trigger.ADD_PERSON: ("PV1",),
    Trigger.UPDATE_PERSON: ("PV1", "GT1"),
    Trigger.MERGE: ("MRG",),
    Trigger.ALLERGY: ("PV1", "IAM"),
    Trigger.FINANCIAL: ("PV1", "FT1"),
}
_CLASSES = {"I": "Inpatient", "O": "Outpatient", "E": "Emergency", "P": "Preadmit"}
_SEXES = {"F": "Female", "M": "Male", "U": "Unknown"}


class Cerner:
    """One hospital's EHR: words events and numbers the messages (`Q..T..X..`, 25 characters)."""

    def __init__(self, hospital: Hospital) -> None:
        self._hospital = hospital
        self._site = hospital.site
        self._words: dict[str, Callable[[Event, datetime], str]] = {
            "PV1": self._pv1,
            "GT1": _gt1,
            "IN1": _in1,
            "FT1": self._ft1,
            "MRG": self._mrg,
            "IAM": lambda _event, _at: "IAM|1|DRUG|ALG07^Examplecillin|||A\r",
        }

    def tell(self, event: Event, at: datetime) -> Sent:
        """Return the message of an event that occurred at `at`, and count it in the hospital's books."""
        hospital, site, trigger, visit = self._hospital, self._site, event.trigger, event.visit
        hospital.count_sent(event, at)
        control_id = f"{hospital.number('Q', 9)}T{at:%j%H%M%S}X001"
        account = visit.account.number if visit else ""
        application = site.financial_application if trigger is Trigger.FINANCIAL else site.adt_application
        parts = [
            f"MSH|^~\\&|{application}|{site.facility}|{site.receiving_application}|{site.receiving_facility}"
            f"|{self._stamp(at + SENT_AFTER)}||{trigger.message_type}|{control_id}|P|2.3||||||8859/1\r",
            f"EVN|{trigger}|{self._stamp(at + RECORDED_AFTER)}|||CLERK01|{self._stamp(at)}\r",
            self._pid(event, account),
        ]
        parts += [self._words[name](event, at) for name in _SEGMENTS[trigger]]
        content = "".join(parts).encode(_CHARSET, "replace")
        number = visit.number if visit else ""
        return Sent(control_id, trigger.message_type, event.patient.lane, account, number, content)

    def _stamp(self, at: datetime) -> str:
        return at.astimezone(self._site.zone).strftime("%Y%m%d%H%M%S")

    def _ids(self, patient: Patient) -> str:
        pools = self._site.facility
        return f"{patient.mrn}^^^{pools} MRN^MRN^{pools}~{patient.enterprise_id}^^^{pools} CMRN^CMRN^UPLOAD"

    def _pid(self, event: Event, account: str) -> str:
        # The charge interface sends the bare number.
        patient = event.patient
        ids = patient.mrn if event.trigger is Trigger.FINANCIAL else self._ids(patient)
        person = patient.person
        number = f"{account}^^^{self._site.facility} FIN^FIN NBR" if account else ""
        return (
            f"PID|1||{ids}||{_name(person)}||{person.birth_date:%Y%m%d}|{_SEXES[person.sex]}"
            f"|||{_address(person.address)}||{_telecom(person)}||{person.language}|||{number}\r"
        )

    def _pv1(self, event: Event, at: datetime) -> str:
        visit = event.visit
        if visit is None:
            return "PV1|1|N\r"
        facility = self._site.facility
        patient_class = _CLASSES["P" if event.trigger is Trigger.PREADMIT else visit.patient_class]
        prior = f"{visit.prior_location}^^^{facility}" if visit.prior_location else ""
        ended = self._stamp(visit.ended) if visit.ended else ""
        if event.trigger is Trigger.CANCEL_DISCHARGE:
            ended = '""'  # an empty field would keep the discharge
        began = self._stamp(visit.began) if visit.began else ""
        coverages = event.patient.coverages
        parts = (
            f"PV1|1|{patient_class}|{visit.location}^^^{facility}^^Bed(s)^{facility}|||{prior}|9901^EXAMPLE^DOCTOR|||{visit.service}",
            f"||||||||{patient_class}|{visit.number}^0^^^VISITID|{coverages[0].plan_type if coverages else 'SP'}",  # PV1-18 to 20
            f"||||||||||||||||{'01' if visit.ended else ''}|||{facility}|||||{began}|{ended}",  # PV1-36 to 45
        )
        return "".join((*parts, amounts(event, at), "\r"))

    def _ft1(self, event: Event, _at: datetime) -> str:
        return "".join([self._line(number, entry) for number, entry in enumerate(event.entries, 1)])

    def _line(self, number: int, entry: Entry) -> str:
        at = entry.at.astimezone(self._site.zone)
        # Amounts have no sign: the code says what takes a payment back.
        amount = money(abs(entry.amount) if entry.code.endswith(self._site.taking_back) else entry.amount)
        return (
            f"FT1|{number}|{entry.transaction_id}|B{at:%y%m%d}|{at:%Y%m%d%H%M%S}|{at:%Y%m%d}|{entry.kind}"
            f"|{escape(entry.code)}^{escape(entry.text)}^CDM||{escape(entry.reference)}|1|{amount}&{self._site.currency}\r"
        )

    def _mrg(self, event: Event, _at: datetime) -> str:
        if event.retired is None:
            raise AssertionError("a merge names the record that it retires")
        return f"MRG|{event.retired.mrn}^^^{self._site.facility} MRN^MRN\r"


def _gt1(event: Event, _at: datetime) -> str:
    patient = event.patient
    person = patient.person if patient.relation == "SEL" else patient.guarantor.person
    return (
        f"GT1|1|{patient.guarantor.number}|{_name(person)}||{_address(person.address)}|{_telecom(person)}"
        f"||{person.birth_date:%Y%m%d}|{_SEXES[person.sex]}||{patient.relation}\r"
    )


def _in1(event: Event, _at: datetime) -> str:
    return "".join([_insurance(coverage) for coverage in event.patient.coverages])


def _insurance(coverage: Coverage) -> str:
    insured = coverage.insured
    return (
        f"IN1|{coverage.priority}|{coverage.plan_id}^{escape(coverage.plan_name)}|{coverage.payer_id}"
        f"|{escape(coverage.payer_name)}||||{coverage.group}||||{coverage.effective:%Y%m%d}|||{coverage.plan_type}|{_name(insured)}"
        f"|{coverage.relation}|{insured.birth_date:%Y%m%d}||||{coverage.priority}||||||||||||||{coverage.policy}\r"
    )


def _name(person: Person) -> str:
    return f"{escape(person.family)}^{escape(person.given)}^{person.middle}^^^^Current"


def _address(address: Address) -> str:
    return f"{escape(address.street)}^{address.other}^{address.city}^{address.state}^{address.zip}^USA^home"


def _telecom(person: Person) -> str:
    mail = f"~{person.mail}^EMAIL" if person.mail else ""
    return f"({person.area}){person.phone[:3]}-{person.phone[3:]}^Home^TEL{mail}"
