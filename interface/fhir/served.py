"""Which resources are served and by what each is found. The CapabilityStatement and searches follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The types of search parameters that are used here (R4 section 3.1.1.4)."""

    TOKEN = "token"
    STRING = "string"
    DATE = "date"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter: its type, what it finds, and the type that a reference must be to."""

    kind: Kind
    about: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """One resource type. `needs`: a search must name one of these; `includes`: parameter -> the type that is added."""

    about: str
    parameters: Mapping[str, Parameter]
    includes: Mapping[str, str]
    needs: tuple[str, ...] = ()


_ID = Parameter(Kind.TOKEN, "the resource with this id")
_UPDATED = Parameter(Kind.DATE, "when it last changed: ge, gt, le, lt and a time; twice for a window")
_PATIENT = Parameter(Kind.REFERENCE, "whose it is: Patient/ID", "Patient")
_ACCOUNT = Parameter(Kind.REFERENCE, "on which account: Account/ID", "Account")


def _number(of: str) -> Parameter:
    return Parameter(Kind.TOKEN, f"a number of the {of}: SYSTEM|VALUE, or VALUE of whatever system")


def _name(of: str) -> Parameter:
    return Parameter(
        Kind.STRING, f"whole words of the {of}'s name, without case and accents; all of them must be there"
    )


SERVED: Mapping[str, Served] = {
    "Patient": Served(
        "People who receive care. A retired one is inactive and names the one that replaced it.",
        {
            "_id": _ID,
            "_lastUpdated": _UPDATED,
            "identifier": _number("patient"),
            "name": _name("patient"),
            "birthdate": Parameter(Kind.DATE, "the date of birth: eq only"),
        },
        {},
    ),
    "RelatedPerson": Served(
        "People who answer for a patient's accounts. Found by the patient alone.",
        {"_id": _ID, "patient": _PATIENT},
        {"patient": "Patient"},
        ("patient", "_id"),
    ),
    "Organization": Served(
        "Organisations that answer for accounts.",
        {"_id": _ID, "_lastUpdated": _UPDATED, "identifier": _number("organisation"), "name": _name("organisation")},
        {},
    ),
    "Account": Served(
        "What is billed together, with what the patient owes (extension Account.balance of FHIR R5).",
        {
            "_id": _ID,
            "_lastUpdated": _UPDATED,
            "identifier": _number("account"),
            "patient": _PATIENT,
            "subject": _PATIENT,
            "status": Parameter(Kind.TOKEN, "active or inactive"),
        },
        {"patient": "Patient", "subject": "Patient"},
    ),
    "Encounter": Served(
        "Visits.",
        {
            "_id": _ID,
            "_lastUpdated": _UPDATED,
            "identifier": _number("visit"),
            "patient": _PATIENT,
            "subject": _PATIENT,
            "account": _ACCOUNT,
            "status": Parameter(Kind.TOKEN, "a code of the resource's status"),
        },
        {"patient": "Patient", "subject": "Patient", "account": "Account"},
    ),
    "Coverage": Served(
        "Insurance of an account, as the EHR told it.",
        {"_id": _ID, "patient": _PATIENT, "beneficiary": _PATIENT},
        {"patient": "Patient", "beneficiary": "Patient"},
        ("patient", "beneficiary", "_id"),
    ),
    "PaymentReconciliation": Served(
        "Payments that HealthPay24 took, each with its shares, voids and refunds.",
        {
            "_id": _ID,
            "identifier": Parameter(Kind.TOKEN, "HealthPay24's number of the payment, or the number that the EHR has"),
        },
        {},
    ),
}
TYPES = tuple(SERVED)
