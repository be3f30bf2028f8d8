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
    """One resource type. `needs`: a search must name one of these; `includes`: parameter -> the type that is added.

    `required`: the elements without which R4 takes none of this type. `is_versioned`: it says how often it has changed.
    """

    about: str
    parameters: Mapping[str, Parameter]
    includes: Mapping[str, str]
    needs: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    is_versioned: bool = True
    writes: frozenset[str] = frozenset()  # of create and update; also under a condition


_ID = Parameter(Kind.TOKEN, "the resource with this id")
_UPDATED = Parameter(Kind.DATE, "when it last changed: ge, gt, le, lt and a time; twice for a window")
_PATIENT = Parameter(Kind.REFERENCE, "whose it is: Patient/ID", "Patient")
_ACCOUNT = Parameter(Kind.REFERENCE, "on which account: Account/ID", "Account")
_PAYMENT = Parameter(Kind.TOKEN, "HealthPay24's number of the payment, or the number that the EHR has")


def _number(of: str) -> Parameter:
    return Parameter(Kind.TOKEN, f"a number of the {of}: SYSTEM|VALUE, or VALUE of whatever system")


def _name(of: str) -> Parameter:
    return Parameter(
        Kind.STRING, f"whole words of the {of}'s name, without case and accents; all of them must be there"
    )


_ROW = frozenset({"create", "update"})
_BOOKED = frozenset({"create"})

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
        writes=_ROW,
    ),
    "RelatedPerson": Served(
        "People who answer for a patient's accounts. Found by the patient alone.",
        {"_id": _ID, "patient": _PATIENT},
        {"patient": "Patient"},
        ("patient", "_id"),
        required=("patient",),
        writes=_ROW,
    ),
    "Organization": Served(
        "Organisations that answer for accounts. Hospitals and payers are no rows of the ledger: they are named where they matter.",
        {"_id": _ID, "_lastUpdated": _UPDATED, "identifier": _number("organisation"), "name": _name("organisation")},
        {},
        writes=_ROW,
    ),
    "Account": Served(
        "What is billed together, with what the patient owes (extension Account.balance of FHIR R5). "
        "A retired one is inactive, and part of the one that replaced it.",
        {
            "_id": _ID,
            "_lastUpdated": _UPDATED,
            "identifier": _number("account"),
            "patient": _PATIENT,
            "subject": _PATIENT,
            "status": Parameter(Kind.TOKEN, "active or inactive"),
        },
        {"patient": "Patient", "subject": "Patient"},
        required=("status",),
        writes=_ROW,
    ),
    "Encounter": Served(
        "Visits. A retired one is entered in error, and part of the one that replaced it.",
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
        required=("status", "class"),
        writes=_ROW,
    ),
    "Coverage": Served(
        "Insurance of an account, as the EHR told it.",
        {"_id": _ID, "patient": _PATIENT, "beneficiary": _PATIENT},
        {"patient": "Patient", "beneficiary": "Patient"},
        ("patient", "beneficiary", "_id"),
        required=("status", "beneficiary", "payor"),
    ),
    "ChargeItem": Served(
        "Charges that the EHR booked on accounts; a credit is one with a negative price. The price is of the whole: quantity, "
        "visit and diagnosis are not kept. What was taken back to be booked anew is entered in error.",
        {
            "_id": _ID,
            "identifier": Parameter(
                Kind.TOKEN, "the sender's number of the charge; of which system it is, is not kept and not looked at"
            ),
            "patient": _PATIENT,
            "subject": _PATIENT,
            "account": _ACCOUNT,
        },
        {"patient": "Patient", "subject": "Patient", "account": "Account"},
        required=("status", "code", "subject"),
        is_versioned=False,
        writes=_BOOKED,
    ),
    "PaymentReconciliation": Served(
        "Payments that HealthPay24 took, each with its shares, voids and refunds; and, by id or number alone, what the EHR told of "
        "payments of its own, and of what it gave back.",
        {"_id": _ID, "identifier": _PAYMENT},
        {},
        required=("status", "created", "paymentDate", "paymentAmount"),
        is_versioned=False,
        writes=_BOOKED,
    ),
    "PaymentNotice": Served(
        "How far the money of each of those payments has come: paid once it was taken; cleared once HealthPay24 has told that it "
        "reached the merchant's bank. How far the EHR has posted a payment is the `outcome` of its PaymentReconciliation.",
        {"_id": _ID, "identifier": _PAYMENT},
        {},
        required=("status", "created", "payment", "recipient", "amount"),
        is_versioned=False,
    ),
}
TYPES = tuple(SERVED)
