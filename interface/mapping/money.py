"""Money on the wire: how amounts are written, and what a sign, a quantity or a code means there.

HL7 defines transaction types and no sign rule (FT1-6, FT1-10, FT1-11): sign, reversal and refund are agreed with each site, so
they are settings, for reading and for writing alike.
"""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class MoneyConventions:
    """What was agreed with a site about amounts."""

    amount_format: MoneyFormat = MoneyFormat.DECIMAL
    sign_of_payment: PaymentSign = PaymentSign.POSITIVE
    reversal_style: ReversalStyle = ReversalStyle.NEGATE


_TURNED = {
    MoneyKind.CHARGE: MoneyKind.CREDIT,
    MoneyKind.CREDIT: MoneyKind.CHARGE,
    MoneyKind.PAYMENT: MoneyKind.REVERSAL,
    MoneyKind.REVERSAL: MoneyKind.PAYMENT,
}
_PAID = frozenset({MoneyKind.PAYMENT, MoneyKind.REVERSAL, MoneyKind.REFUND})


def kind_in_effect(kind: MoneyKind, minor: int, quantity: int, conventions: MoneyConventions) -> MoneyKind | None:
    """What a transaction does once its sign and quantity are understood; None where no agreement says so.

    `kind` is what type or code tell alone, `minor` the amount as sent with its sign, `quantity` FT1-10 (1 when not sent).
    """
    is_paid = kind in _PAID
    is_negative = minor > 0 if is_paid and conventions.sign_of_payment is PaymentSign.NEGATIVE else minor < 0
    is_counted_back = quantity < 0
    if not (is_negative or is_counted_back):
        return kind
    if kind in (MoneyKind.REFUND, MoneyKind.REVERSAL):
        return kind  # its code says it already, whatever the sign
    style = conventions.reversal_style
    if style is ReversalStyle.QUANTITY:
        is_agreed = is_counted_back or not is_paid
    else:
        # A charge is taken back by its sign everywhere; a payment only where that is the style.
        is_agreed = is_negative and (style is ReversalStyle.NEGATE or not is_paid)
    return _TURNED.get(kind) if is_agreed else None
