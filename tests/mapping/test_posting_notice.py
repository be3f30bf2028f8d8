"""That a payment is settled as PaymentNotice: what R4 requires, which payment, which money, and whose bank."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from interface.fhir.call import Call
from interface.fhir.text import read
from interface.fhir.valid import issues_of
from interface.ledger.noun import Identifier
from interface.mapping.money import PaymentSign
from interface.mapping.posting import SETTLEMENT_NOTICE, Posting, PostingConventions
from interface.mapping.posting_notice import AsPaymentNotice
from interface.simulate.fhir_books import BrokenContractError, Request, read_payment

CHICAGO = ZoneInfo("America/Chicago")
# 2026-03-05 02:30 UTC: in Chicago it is still the evening of the fourth.
SETTLED_AT = 1_772_677_800_000_000
DAY = 86_400_000_000
POSTING = Posting(
    SETTLEMENT_NOTICE,
    "0LBSY1",
    2500,
    "USD",
    "visa",
    SETTLED_AT - 2 * DAY,
    Identifier("north", "MR", "7001"),
    Identifier("north", "AN", "9001"),
    facility="NORTH",
    settled_at=SETTLED_AT,
    last4="4242",
    family="Tester",
)


def call(posting: Posting = POSTING, agreed: PostingConventions | None = None) -> Call:
    notice = AsPaymentNotice("urn:id:healthpay24")
    return notice.request(posting, agreed or PostingConventions(), CHICAGO, SETTLED_AT + DAY)


def notice(posting: Posting = POSTING, agreed: PostingConventions | None = None) -> dict[str, Any]:
    return read(call(posting, agreed).body)


@pytest.mark.parametrize("facility", ["NORTH", ""])
def test_it_is_what_r4_requires(facility: str) -> None:
    assert issues_of(notice(replace(POSTING, facility=facility))) == ()


def test_it_is_created_only_if_it_is_not_there_under_a_number_of_its_own() -> None:
    assert call().search == "PaymentNotice?identifier=urn%3Aid%3Ahealthpay24%7C0LBSY1S"


def test_it_names_the_payment_by_the_number_that_it_was_posted_under() -> None:
    found = notice()["payment"]
    assert (found["type"], found["identifier"]["value"]) == ("PaymentReconciliation", "0LBSY1")


def test_the_day_is_that_of_the_bank_where_the_facility_is() -> None:
    assert (notice()["paymentDate"], notice()["created"]) == ("2026-03-04", "2026-03-05T20:30:00-06:00")


def test_the_money_has_cleared_whatever_sign_the_books_have() -> None:
    found = notice(agreed=PostingConventions(sign_of_payment=PaymentSign.NEGATIVE))
    assert (str(found["amount"]["value"]), found["amount"]["currency"]) == ("25.00", "USD")
    assert found["paymentStatus"]["coding"][0]["code"] == "cleared"


def test_nothing_of_the_card_or_the_patients_name_is_in_it() -> None:
    assert not any(word in call().body for word in (b"4242", b"Tester", b"visa"))


def test_whoever_reads_it_to_the_letter_takes_it() -> None:
    booked = read_payment(Request("POST", "/r4/PaymentNotice", call().body))
    assert (booked.identifier, booked.payment, booked.amount) == (
        "urn:id:healthpay24|0LBSY1S",
        "urn:id:healthpay24|0LBSY1",
        "25.00",
    )


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b'"cleared"', b'"paid"'),
        (b"CodeSystem/paymentstatus", b"CodeSystem/payment-status"),
        (b'"active"', b'"draft"'),
        (b'"NORTH"', b'""'),
        (b'"Organization"', b'"Practitioner"'),
        (b'"type":"PaymentReconciliation"', b'"type":"Basic"'),
        (b'"value":25.00', b'"value":-25.00'),
        (b'"paymentDate":"2026-03-04"', b'"paymentDate":"2026-03"'),
        (b'"resourceType":"PaymentNotice"', b'"resourceType":"PaymentReconciliation"'),
    ],
)
def test_whoever_reads_it_to_the_letter_refuses_what_breaks_it(right: bytes, wrong: bytes) -> None:
    body = call().body
    assert body.count(right) == 1
    with pytest.raises(BrokenContractError):
        read_payment(Request("POST", "/r4/PaymentNotice", body.replace(right, wrong)))
