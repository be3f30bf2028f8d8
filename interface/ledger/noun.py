"""The nouns of the ledger, their fields, and the groups in which fields win or lose together.

Mappings name these fields as targets, the ledger compares them, the store seals them: declared once, here. A group is the
unit of "who wins": all fields of one group carry one event time, so that two messages never leave half of a name behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple


class Noun(StrEnum):
    """What the ledger keeps rows of."""

    PATIENT = "patient"
    GUARANTOR = "guarantor"
    ACCOUNT = "account"
    ENCOUNTER = "encounter"


# What public ids begin with, before an underscore.
PREFIX: Final[Mapping[Noun, str]] = {Noun.PATIENT: "pt", Noun.GUARANTOR: "gr", Noun.ACCOUNT: "ac", Noun.ENCOUNTER: "en"}


class Kind(StrEnum):
    """The type of a field's value inside the ledger."""

    TEXT = "text"
    CODE = "code"
    DATE = "date"  # YYYY-MM-DD, or its known prefix (YYYY, YYYY-MM)
    INSTANT = "instant"  # microseconds since 1970 UTC, int
    FLAG = "flag"  # bool
    ROWS = "rows"  # a snapshot list of small mappings, replaced whole


_OURS: Final = "HP24"  # no sender's: their authorities are case-folded


class Identifier(NamedTuple):
    """One identifier as the sender names it; `authority` is case-folded, `value` is kept to the letter.

    One that `is_public` is the row's own public id: it leads to that row, is never given to another, and never will be one's later.
    """

    authority: str
    type: str
    value: str

    @property
    def is_public(self) -> bool:
        return self.authority == _OURS


def public(public_id: str) -> Identifier:
    """The row with this public id, as an identifier that senders who know it may name."""
    return Identifier(_OURS, "public", public_id)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a noun: its group, its type, and what it means."""

    group: str
    kind: Kind
    about: str


def _group(name: str, **fields: tuple[Kind, str]) -> dict[str, Field]:
    return {field: Field(name, kind, about) for field, (kind, about) in fields.items()}


_T, _C, _DATE, _AT, _FLAG, _ROWS = Kind.TEXT, Kind.CODE, Kind.DATE, Kind.INSTANT, Kind.FLAG, Kind.ROWS

_NAME = _group(
    "name",
    family=(_T, "family name"),
    given=(_T, "given name"),
    middle=(_T, "middle names or initials"),
    suffix=(_T, "suffix"),
    prefix=(_T, "prefix"),
)
_ADDRESS = _group(
    "address",
    line=(_T, "street"),
    line2=(_T, "other designation"),
    city=(_T, "city"),
    state=(_T, "state or province"),
    postal_code=(_T, "ZIP or postal code"),
    country=(_T, "country"),
)
_CONTACT = _group("phone", phone=(_T, "telephone")) | _group("email", email=(_T, "e-mail address"))

NAMES = frozenset({"name", "organisation"})  # the groups that say what somebody is called
PRIVACY = "privacy"  # a group in which the stricter statement stays when rows are merged

FIELDS: Mapping[Noun, Mapping[str, Field]] = {
    Noun.PATIENT: {
        **_NAME,
        **_group("birth", birth_date=(_DATE, "date of birth")),
        **_group("sex", sex=(_C, "administrative sex")),
        **_ADDRESS,
        **_CONTACT,
        **_group("language", language=(_C, "primary language")),
        **_group("death", deceased=(_FLAG, "known to be dead"), died_at=(_AT, "time of death")),
        **_group(PRIVACY, protected=(_FLAG, "access is restricted (PD1-12); told to nobody who need not know")),
        **_group("others", other_ids=(_ROWS, "identifiers that are not keys: authority, type, value")),
        # Follows from merges; no mapping sets it.
        **_group(
            "former",
            former_ids=(_ROWS, "those of records merged into this one: patient (row id), authority, type, value"),
        ),
    },
    Noun.GUARANTOR: {
        **_NAME,
        **_group("organisation", organisation=(_T, "name, where the guarantor is an organisation")),
        **_group("birth", birth_date=(_DATE, "date of birth")),
        **_ADDRESS,
        **_CONTACT,
        # Who is what to whom differs by account (a mother is `self` on her own): kept with the account's link.
        **_group("relation", type=(_C, "guarantor type"), relationship=(_C, "relationship to the patient")),
        **_group("hold", billing_hold=(_FLAG, "no billing, says the EHR")),
    },
    Noun.ACCOUNT: {
        **_group(
            "class",
            financial_class=(_C, "financial class"),
            patient_type=(_C, "patient type"),
            type=(_C, "account type"),
        ),
        **_group("status", status=(_C, "account status")),
        **_group(
            "department",
            department=(_C, "department that the EHR last named with it, where balances are kept by department"),
        ),
        **_group(
            PRIVACY, restricted=(_FLAG, "paid by the patient, and not to be disclosed to an insurer (45 CFR 164.522)")
        ),
        **_group("guarantors", guarantors=(_ROWS, "by priority: guarantor (row id), priority, type, relationship")),
        **_group(
            "coverages",
            coverages=(
                _ROWS,
                "priority, plan_id, plan_name, plan_type, payer_id, payer_name, group_number, policy_number, starts, ends",
            ),
        ),
    },
    Noun.ENCOUNTER: {
        **_group(
            "class",
            **{"class": (_C, "patient class")},
            patient_type=(_C, "patient type"),
            service=(_C, "hospital service"),
        ),
        **_group("place", location=(_T, "point of care"), servicing_facility=(_C, "servicing facility")),
        **_group("admission", admitted_at=(_AT, "admitted or arrived")),
        **_group("discharge", discharged_at=(_AT, "discharged"), disposition=(_C, "discharge disposition")),
        **_group("finance", financial_class=(_C, "financial class")),
        **_group(PRIVACY, confidential=(_FLAG, "the visit is not to be spoken of (VIP, PV1-16)")),
        **_group(
            "state",  # follows from the events of the visit; no mapping sets it
            state=(_C, "planned, in-progress, finished, cancelled or removed"),
            created_by_update=(_FLAG, "inferred from a snapshot: the event that opened the visit has not been seen"),
        ),
    },
}


class EncounterState(StrEnum):
    """Values of an encounter's `state`."""

    PLANNED = "planned"
    IN_PROGRESS = "in-progress"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    REMOVED = "removed"  # its record was deleted by the EHR; what was paid on it stays
