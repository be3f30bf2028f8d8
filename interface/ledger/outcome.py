"""The ways in which applying a message ends.

Holds and refusals are expected ends and are returned by `apply`. Inside of a message they travel as `Stopped`, because
whatever was done up to that point has to be taken back in one place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from interface.ledger.noun import Identifier, Noun
from interface.ledger.worklist import HELD_MESSAGE, ItemKind, WorkItem


class Cause(StrEnum):
    """Why a message is held for a person or refused."""

    GUARANTOR_RENUMBERED = "guarantor-renumbered"
    GUARANTOR_UNNUMBERED = "guarantor-unnumbered"
    PATIENT_MISSING = "patient-missing"
    MERGE_MISSING = "merge-missing"
    PAYMENT_MISSING = "payment-missing"
    ACCOUNT_MISSING = "account-missing"
    MERGE_LOOP = "merge-loop"
    MERGED_ELSEWHERE = "merged-elsewhere"
    CURRENCY_DIFFERS = "currency-differs"
    MOVE_MISSING = "move-missing"
    MOVE_UNCLEAR = "move-unclear"
    NUMBER_MISSING = "number-missing"
    NUMBER_TAKEN = "number-taken"
    LINK_MISSING = "link-missing"
    VISIT_NOT_NAMED = "visit-not-named"
    ACCOUNT_OF_ANOTHER_PATIENT = "account-of-another-patient"
    VISIT_OF_ANOTHER_PATIENT = "visit-of-another-patient"
    ACCOUNT_ENDED = "account-ended"
    MONEY_KEY_REUSED = "money-key-reused"
    SUSPECTED_REPEAT = "suspected-repeat"
    ECHO_DIFFERS = "echo-differs"
    TRANSACTION_REUSED = "transaction-reused"
    ALLOCATION_SUM = "allocation-sum"
    AMOUNT_NOT_POSITIVE = "amount-not-positive"
    ACCOUNT_UNKNOWN = "account-unknown"
    REFERENCE_UNKNOWN = "reference-unknown"
    RESOURCE_UNKNOWN = "resource-unknown"
    RESOURCE_KNOWN = "resource-known"
    VERSION_DIFFERS = "version-differs"
    PAYMENT_UNKNOWN = "payment-unknown"
    ALLOCATION_UNKNOWN = "allocation-unknown"
    MORE_THAN_TAKEN = "more-than-taken"
    VOID_NOT_WHOLE = "void-not-whole"
    REFUND_NOT_ALLOCATED = "refund-not-allocated"
    PAYMENT_SETTLED = "payment-settled"
    PAYMENT_VOIDED = "payment-voided"
    SETTLED_OTHERWISE = "settled-otherwise"
    SETTLEMENT_TIME = "settlement-time"
    PAYMENT_REVERSED_BY_EHR = "payment-reversed-by-ehr"
    DEPOSIT_ON_CANCELLED_VISIT = "deposit-on-cancelled-visit"
    PERSON_REMOVED_WITH_MONEY = "person-removed-with-money"
    ACCOUNT_PURGED_WITH_MONEY = "account-purged-with-money"
    ACCOUNT_PURGED_BEFORE_POSTING = "account-purged-before-posting"
    GUARANTOR_MAY_CHANGE = "guarantor-may-change"
    GUARANTOR_DIFFERS = "guarantor-differs"
    GUARANTOR_OF_CHARGE_DIFFERS = "guarantor-of-charge-differs"


class Caution(StrEnum):
    """What is worth a note although the message was applied."""

    CREATED_BY_UPDATE = "created-by-update"
    ACCOUNT_CREATED = "account-created"
    ACCOUNT_NOT_PURGED = "account-not-purged"
    OLD_NUMBER_UNKNOWN = "old-number-unknown"
    MOVE_OUTDATED = "move-outdated"
    SURVIVOR_UNKNOWN = "survivor-unknown"
    RETIRED_UNKNOWN = "retired-unknown"
    MERGE_INTO_ITSELF = "merge-into-itself"
    IDENTIFIER_OF_ANOTHER = "identifier-of-another"
    GUARANTOR_WITHOUT_NUMBER = "guarantor-without-number"
    GUARANTOR_REPEATED = "guarantor-repeated"
    GUARANTOR_RENUMBERED = "guarantor-renumbered"
    GUARANTOR_UNNUMBERED = "guarantor-unnumbered"
    VISIT_UNKNOWN = "visit-unknown"
    MONEY_NOT_RESTATED = "money-not-restated"
    AMOUNT_ZERO = "amount-zero"
    BALANCE_OUTDATED = "balance-outdated"


@dataclass(frozen=True, slots=True)
class Unrestated:
    """Money that a replay left as it is booked, in minor units: what that does to accounts, and what the message would do now."""

    currency: str
    booked_minor: int
    said_minor: int


def summed(parts: Iterable[Unrestated]) -> tuple[Unrestated, ...]:
    """One for each currency."""
    found: dict[str, Unrestated] = {}
    for one in parts:
        before = found.get(one.currency, Unrestated(one.currency, 0, 0))
        booked, said = before.booked_minor + one.booked_minor, before.said_minor + one.said_minor
        found[one.currency] = Unrestated(one.currency, booked, said)
    return tuple(found[currency] for currency in sorted(found))


@dataclass(frozen=True, slots=True)
class Touched:
    """The row that a request was about; `noun` None: an entry of the journal, which never changes.

    `owner_id` is the public id of the patient for whom a guarantor was told of.
    """

    noun: Noun | None
    row_id: int
    public_id: str
    is_new: bool
    owner_id: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """The ledger holds what the message says. `changed`: it did not before (to repeat what is known changes nothing).

    `touched` has an entry for each reading, None where a reading is no request or is about no row of ours.
    """

    changed: bool
    warnings: tuple[str, ...] = ()
    unrestated: tuple[Unrestated, ...] = ()
    touched: tuple[Touched | None, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingAccount:
    """Money for an account (or a visit, where no account is named) that is not known yet."""

    identifier: Identifier
    place: str = ""


@dataclass(frozen=True, slots=True)
class PersonHold:
    """Only a person can tell what is right; nothing was changed."""

    code: Cause
    text: str
    place: str
    work_item: WorkItem


@dataclass(frozen=True, slots=True)
class Refusal:
    """The message cannot be applied, now or later; nothing was changed. `hl7_code` is from HL7 table 0357."""

    hl7_code: str
    code: Cause
    text: str
    place: str


Outcome = Applied | MissingAccount | PersonHold | Refusal


class Stopped(Exception):  # noqa: N818 - not an error: it carries an expected end up to `apply`
    """Ends the present message with `outcome`."""

    def __init__(self, outcome: MissingAccount | PersonHold | Refusal) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


def hold(
    kind: ItemKind,
    cause: Cause,
    text: str,
    *,
    subject: str,
    place: str = "",
    amount_minor: int | None = None,
    currency: str = "",
) -> Stopped:
    """A hold for a person, with the work item that tells them."""
    item = WorkItem(kind, subject, cause, HELD_MESSAGE, amount_minor, currency)
    return Stopped(PersonHold(cause, text, place, item))


def refuse(hl7_code: str, cause: Cause, text: str, *, place: str = "") -> Stopped:
    """A refusal with an error code of HL7 table 0357."""
    return Stopped(Refusal(hl7_code, cause, text, place))
