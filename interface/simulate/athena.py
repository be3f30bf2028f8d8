"""How a practice on athenahealth's athenaOne words its messages: four events, the patient's bare id, times to the minute.

The layout follows public sample messages: PID-2 to PID-4 hold the same number, MSH-4 the practice, PV1-3 the department; account,
visit and guarantor have no number. The stated balance (PV1-46) is an agreement, without which nothing would be owed.
"""

from datetime import datetime

from interface.simulate.hospital import Event, Hospital
from interface.simulate.people import Address, Coverage, Person
from interface.simulate.sent import Sent
from interface.simulate.wording import RECORDED_AFTER, SENT_AFTER, amounts, escape

_DEPARTMENT = "1^CANYON MAIN^^CANYON MAIN"
_RELATIONS = {"SEL": "Self", "PAR": "Parent"}


class Athena:
    """One practice: words the events that it tells, and numbers the messages (`12M77001`)."""

    def __init__(self, hospital: Hospital) -> None:
        self._hospital = hospital
        self._site = hospital.site

    def tell(self, event: Event, at: datetime) -> Sent | None:
        """Return the message of an event that occurred at `at`, counted in the books; None for one that is not told."""
        hospital, site, trigger = self._hospital, self._site, event.trigger
        if trigger not in site.tells:
            return None
        hospital.count_sent(event, at)
        practice = site.authority_oid
        control_id = f"{hospital.number('', 7)}M{practice}"
        patient = event.patient
        text = "".join(
            (
                f"MSH|^~\\&|{site.adt_application}|{practice}^Canyon Family Practice^1^Main|{site.receiving_application}|"
                f"|{self._stamp(at + SENT_AFTER)}||{trigger.message_type}|{control_id}|P|2.5.1\r",
                f"EVN|{trigger}|{self._stamp(at + RECORDED_AFTER)}|||clerk\r",
                _pid(patient.mrn, patient.person),
                f"PV1|||{_DEPARTMENT}{'|' * 42}{amounts(event, at)}\r",  # PV1-3, PV1-46
                _gt1(patient.person if patient.relation == "SEL" else patient.guarantor.person, patient.relation),
                *[_in1(coverage) for coverage in patient.coverages],
            )
        )
        account = event.visit.account.number if event.visit else ""
        return Sent(control_id, trigger.message_type, patient.lane, account, "", text.encode())

    def _stamp(self, at: datetime) -> str:
        return at.astimezone(self._site.zone).strftime("%Y%m%d%H%M")


def _pid(number: str, person: Person) -> str:
    return (
        f"PID||{number}|{number}|{number}|{_name(person)}||{person.birth_date:%Y%m%d}|{person.sex}"
        f"|||{_address(person.address)}||{_telecom(person)}||{person.language}|U\r"
    )


def _gt1(person: Person, relation: str) -> str:
    return (
        f"GT1|1||{_name(person)}||{_address(person.address)}|{_phone(person)}||{person.birth_date:%Y%m%d}"
        f"|||{_RELATIONS[relation]}\r"
    )


def _in1(coverage: Coverage) -> str:
    insured = coverage.insured
    return (
        f"IN1|{coverage.priority}|{coverage.plan_id}^{escape(coverage.plan_name)}|{coverage.payer_id}^{escape(coverage.payer_name)}"
        f"|{escape(coverage.payer_name)}|||||||||||{coverage.plan_type}|{_name(insured)}|{_RELATIONS[coverage.relation]}"
        f"|{insured.birth_date:%Y%m%d}||||{coverage.priority}||||{coverage.effective:%Y%m%d}||||||||||{coverage.policy}\r"
    )


def _name(person: Person) -> str:
    return f"{escape(person.family)}^{escape(person.given)}^{person.middle}"


def _address(address: Address) -> str:
    return f"{escape(address.street)}^{address.other}^{address.city}^{address.state}^{address.zip}^USA"


def _phone(person: Person) -> str:
    return f"({person.area}){person.phone[:3]}-{person.phone[3:]}"


def _telecom(person: Person) -> str:
    mail = f"~{person.mail}^NET^^{person.mail}" if person.mail else ""
    return f"{_phone(person)}^PRN^PH^^1^{person.area}^{person.phone}{mail}"
