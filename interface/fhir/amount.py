"""Amounts of money: their currency's scale, and what a PaymentReconciliation's details add up to.

What of a payment is not applied yet is a detail of its own without a request (type `advance`), or, where the outcome is `partial`,
what the details leave open.
"""

from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any, Final

from interface.currency import CURRENCIES, exponent
from interface.fhir.finding import Findings
from interface.fhir.outcome import IssueCode
from interface.fhir.primitive import is_decimal, is_decimal_text
from interface.fhir.text import Resource

_EXACT: Final = Context(prec=200)  # sums of what `is_decimal` lets by


def money(node: Resource, at: str, found: Findings) -> None:
    """A Money has no more decimals than its currency, zeros aside: some write 12.5000."""
    amount, currency = _amount(node), node.get("currency")
    if amount is None or not isinstance(currency, str) or currency not in CURRENCIES:
        return
    places = exponent(currency)
    if amount != _EXACT.quantize(amount, Decimal(1).scaleb(-places)):
        found.tell(IssueCode.VALUE, f"an amount of this currency has {places} decimals at most", f"{at}.value")


def payment(node: Resource, at: str, found: Findings) -> None:
    """The details of a PaymentReconciliation are of the payment's currency and add up to it."""
    total = node.get("paymentAmount")
    details = list(_details(node))
    if not isinstance(total, dict) or not details:
        return
    currency = total.get("currency")
    moneys = [(number, one["amount"]) for number, one in details if isinstance(one.get("amount"), dict)]
    others = [number for number, one in moneys if one.get("currency") != currency]
    for number in others:
        place = f"{at}.detail[{number}].amount.currency"
        found.tell(IssueCode.BUSINESS_RULE, "a detail's amount is in the currency of paymentAmount", place)
    amounts = [_amount(one) for _, one in moneys]
    for number, one in details:
        if "amount" not in one:
            text = "how much of the payment is this? Without its amount the sum is not checked"
            found.tell(IssueCode.BUSINESS_RULE, text, f"{at}.detail[{number}].amount", "no-amount")
    whole = _amount(total)
    if whole is None or others or len(moneys) < len(details) or None in amounts:
        return
    left = _EXACT.subtract(whole, sum_of([one for one in amounts if one is not None]))
    is_open = (
        node.get("outcome") == "partial"
        and left.is_signed() is whole.is_signed()
        and left.copy_abs() <= whole.copy_abs()
    )
    if left and not is_open:
        text = "amounts of details add up to paymentAmount; what is not applied is one without a request, or outcome is partial"
        found.tell(IssueCode.BUSINESS_RULE, text, f"{at}.paymentAmount")


def sum_of(amounts: list[Decimal]) -> Decimal:
    """The exact sum."""
    total = Decimal(0)
    for one in amounts:
        total = _EXACT.add(total, one)
    return total


def _details(node: Resource) -> Iterator[tuple[int, Resource]]:
    details: Any = node.get("detail")
    if isinstance(details, list):
        yield from ((number, one) for number, one in enumerate(details) if isinstance(one, dict))


def _amount(node: Resource) -> Decimal | None:
    """The value of a Money, one that is written as a text included; None where it is no amount."""
    value = node.get("value")
    if isinstance(value, str) and is_decimal_text(value):
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not is_decimal(value):
        return None
    return value if isinstance(value, Decimal) else Decimal(str(value))
