"""Money on the wire: how amounts are written, and what a sign, a quantity or a code means there.

HL7 defines transaction types and no sign rule (FT1-6, FT1-10, FT1-11): sign, reversal and refund are agreed with each site, so
they are settings, for reading and for writing alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from interface.hl7.money import MoneyFormat
from interface.ledger.reading import MoneyKind


class PaymentSign(StrEnum):
    """The sign of FT1-11 on a payment."""

    POSITIVE = "positive"
    NEGATIVE = "negative"  # signed by its effect on what is owed


class ReversalStyle(StrEnum):
    """How a transaction that takes a payment back differs from a payment."""

    CODE = "code"  # same type and sign, another transaction code (FT1-7)
    NEGATE = "negate"  # the amount's sign is turned round
    QUANTITY = "quantity"  # FT1-10 is -1, the amount keeps its sign
    TYPE = "type"  # another transaction type (FT1-6), as CG against CD


Words = Mapping[tuple[str, str], tuple[MoneyKind, ...]]
"""Transaction type and code (FT1-6, FT1-7.1) as they are used between us and a site, and what they may stand for."""


@dataclass(frozen=True, slots=True)
class MoneyConventions:
    """What was agreed with a site about amounts. `words` are those of its payments, and of what takes them back."""

    amount_format: MoneyFormat = MoneyFormat.DECIMAL
    sign_of_payment: PaymentSign = PaymentSign.POSITIVE
    reversal_style: ReversalStyle = ReversalStyle.NEGATE
    words: Words = field(default_factory=dict)


_TURNED = {
    MoneyKind.CHARGE: MoneyKind.CREDIT,
    MoneyKind.CREDIT: MoneyKind.CHARGE,
    MoneyKind.PAYMENT: MoneyKind.REVERSAL,
}
_TAKES_BACK = frozenset({MoneyKind.REVERSAL, MoneyKind.REFUND})


def kind_in_effect(
    kind: MoneyKind, minor: int, quantity: int, conventions: MoneyConventions, *, spoken: tuple[MoneyKind, ...] = ()
) -> MoneyKind | None:
    """What a transaction does once its sign and quantity are understood; None where no agreement says so.

    `kind` is what the mapping makes of it, `minor` the amount as sent with its sign, `quantity` FT1-10 (1 when not sent),
    `spoken` what its type and code stand for among the `words` of the conventions.
    """
    if kind in _TAKES_BACK:
        return kind  # the mapping says it already, whatever the sign
    if agreed := next((one for one in spoken if _is_marked(one, minor, quantity, conventions)), None):
        return agreed
    if spoken:
        if MoneyKind.PAYMENT not in spoken:
            return None  # its words take a payment back, its sign or quantity does not
        kind = MoneyKind.PAYMENT
    is_paid = kind is MoneyKind.PAYMENT
    is_negative = minor > 0 if is_paid and conventions.sign_of_payment is PaymentSign.NEGATIVE else minor < 0
    is_counted_back = quantity < 0
    if not (is_negative or is_counted_back):
        return kind
    style = conventions.reversal_style
    if style is ReversalStyle.QUANTITY:
        is_agreed = is_counted_back or not is_paid
    else:
        # A charge is taken back by its sign everywhere; a payment only where that is the style.
        is_agreed = is_negative and (style is ReversalStyle.NEGATE or not is_paid)
    return _TURNED.get(kind) if is_agreed else None


def _is_marked(kind: MoneyKind, minor: int, quantity: int, conventions: MoneyConventions) -> bool:
    """Whether sign and quantity are what was agreed for a payment, or for what takes one back. Nothing has no sign."""
    is_back = kind is not MoneyKind.PAYMENT
    is_turned = is_back and conventions.reversal_style is ReversalStyle.NEGATE
    wants_negative = (conventions.sign_of_payment is PaymentSign.NEGATIVE) is not is_turned
    wants_counted_back = is_back and conventions.reversal_style is ReversalStyle.QUANTITY
    return (not minor or (minor < 0) is wants_negative) and (quantity < 0) is wants_counted_back
