"""A payment, void or refund as an outgoing mapping sees it: names and values, signed and coded as agreed with the site."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from interface.hl7.money import Money
from interface.ledger.noun import Identifier
from interface.ledger.payment import TENDERS
from interface.ledger.reading import MoneyKind
from interface.mapping.kind import Type
from interface.mapping.money import PaymentSign, ReversalStyle, Words
from interface.message import PostingState

PAYMENT: Final = "payment"
SETTLEMENT_NOTICE: Final = "notice"  # that a payment is settled; no posting, and its kind nowhere but in a delivery
# What our kinds are to whoever books them.
_MEANT: Final = {PAYMENT: MoneyKind.PAYMENT, "void": MoneyKind.REVERSAL, "refund": MoneyKind.REFUND}
_BATCH_FORMAT: Final = "B%y%m%d"  # 7 characters: FT1-3 takes 10


@dataclass(frozen=True, slots=True)
class Posting:
    """One allocation to be posted, seen through current identities. `kind` is payment, void or refund, or notice of a payment.

    `amount_minor` is positive, times are UTC microseconds; `posting` is how far it has come itself. Of what a void or refund takes
    back, `original_wire_id` is the FT1-2, and `original_posting` how far it has come. Identifiers are those that the EHR knows.
    """

    kind: str
    wire_id: str
    amount_minor: int
    currency: str
    tender: str
    taken_at: int
    patient: Identifier
    account: Identifier
    visit: Identifier | None = None
    guarantor: Identifier | None = None
    original_wire_id: str = ""
    original_posting: PostingState | None = None
    posting: PostingState | None = None
    facility: str = ""
    settled_at: int | None = None
    last4: str = ""
    authorization: str = ""
    transaction_id: str = ""
    family: str = ""
    given: str = ""
    patient_class: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class PostingConventions:
    """What was agreed with a site about outgoing transactions; keys of the tables by kind are payment, void, refund."""

    sign_of_payment: PaymentSign = PaymentSign.POSITIVE
    reversal_style: ReversalStyle = ReversalStyle.NEGATE
    types_by_kind: Mapping[str, str] = field(default_factory=lambda: {"payment": "PY", "void": "PY", "refund": "PY"})
    codes_by_tender: Mapping[str, str] = field(default_factory=dict)
    codes_by_kind: Mapping[str, str] = field(
        default_factory=lambda: {"payment": "{code}", "void": "{code}REV", "refund": "{code}REF"}
    )

    def code(self, kind: str, tender: str) -> str:
        """FT1-7.1 of a payment, void or refund of a tender."""
        code = self.codes_by_tender.get(tender, tender.upper())
        return self.codes_by_kind[kind].replace("{code}", code)

    def words(self) -> Words:
        """The types and codes of everything that may be sent, for recognising it when the site sends it back."""
        found: dict[tuple[str, str], tuple[MoneyKind, ...]] = {}
        for kind, meant in _MEANT.items():
            for tender in {*TENDERS, *self.codes_by_tender}:
                word = (self.types_by_kind[kind], self.code(kind, tender))
                if meant not in found.get(word, ()):
                    found[word] = (*found.get(word, ()), meant)
        return found


@dataclass(frozen=True, slots=True)
class Envelope:
    """What MSH says of sender and receiver, and the zone in which times are written."""

    sending_application: str
    sending_facility: str
    receiving_application: str
    receiving_facility: str
    timezone: ZoneInfo
    department: str = ""
    processing_id: str = "P"
    charset: str = "UNICODE UTF-8"


# Every name that an outgoing mapping may use, its type, and what it is.
NAMES: Final[Mapping[str, tuple[Type, str]]] = {
    "message.control_id": (Type.TEXT, "control id of this message, 20 characters at most"),
    "message.sending_application": (Type.TEXT, "the destination's `sending_application`"),
    "message.sending_facility": (Type.TEXT, "the destination's `sending_facility`"),
    "message.receiving_application": (Type.TEXT, "the destination's `receiving_application`"),
    "message.receiving_facility": (Type.TEXT, "the destination's `receiving_facility`, else the channel's facility"),
    "message.department": (Type.TEXT, "the destination's `department`"),
    "message.processing_id": (Type.TEXT, "P, or T on a channel that is not for production"),
    "message.charset": (Type.TEXT, "the destination's `charset`"),
    "now": (Type.INSTANT, "the moment of sending"),
    "payment.kind": (Type.TEXT, "payment, void or refund"),
    "payment.wire_id": (Type.TEXT, "our id of this transaction, 12 characters at most, never used again"),
    "payment.original_wire_id": (Type.TEXT, "the id of what a void or refund takes back"),
    "payment.batch_id": (Type.TEXT, "B and the day on which the money was taken: B250304"),
    "payment.taken_at": (Type.INSTANT, "when the money was taken"),
    "payment.type_code": (Type.TEXT, "transaction type, from `types_by_kind`"),
    "payment.code": (Type.TEXT, "transaction code, from `codes_by_tender` and `codes_by_kind`"),
    "payment.quantity": (Type.TEXT, "1, or -1 where the reversal style says so"),
    "payment.amount": (Type.MONEY, "amount, signed as agreed"),
    "payment.currency": (Type.TEXT, "its currency"),
    "payment.tender": (Type.TEXT, "visa, mastercard, ach, check, cash .."),
    "payment.last4": (Type.TEXT, "last four digits of the card or account"),
    "payment.authorization": (Type.TEXT, "authorisation code"),
    "payment.transaction_id": (Type.TEXT, "HealthPay24's own id of the payment, void or refund"),
    "patient.mrn": (Type.TEXT, "the patient's number"),
    "patient.authority": (Type.TEXT, "who assigned it"),
    "patient.type": (Type.TEXT, "its type, as MR"),
    "patient.family": (Type.TEXT, "family name"),
    "patient.given": (Type.TEXT, "given name"),
    "account.number": (Type.TEXT, "the account's number"),
    "account.authority": (Type.TEXT, "who assigned it"),
    "account.type": (Type.TEXT, "its type, as AN"),
    "account.department": (Type.TEXT, "the department that the EHR last named with it, where one is known"),
    "visit.number": (Type.TEXT, "the visit's number, where one is known"),
    "visit.authority": (Type.TEXT, "who assigned it"),
    "visit.type": (Type.TEXT, "its type, as VN"),
    "visit.patient_class": (Type.TEXT, "patient class of the visit"),
    "guarantor.number": (Type.TEXT, "the guarantor's number, where one is known"),
    "guarantor.authority": (Type.TEXT, "who assigned it"),
    "guarantor.type": (Type.TEXT, "its type, as GN"),
}


def posting_values(
    posting: Posting, conventions: PostingConventions, envelope: Envelope, *, control_id: str, now: int
) -> dict[str, Any]:
    """The values behind `NAMES` for one posting. Only what is known has an entry."""
    is_back = posting.kind != PAYMENT
    values = {
        "message.control_id": control_id,
        "message.sending_application": envelope.sending_application,
        "message.sending_facility": envelope.sending_facility,
        "message.receiving_application": envelope.receiving_application,
        "message.receiving_facility": envelope.receiving_facility,
        "message.department": envelope.department,
        "message.processing_id": envelope.processing_id,
        "message.charset": envelope.charset,
        "now": now,
        "payment.kind": posting.kind,
        "payment.wire_id": posting.wire_id,
        "payment.original_wire_id": posting.original_wire_id,
        "payment.batch_id": _local(posting.taken_at, envelope.timezone).strftime(_BATCH_FORMAT),
        "payment.taken_at": posting.taken_at,
        "payment.type_code": conventions.types_by_kind[posting.kind],
        "payment.code": conventions.code(posting.kind, posting.tender),
        "payment.quantity": "-1" if is_back and conventions.reversal_style is ReversalStyle.QUANTITY else "1",
        "payment.amount": Money(signed_minor(posting.amount_minor, conventions, is_back=is_back), posting.currency),
        "payment.currency": posting.currency,
        "payment.tender": posting.tender,
        "payment.last4": posting.last4,
        "payment.authorization": posting.authorization,
        "payment.transaction_id": posting.transaction_id,
        "patient.mrn": posting.patient.value,
        "patient.authority": posting.patient.authority,
        "patient.type": posting.patient.type,
        "patient.family": posting.family,
        "patient.given": posting.given,
        "visit.patient_class": posting.patient_class,
        "account.department": posting.department,
    }
    for name, identifier in (("account", posting.account), ("visit", posting.visit), ("guarantor", posting.guarantor)):
        if identifier is not None:
            values[f"{name}.number"] = identifier.value
            values[f"{name}.authority"] = identifier.authority
            values[f"{name}.type"] = identifier.type
    return values


def signed_minor(amount_minor: int, conventions: PostingConventions, *, is_back: bool) -> int:
    """FT1-11 as the site reads it: the sign of a payment, turned round on what takes one back where that is the style."""
    sign = -1 if conventions.sign_of_payment is PaymentSign.NEGATIVE else 1
    if is_back and conventions.reversal_style is ReversalStyle.NEGATE:
        sign = -sign
    return sign * amount_minor


def _local(at: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone)
