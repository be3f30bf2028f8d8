"""Amounts of money in a body: their decimals, their currencies, and what a payment's details add up to."""

from decimal import Decimal
from typing import Any

import pytest

from interface.fhir.outcome import Severity
from interface.fhir.valid import issues_of
from tests.fhir.bodies import CLINIC, PATIENT, changed, errors, money, said

ERROR, WARNING = Severity.ERROR, Severity.WARNING


@pytest.mark.parametrize(
    ("elements", "place"),
    [
        ({"paymentAmount": money("100.01")}, "PaymentReconciliation.paymentAmount"),
        ({"paymentAmount": money("99.99"), "outcome": "partial"}, "PaymentReconciliation.paymentAmount"),
        ({"paymentAmount": money("-150.00"), "outcome": "partial"}, "PaymentReconciliation.paymentAmount"),
        ({"paymentAmount": money("100.00", "usd")}, "PaymentReconciliation.paymentAmount.currency"),
        ({"paymentAmount": money("100.001")}, "PaymentReconciliation.paymentAmount.value"),
        ({"paymentAmount": {"value": "1e2000", "currency": "USD"}}, "PaymentReconciliation.paymentAmount.value"),
    ],
)
def test_a_payment_that_does_not_add_up_is_an_error(elements: dict[str, Any], place: str) -> None:
    assert place in errors(changed("PaymentReconciliation", **elements))


def test_a_detail_without_an_amount_is_a_warning() -> None:
    body = changed("PaymentReconciliation", detail=[{"type": {"text": "payment"}}])
    assert said(body) == [("PaymentReconciliation.detail[0].amount", "how", WARNING)]


@pytest.mark.parametrize("value", ["-5.00", "125.10", "0"])
def test_an_amount_as_a_text_is_a_warning(value: str) -> None:
    body = changed("PaymentNotice", amount={"value": value, "currency": "USD"})
    assert said(body) == [("PaymentNotice.amount.value", "a", WARNING)]


def test_details_of_another_currency_are_named_and_not_added_up() -> None:
    places = [f"PaymentReconciliation.detail[{number}].amount.currency" for number in range(3)]
    assert errors(changed("PaymentReconciliation", paymentAmount=money("90.00", "EUR"))) == places


@pytest.mark.parametrize("value", [Decimal("1E+60"), Decimal("1E-60"), Decimal("1." + "1" * 50), 10**45])
def test_a_number_has_so_many_digits_at_most(value: object) -> None:
    assert errors(changed("ChargeItem", factorOverride=value)) == ["ChargeItem.factorOverride"]


def test_amounts_as_texts_are_added_up() -> None:
    one = {"type": {"text": "payment"}, "amount": {"value": "99.99", "currency": "USD"}}
    assert errors(changed("PaymentReconciliation", detail=[one])) == ["PaymentReconciliation.paymentAmount"]


def test_claims_have_the_decimals_of_their_senders_arithmetic() -> None:
    claim = {
        "resourceType": "Claim",
        "status": "active",
        "type": {"text": "x"},
        "use": "claim",
        "patient": PATIENT,
        "created": "2026-03-04",
        "provider": CLINIC,
        "priority": {"text": "x"},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/1"}}],
        "total": {"value": Decimal("103.55200000000001"), "currency": "USD"},
    }
    assert issues_of(claim) == ()
